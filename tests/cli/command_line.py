"""The command line as its tests use it: processes, and what they leave."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

__all__ = ["ENVIRONMENT", "CommandLine", "Process", "Server", "made", "tree"]

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")},
    "OMP_NUM_THREADS": "1",  # small models gain nothing by more, and other tests want the cores
    "PYTHONDONTWRITEBYTECODE": "1",
}


class Process:
    """A command under way: its number, its return code once it has ended, and what it prints.

    `megabytes` is the most memory that it had at once, known once it has ended.
    """

    def __init__(self, pid: int, poll: Callable[[], int | None], files: dict[str, str]) -> None:
        self.pid, self._poll, self._files = pid, poll, files
        self.returncode: int | None = None
        self.megabytes: int | None = None

    @property
    def stdout(self) -> str:
        return Path(self._files["stdout"]).read_bytes().decode()

    @property
    def stderr(self) -> str:
        return Path(self._files["stderr"]).read_bytes().decode()

    def said(self) -> int:
        """Return how many bytes it has printed so far."""
        paths = [Path(self._files[name]) for name in ("stdout", "stderr")]
        return sum(path.stat().st_size for path in paths if path.exists())

    def running(self) -> bool:
        if self.returncode is None:
            self.returncode = self._poll()
        return self.returncode is None

    def wait(self, seconds: float = 120) -> "Process":
        end = time.monotonic() + seconds
        while self.running():
            if time.monotonic() > end:
                self.signal(9)
                pytest.fail(f"the process did not end: {self.stderr}")
            time.sleep(0.005)
        return self

    def signal(self, number: int) -> None:
        if self.running():
            os.kill(self.pid, number)


class Server:
    """`forkserver.py`, started when first asked; without it where forks of torch are not safe."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self.forks = sys.platform == "linux"

    def start(self, request: dict[str, Any], files: dict[str, str]) -> Process:
        if self.forks:
            pid = self._ask({**request, **files})

            def poll() -> int | None:
                answer = self._ask({"poll": pid})
                if answer is None:
                    return None
                code, process.megabytes = answer
                return code

            process = Process(pid, poll, files)
            return process
        largest = request["largest_file"]
        path = [*request["path"], *filter(None, [request["env"].get("PYTHONPATH")])]
        with (
            open(files["stdin"], "rb") as stdin,
            open(files["stdout"], "ab") as stdout,
            open(files["stderr"], "ab") as stderr,
        ):
            process = subprocess.Popen(
                [sys.executable, "-m", "seqtasks", *request["arguments"]],
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                cwd=request["cwd"],
                env={**request["env"], "PYTHONPATH": os.pathsep.join(path)},
                preexec_fn=None
                if largest is None
                else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest)),
            )
        return Process(process.pid, process.poll, files)

    def _ask(self, request: dict[str, Any]) -> Any:
        if self._process is None:
            script = Path(__file__).with_name("forkserver.py")
            self._process = subprocess.Popen(
                [sys.executable, str(script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=ENVIRONMENT,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate()


class CommandLine:
    """`seqtasks` in a folder: `seqtasks("run", "bitflip")` waits, `seqtasks.start(...)` does not.

    A run's pictures are white dots unless `pictures` are asked for. Plugins may lie in folders of
    a `path`.

    Both fork a process that has torch already; `seqtasks.fresh(...)` starts a new interpreter.
    """

    def __init__(self, server: Server, folder: Path, streams: Path) -> None:
        self._server, self.folder, self._streams = server, folder, streams
        self._count = 0
        self._started: list[Process] = []

    def start(
        self,
        *arguments: object,
        stdin: str = "",
        terminal: str | None = None,
        stderr: str | None = None,
        largest_file: int | None = None,
        pictures: bool = False,
        path: Sequence[Path] = (),
        **variables: str,
    ) -> Process:
        self._count += 1
        names = ("stdin", "stdout", "stderr")
        files = {name: str(self._streams / f"{self._count}.{name}") for name in names}
        Path(files["stdin"]).write_text(stdin)
        if terminal is not None:
            files |= {"stdout": terminal, "stderr": terminal}
        if stderr is not None:
            files["stderr"] = stderr
        request = {
            "arguments": [str(argument) for argument in arguments],
            "cwd": str(self.folder),
            # the flags for the compiler are others in slow tests
            "env": {**ENVIRONMENT, "SEQTASKS_CFLAGS": os.environ["SEQTASKS_CFLAGS"], **variables},
            "largest_file": largest_file,
            "pictures": pictures,
            "path": [str(folder) for folder in path],
        }
        process = self._server.start(request, files)
        self._started.append(process)
        return process

    def close(self) -> None:
        """Kill what a failed test left running."""
        for process in self._started:
            process.signal(9)

    def __call__(self, *arguments: object, **options: Any) -> Process:
        return self.start(*arguments, **options).wait()

    def fresh(
        self,
        *arguments: object,
        interpreter: tuple[str, ...] = (),
        stdout: int = subprocess.PIPE,
        text: bool = True,
    ) -> subprocess.CompletedProcess[Any]:
        return subprocess.run(
            [sys.executable, *interpreter, "-m", "seqtasks", *map(str, arguments)],
            cwd=self.folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=text,
            timeout=120,
        )


def made(line: CommandLine, *arguments: str) -> SimpleNamespace:
    done = line("run", *arguments, pictures=True)
    assert done.returncode == 0, done.stderr
    (path,) = (line.folder / "runs").glob("*-1")
    return SimpleNamespace(path=path, stdout=done.stdout, stderr=done.stderr)


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file and folder below one; a run's lock names who held it last."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
        if path.name != "lock"
    }
