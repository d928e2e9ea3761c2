"""The summary of a run in a list: read fast where its files are as written, else with care.

The careful way reads and checks every field, and says what is wrong. The quick way reads only what
is listed, and gives up at anything unusual. A test holds them together.
"""

import json
import os
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.experiments.schemas import SUMMARY
from seqtasks.files.validation import checked
from seqtasks.runs.directory import FORMAT, RunDirectory
from seqtasks.runs.header import read_progress
from seqtasks.runs.locking import is_held
from seqtasks.runs.quick_read import ABSENT, ODD, Head, quick_bytes, quick_object

__all__ = ["careful_summary", "plain_settings", "quick_summary", "summary_of_run"]

_PLAIN = frozenset((str, int, float, bool, type(None)))
_FLOAT, _INT, _NUMBER = frozenset((float,)), frozenset((int,)), frozenset((float, int))
_MOST = 2**63 - 1
_LISTED = ("task", "cell", "seed", "steps")
_LEFT_OUT = (*_LISTED, "published", "name")
_OF_RECORD = Head("engine", "format", "experiment", "own_model")
_OF_RESULT = Head(
    "without_learning",
    *("step", "step_limit", "lines", "stopped", "solved", "seconds", "parameters"),
    *("scores", "score"),
)
_FIRST, _LINE, _END = b'{"step": ', b'\n{"step": ', b"}\n"


def summary_of_run(path: str, name: str) -> dict[str, Any] | None:
    """Return the summary of the run in a folder, or None if the folder holds none."""
    record = quick_object(f"{path}/experiment.json", _OF_RECORD)
    if record is ABSENT:
        return None
    quick = None if isinstance(record, str) else quick_summary(path, name, record)
    return careful_summary(path, name) if quick is None else quick


def quick_summary(path: str, name: str, record: dict[str, Any]) -> dict[str, Any] | None:
    """Return the summary of a run that is as it was written and not running; None for any other.

    Args:
        path: its folder.
        name: the folder's name.
        record: the content of `experiment.json`.
    """
    experiment, number = record.get("experiment"), record.get("format")
    if type(number) is not int or not 1 <= number <= FORMAT or not isinstance(experiment, dict):
        return None
    if not _is_plain_experiment(experiment) or is_held(path):
        return None
    lines = _whole_lines(f"{path}/metrics.jsonl")
    result = quick_object(f"{path}/result.json", _OF_RESULT)
    if lines is None or result is ODD:
        return None
    summary = _about(path, name, record, experiment)
    if result is ABSENT:
        return _unfinished(summary, lines)
    if isinstance(result, str) or not _is_plain_result(result):
        return None
    if result["step_limit"] != experiment["steps"]:
        return None
    if "lines" not in result and _exists(f"{path}/checkpoint.safetensors"):
        return None  # of an earlier seqtasks: the checkpoint may know the number of lines
    scores: dict[str, dict[str, float]] = {}
    for score in result["scores"]:
        if type(score) is not dict or type(score.get("length")) is not int or score["length"] < 1:
            return None
        found = _plain_metrics(score.get("metrics"))
        if found is None:
            return None
        scores[str(score["length"])] = found
    summary["status"] = "finished"
    summary["step"] = result["step"]
    expected = result.get("lines", lines)
    if lines != expected:
        summary["problem"] = RunDirectory(Path(path)).log_problem(lines, expected, ended=True)
    return _with_result(summary, result, scores)


def _exists(path: str) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - a Path takes longer to make


def _unfinished(summary: dict[str, Any], lines: int) -> dict[str, Any] | None:
    """Return the summary of a run without a result, or None if its log lost lines."""
    summary["status"] = "unfinished"
    summary["step"] = 0
    checkpoint = f"{summary['path']}/checkpoint.safetensors"
    if _exists(checkpoint):
        try:
            progress = read_progress(Path(checkpoint))
        except UsageError:
            return None
        if lines < progress["lines"]:
            return None
        summary["step"] = progress["step"]
    return summary


def _whole_lines(path: str) -> int | None:
    """Return how many lines a log has, or None if one does not look as it was written."""
    log = quick_bytes(path)
    if log is ABSENT:
        return 0
    if isinstance(log, str):
        return None
    lines = log.count(b"\n")
    # Each line begins and ends as it was written; a last line that a crash cut short may follow.
    begun = log.startswith(_FIRST) + log.count(_LINE)
    if begun - lines in (0, 1) and log.count(_END) == lines:
        return lines
    return lines if _are_steps(log[: log.rfind(b"\n") + 1]) else None


def _are_steps(log: bytes) -> bool:
    """Say whether each line of a log, in whatever layout, is an object with a step."""
    try:
        made: list[Any] = json.loads(b"[%s]" % b",".join(log.splitlines()))
    except (ValueError, RecursionError):
        return False
    if len(made) != log.count(b"\n") or any(type(line) is not dict for line in made):
        return False
    steps: list[Any] = [line.get("step") for line in made]
    return all(type(step) is int and step >= 0 for step in steps)


def careful_summary(path: str, name: str) -> dict[str, Any]:
    """Return the summary of any run; if it is damaged, the status and `problem` say so."""
    run = RunDirectory(Path(path))
    try:
        return _details(run, path, name)
    except UsageError as error:
        about = {"name": name, "path": path, "kind": "run"}
        return {**about, "status": "damaged", "problem": str(error)}


def _details(run: RunDirectory, path: str, name: str) -> dict[str, Any]:
    record = run.record()
    experiment = checked(record["experiment"], SUMMARY, run.experiment)
    summary = _about(path, name, record, experiment)
    running = run.is_running()
    result = run.read_result()
    # Before the log, because a running run may add to it: it never has fewer lines than are saved.
    progress = read_progress(run.checkpoint) if run.checkpoint.exists() else None
    saved = progress["step"] if progress else 0
    logged, present = 0, 0
    for line in run.log():
        logged, present = max(logged, line["step"]), present + 1
    done = result is not None and result["step_limit"] == summary["steps"]
    summary["status"] = "running" if running else "finished" if done else "unfinished"
    summary["step"] = max(saved, logged) if running else saved
    known = progress or {}
    if result is not None and done:
        known = result if "lines" in result or saved != result["step"] else known
    if not running and "lines" in known:
        problem = run.log_problem(present, known["lines"], done)
        summary |= {} if problem is None else {"problem": problem}
    if result is not None:
        scores = {str(score["length"]): score["metrics"] for score in result["scores"]}
        if done and not running:
            summary["step"] = result["step"]
        _with_result(summary, result, scores)
    return summary


def _about(
    path: str, name: str, record: dict[str, Any], experiment: dict[str, Any]
) -> dict[str, Any]:
    cell = None if record.get("own_model") else experiment["cell"]  # the user's own module has none
    return {
        "name": name,
        "path": path,
        "kind": "run",
        "task": experiment["task"],
        "cell": cell,
        "seed": experiment["seed"],
        "steps": experiment["steps"],
        "settings": plain_settings(experiment),
    }


def plain_settings(experiment: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that a summary does not name itself."""
    settings = experiment.copy()
    for key in _LEFT_OUT:
        settings.pop(key, None)
    return settings


def _with_result(
    summary: dict[str, Any], result: dict[str, Any], scores: dict[str, dict[str, float]]
) -> dict[str, Any]:
    summary["parameters"] = result["parameters"]
    summary["seconds"] = float(result["seconds"])
    summary["stopped"] = result["stopped"]
    summary["solved"] = _solved(result, scores, summary["settings"].get("length"))
    over = result.get("score")
    if over is not None:
        metrics = {name: float(value) for name, value in over["metrics"].items()}
        scores = {**scores, over["lengths"]: metrics}
    summary["scores"] = scores
    return summary


def _solved(result: dict[str, Any], scores: dict[str, Any], length: Any) -> bool | None:
    """Say whether a run solved its task; None if its files do not say.

    A run from before results said so themselves counts as solved if it stopped for that, or if no
    sequence of the longest trained length was wrong.
    """
    if isinstance(result.get("solved"), bool):
        return result["solved"]
    if result["stopped"] == "solved":
        return True
    longest = str(length).rpartition("..")[2]
    exact = scores.get(longest, {}).get("sequence_accuracy")
    return None if exact is None else exact == 1.0


def _is_plain_experiment(experiment: dict[str, Any]) -> bool:
    task, cell = experiment.get("task"), experiment.get("cell")
    seed, steps = experiment.get("seed"), experiment.get("steps")
    if type(seed) is not int or type(steps) is not int or seed < 0 or steps < 1:
        return False
    if type(task) not in (str, dict) or type(cell) not in (str, dict):
        return False
    for key, value in experiment.items():
        if type(value) in _PLAIN or key == "published":
            continue
        inner: Any = value.values() if isinstance(value, dict) else value
        if not _PLAIN.issuperset(map(type, inner)):
            return False
    return True


def _is_plain_result(result: dict[str, Any]) -> bool:
    counts: list[Any] = [result.get(key) for key in ("step", "parameters", "step_limit")]
    counts.append(result.get("lines", 1))
    seconds: Any = result.get("seconds")
    over: Any = result.get("score")
    if over is not None and (
        type(over) is not dict
        or type(over.get("lengths")) is not str
        or not over["lengths"]
        or _plain_metrics(over.get("metrics")) is None
    ):
        return False
    stopped: Any = result.get("stopped", "")
    if type(stopped) is str and not stopped.startswith("observer: "):
        stopped = stopped in ("solved", "steps")
    if not stopped or not _INT.issuperset(map(type, counts)) or type(seconds) not in (int, float):
        return False
    step, parameters, limit, lines = counts
    return (
        0 <= step <= _MOST
        and 0 <= parameters <= _MOST
        and limit >= 1
        and 1 <= lines <= _MOST
        and 0 <= seconds < 1e300
        and isinstance(result.get("scores"), list)
    )


def _plain_metrics(metrics: Any) -> dict[str, float] | None:
    """Return metrics as numbers, or None if they are not of the usual form."""
    if type(metrics) is not dict or not metrics:
        return None
    if _FLOAT.issuperset(map(type, metrics.values())):
        return metrics
    if not _NUMBER.issuperset(map(type, metrics.values())):
        return None
    try:
        return {name: float(value) for name, value in metrics.items()}
    except OverflowError:
        return None
