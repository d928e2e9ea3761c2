"""A run's directory: made under the next free number, locked while it runs, listed."""

import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from seqtasks.errors import RunError, UsageError, did_you_mean, one_line
from seqtasks.runs.files import read_json, sync_folder, write_atomically, write_json, writing

__all__ = ["FORMAT", "RunDirectory", "list_runs"]

FORMAT = 1
"""The format of run directories this version writes; it reads no newer one."""


class RunDirectory:
    """The files of one run.

    Attributes:
        path: the directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def experiment(self) -> Path:
        """What was asked for, with versions: `experiment.json`."""
        return self.path / "experiment.json"

    @property
    def metrics(self) -> Path:
        """A line for each logged step and each evaluation: `metrics.jsonl`."""
        return self.path / "metrics.jsonl"

    @property
    def checkpoint(self) -> Path:
        """What the run needs to go on: `checkpoint.safetensors`."""
        return self.path / "checkpoint.safetensors"

    @property
    def weights(self) -> Path:
        """The trained weights: `model.safetensors`."""
        return self.path / "model.safetensors"

    @property
    def result(self) -> Path:
        """The scores: `result.json`."""
        return self.path / "result.json"

    @property
    def sources(self) -> Path:
        """Copies of files of the user's own: `source/`."""
        return self.path / "source"

    @classmethod
    def create(
        cls, parent: Path, name: str, record: dict[str, Any], sources: dict[str, bytes]
    ) -> "RunDirectory":
        """Make `parent/name-N`, N the next free number, with its record and sources already in it.

        Two that start at once get different numbers, and a directory never appears half made.

        Raises:
            UsageError: if the parent folder cannot be written.
        """
        try:
            parent.mkdir(parents=True, exist_ok=True)
            temporary = parent / f".{name}-{secrets.token_hex(8)}"
            temporary.mkdir()
        except OSError as error:
            raise UsageError(f"cannot write to the folder {parent}: {error.strerror}") from None
        try:
            made = cls(temporary)
            if sources:
                with writing(made.sources):
                    made.sources.mkdir()
            for file_name, content in sources.items():
                write_atomically(made.sources / file_name, content)
            write_json(made.experiment, record)
            return cls(_take_next_number(temporary, parent / name))
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise

    @classmethod
    def open(cls, path: str | Path) -> "RunDirectory":
        """Return the run in a directory.

        Raises:
            UsageError: if there is none.
        """
        path = Path(path)
        if not (path / "experiment.json").is_file():
            parent = path.parent
            known = [found.parent.name for found in parent.glob("*/experiment.json")]
            why = "it has no experiment.json" if path.is_dir() else "there is no such folder"
            raise UsageError(f"{path} is not a run: {why}.{did_you_mean(path.name, known)}")
        return cls(path)

    def record(self) -> dict[str, Any]:
        """Return what `experiment.json` holds.

        Raises:
            UsageError: if it is damaged or was written by a newer seqtasks.
        """
        record = read_json(self.experiment)
        if not isinstance(record, dict) or not isinstance(record.get("experiment"), dict):
            raise UsageError(f"{self.experiment} is damaged: it holds no experiment")
        number = record.get("format")
        if not isinstance(number, int):
            raise UsageError(f"{self.experiment} is damaged: it does not say its format")
        if number > FORMAT:
            versions = record.get("versions")
            maker = versions.get("seqtasks") if isinstance(versions, dict) else None
            raise UsageError(
                f"{self.path} was made by a newer seqtasks ({maker or 'unknown'}, format {number});"
                f" this one reads formats up to {FORMAT}: upgrade with `pip install -U seqtasks`"
            )
        return record

    @contextmanager
    def locked(self) -> Generator[None, None, None]:
        """Hold the run; the lock goes with the process, however it ends.

        Raises:
            UsageError: if another process runs it.
        """
        try:
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise UsageError(f"cannot write to {self.path}: {error.strerror}") from None
        try:
            if not _lock(descriptor):
                holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
                raise UsageError(f"{self.path} is already running (process {holder})")
            with suppress(OSError):  # the number is only for the message above
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(descriptor)

    def is_running(self) -> bool:
        """Say whether a process holds the run."""
        try:
            descriptor = os.open(self.path / "lock", os.O_RDONLY)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def read_result(self) -> dict[str, Any] | None:
        """Return what `result.json` holds, or None if there is none.

        Raises:
            UsageError: if it is damaged.
        """
        if not self.result.exists():
            return None
        result = read_json(self.result)
        with _damage_named(self.result):
            for key in ("step", "step_limit", "stopped", "seconds", "parameters", "untrained"):
                result[key]
            for score in result["scores"]:
                dict(score["metrics"])
        return result

    def history(self) -> list[dict[str, Any]]:
        """Return the lines of `metrics.jsonl`; a last one cut short by a crash is left out.

        Raises:
            UsageError: if another line is damaged.
        """
        lines: list[dict[str, Any]] = []
        if not self.metrics.exists():
            return lines
        *whole, _ = self.metrics.read_bytes().split(b"\n")
        for number, text in enumerate(whole, start=1):
            with _damage_named(self.metrics, f" at line {number}"):
                line = json.loads(text)
                int(line["step"])
                lines.append(line)
        return lines


def list_runs(folder: Path) -> list[dict[str, Any]]:
    """Return a summary of each run in a folder, by name; a damaged one says so in its status.

    A summary has name, path, task, cell, seed, status (running, finished, unfinished, damaged),
    step and steps; a finished one parameters, seconds and scores too.
    """
    found = sorted(folder.glob("*/experiment.json"), key=lambda path: _natural(path.parent.name))
    return [_summary(RunDirectory(path.parent)) for path in found if path.parent.name[0] != "."]


def _summary(run: RunDirectory) -> dict[str, Any]:
    summary: dict[str, Any] = {"name": run.path.name, "path": str(run.path)}
    try:
        return {**summary, **_details(run)}
    except UsageError as error:
        return {**summary, "status": "damaged", "problem": str(error)}


def _details(run: RunDirectory) -> dict[str, Any]:
    record = run.record()
    experiment = record["experiment"]
    with _damage_named(run.experiment):
        details = {key: experiment[key] for key in ("task", "cell", "seed", "steps")}
    if record.get("own_model"):
        details["cell"] = None  # the module was the user's own
    result = run.read_result()
    history = run.history()
    done = result is not None and result["step_limit"] == details["steps"]
    details["status"] = "running" if run.is_running() else "finished" if done else "unfinished"
    details["step"] = history[-1]["step"] if history else 0
    if result is not None:
        details["parameters"] = result["parameters"]
        details["seconds"] = result["seconds"]
        details["scores"] = {str(s["length"]): s["metrics"] for s in result["scores"]}
    return details


@contextmanager
def _damage_named(path: Path, where: str = "") -> Generator[None, None, None]:
    """Turn what goes wrong when data has another form than it should into an error that says so."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path} is damaged{where}: {one_line(error)}") from error


def _take_next_number(temporary: Path, stem: Path) -> Path:
    """Rename a finished folder to `stem-N`, N the first number that no other run takes."""
    number = 1
    while True:
        final = stem.with_name(f"{stem.name}-{number}")
        if not final.exists():
            try:
                temporary.rename(final)
            except OSError as error:
                if not final.exists():
                    raise RunError(f"cannot make {final}: {error.strerror}") from error
            else:
                sync_folder(final.parent)
                return final
        number += 1


def _lock(descriptor: int) -> bool:
    """Take the lock; whoever looks whether a run is running holds it for a moment."""
    for _ in range(20):
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.02)
    return False


def _natural(name: str) -> tuple[str, int]:
    stem, _, number = name.rpartition("-")
    return (stem, int(number)) if number.isdecimal() else (name, 0)
