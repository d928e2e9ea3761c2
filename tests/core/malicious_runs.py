"""A long table of what a stranger could send: runs, manifests and folders that execute code.

As a program it opens each of them in every way there is, in a process that watches itself, and
prints what happened: `python malicious_runs.py FOLDER`.
"""

import contextlib
import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

OLD_RUN = Path(__file__).parent / "old_runs" / "registered-1"
EVIL = """
import os
open({canary!r}, "a").write("executed ")
from seqtasks.cells import GRU
from seqtasks_bits.parity import Parity
import torch
class Evil(GRU):
    def __init__(self, input_size, hidden_size):
        open({canary!r}, "a").write("called ")
        super().__init__(input_size, hidden_size)
class EvilTask(Parity):
    pass
def make(*sizes):
    open({canary!r}, "a").write("made ")
    return GRU(*sizes)
def __getattr__(name):
    open({canary!r}, "a").write("asked ")
    raise AttributeError(name)
"""
HARMLESS = "from seqtasks.cells import GRU\nimport {name}\nclass Cell(GRU):\n    pass\n"


def sha256(content: str) -> str:
    """Return the digest that a record gives of a file."""
    import hashlib

    return hashlib.sha256(content.encode()).hexdigest()


class Stranger:
    """Makes the folder that a stranger sends; `canary` is written by whatever code it has executed.

    Attributes:
        folder: what the victim received, and stands in: `runs` in it, and files beside.
        outside: a folder with more code, somewhere else on the victim's disk.
        canary: the file that no honest reader of a run would write.
    """

    def __init__(self, root: Path) -> None:
        self.folder, self.outside = root / "received", root / "elsewhere"
        self.canary = root / "canary"
        self.code = EVIL.format(canary=str(self.canary))
        self.shell = f"touch {self.canary}"
        for folder in (self.folder, self.outside):
            folder.mkdir()
            for name in ("outside", "evil_module", "numpy", "torch", "helper", "mine"):
                (folder / f"{name}.py").write_text(self.code)
        info = self.folder / "evil_dist-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil-dist\nVersion: 1.0\n")
        (info / "RECORD").write_text("evil_module.py,,\nevil_dist-1.0.dist-info/METADATA,,\n")
        for name, change in RUNS.items():
            self._make(name, change)
        for name, task in self.manifests().items():
            manifest = {
                "format": 1, "task": task, "length": "4", "count": 1, "seed": 0,
                "data_format": "npz", "inputs": ["0"], "targets": ["0"],
                "versions": {"evil-dist": "1.0"}, "source": None,
                "files": {"x.npz": {"sha256": "0", "bytes": 1}},
            }  # fmt: skip
            if name == "m-source":
                file = str(self.outside / "outside.py")
                manifest["source"] = {"path": file, "sha256": sha256(self.code)}
            (self.folder / f"{name}.json").write_text(json.dumps(manifest))

    def manifests(self) -> dict[str, Any]:
        """Return the tasks of manifests, by name."""
        return {
            "m-command": {"class": f'os:system:command="{self.shell}"'},
            "m-module": {"class": "evil_module:EvilTask"},
            "m-text": "evil_module:EvilTask",
            "m-dotted": "evil_module.EvilTask",
            "m-relative": "./outside.py:EvilTask",
            "m-absolute": f"{self.outside}/outside.py:EvilTask",
            "m-source": f"{self.outside}/outside.py:EvilTask",
        }

    def _make(self, name: str, change: Callable[["Stranger", Path, dict[str, Any]], None]) -> None:
        run = self.folder / "runs" / name
        shutil.copytree(OLD_RUN, run)
        record = json.loads((run / "experiment.json").read_text())
        (run / "source").mkdir()
        change(self, run, record)
        (run / "experiment.json").write_text(json.dumps(record))

    def copy(self, run: Path, content: str, name: str = "mine-1.py") -> dict[str, Any]:
        """Lay a copy into a run as an honest run has it, and return its record."""
        (run / "source" / name).write_text(content)
        return {"path": "/home/x/mine.py", "sha256": sha256(content), "copy": f"source/{name}"}

    def own_cell(self, record: dict[str, Any], source: dict[str, Any], name: str = "Evil") -> None:
        """Let a record's cell come from a copy."""
        record["experiment"]["cell"] = f"./mine.py:{name}"
        record["sources"] = {"cell": source}


def _named(kind: str, reference: Callable[[Stranger], Any]) -> Callable[..., None]:
    """Return a change of a record that names something."""

    def change(stranger: Stranger, _: Path, record: dict[str, Any]) -> None:
        record["experiment"][kind] = reference(stranger)
        record["versions"]["plugins"]["evil-dist"] = "1.0"
        record["things"] = {kind: {"distribution": "evil-dist", "version": "1.0"}}

    return change


def _copied_from(place: Callable[[Stranger, Path], str]) -> Callable[..., None]:
    """Return a change of a record whose copy lies where it must not."""

    def change(stranger: Stranger, run: Path, record: dict[str, Any]) -> None:
        (run / "source" / "deeper").mkdir()
        (run / "source" / "deeper" / "mine.py").write_text(stranger.code)
        (run / "mine.py").write_text(stranger.code)
        source = {**stranger.copy(run, stranger.code), "copy": place(stranger, run)}
        stranger.own_cell(record, source)

    return change


def _link(stranger: Stranger, run: Path, record: dict[str, Any]) -> None:
    (run / "source" / "mine-1.py").symlink_to(stranger.outside / "mine.py")
    source = {"path": "mine.py", "sha256": sha256(stranger.code), "copy": "source/mine-1.py"}
    stranger.own_cell(record, source)


def _linked_folder(stranger: Stranger, run: Path, record: dict[str, Any]) -> None:
    (run / "source").rmdir()
    (run / "source").symlink_to(stranger.outside)
    source = {"path": "mine.py", "sha256": sha256(stranger.code), "copy": "source/mine.py"}
    stranger.own_cell(record, source)


def _pipe(stranger: Stranger, run: Path, record: dict[str, Any]) -> None:
    os.mkfifo(run / "source" / "mine-1.py")
    source = {"path": "mine.py", "sha256": sha256(stranger.code), "copy": "source/mine-1.py"}
    stranger.own_cell(record, source)


def _device(stranger: Stranger, run: Path, record: dict[str, Any]) -> None:
    _link(stranger, run, record)
    (run / "source" / "mine-1.py").unlink()
    (run / "source" / "mine-1.py").symlink_to("/dev/zero")


def _other_content(stranger: Stranger, run: Path, record: dict[str, Any]) -> None:
    stranger.own_cell(record, {**stranger.copy(run, stranger.code), "sha256": sha256("x = 1\n")})


def _plain_copy(stranger: Stranger, run: Path, record: dict[str, Any]) -> None:
    stranger.own_cell(record, stranger.copy(run, stranger.code))


def _only_one_kind(stranger: Stranger, run: Path, record: dict[str, Any]) -> None:
    _plain_copy(stranger, run, record)
    record["experiment"]["readout"] = "./outside.py:Evil"


def _source_of_a_name(stranger: Stranger, run: Path, record: dict[str, Any]) -> None:
    _plain_copy(stranger, run, record)
    record["experiment"]["cell"] = "concat"


def _near(name: str, record_name: str | None = None, **values: Any) -> Callable[..., None]:
    """Return a change of a record whose harmless file imports an evil neighbour."""

    def change(stranger: Stranger, run: Path, record: dict[str, Any]) -> None:
        source = stranger.copy(run, HARMLESS.format(name=name))
        near = stranger.copy(run, stranger.code, f"{name}-1.py")
        near = {"name": record_name or name, "package": False, **near, **values}
        stranger.own_cell(record, {**source, "neighbours": [near]}, "Cell")

    return change


RUNS: dict[str, Callable[..., None]] = {
    "command": _named("task", lambda its: {"class": f'os:system:command="{its.shell}"'}),
    "kill": _named("cell", lambda _: {"class": "os:kill"}),
    "popen": _named("cell", lambda _: {"class": "subprocess:Popen"}),
    "exec": _named("readout", lambda _: {"class": "builtins:exec"}),
    "import": _named("task", lambda _: {"class": "importlib:import_module:name=evil_module"}),
    "pickle": _named("task", lambda _: {"class": "pickle:loads:data=x"}),
    "no-cell": _named("cell", lambda _: {"class": "torch.nn:Linear"}),
    "method": _named("cell", lambda _: {"class": "seqtasks.cells.gated:GRU.__init__"}),
    "module": _named("cell", lambda _: {"class": "evil_module:Evil"}),
    "module-task": _named("task", lambda _: {"class": "evil_module:EvilTask"}),
    "function": _named("cell", lambda _: {"class": "evil_module:make"}),
    "attribute": _named("cell", lambda _: {"class": "evil_module:nothing"}),
    "text-module": _named("cell", lambda _: "evil_module:Evil"),
    "text-command": _named("task", lambda its: f'os:system:command="{its.shell}"'),
    "dotted": _named("cell", lambda _: "evil_module.Evil"),
    "text-readout": _named("readout", lambda _: "evil_module:Evil:x=1"),
    "dotted-task": _named("task", lambda _: "evil_module.EvilTask:x=1"),
    "parameters": _named("cell", lambda _: {"class": "evil_module:Evil:x=1"}),
    "base": _named("cell", lambda _: {"class": "seqtasks.cells.base:Cell"}),
    "file-in-class": _named("cell", lambda _: {"class": "x:outside.py"}),
    "here": _named("cell", lambda _: "./outside.py:Evil"),
    "here-task": _named("task", lambda _: "outside.py:EvilTask"),
    "absolute": _named("cell", lambda its: f"{its.outside}/outside.py:Evil"),
    "home": _named("readout", lambda _: "~/outside.py:Evil"),
    "curriculum": _named("curriculum", lambda _: "./outside.py:Evil"),
    "optimizer": _named("optimizer", lambda _: "./outside.py:Evil"),
    "copy-above": _copied_from(lambda _, run: "../mine.py"),
    "copy-beside": _copied_from(lambda _, run: "mine.py"),
    "copy-out": _copied_from(lambda _, run: "source/../../../outside.py"),
    "copy-deeper": _copied_from(lambda _, run: "source/deeper/mine.py"),
    "copy-absolute": _copied_from(lambda its, _: str(its.outside / "outside.py")),
    "copy-absolute-inside": _copied_from(lambda _, run: str(run / "source" / "mine-1.py")),
    "copy-double": _copied_from(lambda _, run: "source//../mine.py"),
    "copy-nul": _copied_from(lambda _, run: "source/mine-1.py\0"),
    "copy-line": _copied_from(lambda _, run: "source/mine\n-1.py"),
    "copy-surrogate": _copied_from(lambda _, run: "source/\ud800.py"),
    "link": _link,
    "linked-folder": _linked_folder,
    "pipe": _pipe,
    "device": _device,
    "other-content": _other_content,
    "plain-copy": _plain_copy,
    "only-one-kind": _only_one_kind,
    "source-of-a-name": _source_of_a_name,
    "near": _near("helper"),
    "near-numpy": _near("helper", "numpy"),
    "near-os": _near("helper", "os"),
    "near-above": _near("helper", copy="../../outside.py"),
    "near-name": _near("helper", "../helper"),
}
ALLOWED_EXECUTE = {"plain-copy", "near", "near-numpy", "near-os"}
"""Those whose code is executed if the user allows it: copies where copies belong."""


class Watch:
    """Notes what a process does that no reader of a run may do."""

    def __init__(self, stranger: Stranger, allowed: tuple[Path, ...]) -> None:
        self._stranger, self._allowed = stranger, allowed
        self.noted: list[str] = []
        self.on = False
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event in ("os.system", "os.kill", "os.exec", "os.posix_spawn", "subprocess.Popen"):
            self.noted.append(f"{event} {arguments[:1]}")
        elif event == "exec":
            file = str(getattr(arguments[0], "co_filename", ""))
            if str(self._stranger.folder.parent) in file:
                self.noted.append(f"exec {file}")
        elif event == "open" and isinstance(arguments[0], str | bytes):
            self._opened(Path(os.fsdecode(arguments[0])).absolute(), arguments[2])

    def _opened(self, path: Path, flags: int) -> None:
        if self._stranger.outside in path.parents or path == self._stranger.canary:
            self.noted.append(f"open {path}")
        writes = flags & (os.O_WRONLY | os.O_RDWR)
        inside = any(folder in path.parents for folder in self._allowed)
        if writes and not inside and path != Path(os.devnull):
            self.noted.append(f"write {path}")


def ways(run: Path, out: Path, **trust: bool) -> dict[str, Callable[[], Any]]:
    """Return everything that reads a run, by name."""
    import seqtasks as st
    from seqtasks.cli import main

    option = ["--trust"] if trust else []
    record = run / "experiment.json"
    return {
        "load": lambda: st.load(run, **trust),
        "resume": lambda: st.resume(run, 6, **trust),
        "run": lambda: st.run(record, steps=1, out=out, **trust),
        "eval": lambda: main(["eval", str(run), "--length", "4", *option]),
        "predict": lambda: main(["predict", str(run), "0101", *option]),
        "seqtasks resume": lambda: main(["resume", str(run), "--steps", "8", *option]),
        "seqtasks run": lambda: main(
            ["run", str(record), "--steps", "1", "--out", str(out), *option]
        ),
        "dry run": lambda: main(["run", str(record), "--dry-run"]),
        "show": lambda: main(["show", str(record)]),
    }


def listings(folder: Path) -> dict[str, Callable[[], Any]]:
    """Return everything that reads a folder of runs, by name."""
    from seqtasks.cli import main

    return {
        "runs": lambda: main(["runs", str(folder)]),
        "runs --json": lambda: main(["runs", str(folder), "--json"]),
    }


def exports(manifest: Path, path: Path) -> dict[str, Callable[[], Any]]:
    """Return everything that reads a manifest, by name."""
    import seqtasks as st
    from seqtasks.cli import main

    return {
        "regenerate": lambda: st.regenerate(manifest, path),
        "export": lambda: main(["export", "--from-manifest", str(manifest), "--out", str(path)]),
    }


def outcome(way: Callable[[], Any]) -> str:
    """Return what a way comes to: `done`, or the error's text."""
    from seqtasks.errors import SeqtasksError

    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
            way()
    except SeqtasksError as error:
        return f"Error: {error}"
    except SystemExit as end:
        return told.getvalue() if end.code else "done"
    return "done"


def try_all(root: Path) -> dict[str, Any]:
    """Open everything that a stranger sent, first without and then with allowance."""
    stranger, out = Stranger(root), root / "out"
    import seqtasks.cli.main
    import seqtasks.runs.lifecycle  # before the folder is on the path, as an installed program is

    assert seqtasks.runs.lifecycle
    import seqtasks.runs.load
    import seqtasks_bits.parity

    assert seqtasks_bits.parity
    registry = seqtasks.registry.discovery.use_registry()
    sys.modules["seqtasks.cli.main"].use_registry = lambda _: registry  # for all commands
    os.chdir(stranger.folder)
    sys.path.insert(0, "")  # as in a Python that was started here
    runs = stranger.folder / "runs"
    watch = Watch(stranger, (runs, out, root / "state"))
    found: dict[str, Any] = {"refused": {}, "allowed": {}, "outside": str(stranger.outside)}
    cases = {name: ways(runs / name, out) for name in RUNS}
    cases["all"] = listings(runs)
    for name in stranger.manifests():
        cases[name] = exports(stranger.folder / f"{name}.json", out / "x.npz")
    for name, its_ways in cases.items():
        for way, open_it in its_ways.items():
            watch.noted.clear()
            watch.on = True
            text = outcome(open_it)
            watch.on = False
            executed = stranger.canary.exists()
            found["refused"][f"{name}: {way}"] = [text, list(watch.noted), executed]
            stranger.canary.unlink(missing_ok=True)
    for name in RUNS:
        text = outcome(ways(runs / name, out, trust=True)["eval"])
        executed = stranger.canary.read_text() if stranger.canary.exists() else ""
        found["allowed"][name] = [text, executed]
        stranger.canary.unlink(missing_ok=True)
    return found


if __name__ == "__main__":
    print(json.dumps(try_all(Path(sys.argv[1]))))
