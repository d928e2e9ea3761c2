"""The command line in a test's folder, and small runs to read."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from command_line import CommandLine, Server, made, tree


@pytest.fixture(scope="session")
def command_line(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[Path], CommandLine]]:
    """Return the command line in a folder."""
    server = Server()
    lines: list[CommandLine] = []

    def line(folder: Path) -> CommandLine:
        lines.append(CommandLine(server, folder, tmp_path_factory.mktemp("streams")))
        return lines[-1]

    yield line
    for each in lines:
        each.close()
    server.close()


@pytest.fixture
def seqtasks(command_line: Callable[[Path], CommandLine], tmp_path: Path) -> Iterator[CommandLine]:
    """The command line in this test's empty folder."""
    line = command_line(tmp_path)
    yield line
    line.close()


@pytest.fixture(scope="session")
def trained(command_line, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A solved run to read and never to change: its `path`, and its `stdout` and `stderr`."""
    options = ["--cell", "concat", "--steps", "100", "--eval-length", "10,20"]
    return made(command_line(tmp_path_factory.mktemp("trained")), "bitflip", *options)


@pytest.fixture(scope="session")
def untrained(command_line, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A run of one step, whose answers are mostly wrong; see `trained`."""
    options = ["--cell", "gru", "--hidden-size", "4", "--steps", "1", "--eval-length", "5"]
    return made(command_line(tmp_path_factory.mktemp("untrained")), "parity", *options)


@pytest.fixture
def run_copy(trained: SimpleNamespace, tmp_path: Path) -> Path:
    """A copy of the trained run, to change."""
    return Path(shutil.copytree(trained.path, tmp_path / "runs" / trained.path.name))


@pytest.fixture
def refused(seqtasks: CommandLine) -> Callable[..., str]:
    """Check that a command is refused as it should be, and that the text says certain words."""

    def check(arguments: list[object], *words: str, **options: Any) -> str:
        before = tree(seqtasks.folder)
        process = seqtasks(*arguments, **options)
        text = process.stderr
        assert "Traceback" not in text, text.splitlines()[-3:]
        assert process.returncode == 2, (process.returncode, text, process.stdout)
        assert text.startswith("Error: ")
        assert 1 <= len(text.splitlines()) <= 2, text
        assert process.stdout == ""
        assert [word for word in words if word.lower() not in text.lower()] == [], text
        assert tree(seqtasks.folder) == before
        return text

    return check


@pytest.fixture
def answer(seqtasks: CommandLine) -> Callable[..., str]:
    """Run a command that must succeed and say nothing on stderr; return its stdout."""

    def ask(*arguments: object, **options: Any) -> str:
        process = seqtasks(*arguments, **options)
        assert process.returncode == 0, process.stderr
        assert process.stderr == ""
        return process.stdout

    return ask
