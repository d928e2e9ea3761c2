"""List the runs in a folder and how far each has come."""

from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.experiments.schemas import SUMMARY
from seqtasks.files.validation import checked
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.header import read_progress

__all__ = ["list_runs"]


def list_runs(folder: Path) -> list[dict[str, Any]]:
    """Return a summary of each run in a folder, by name; a damaged run's status says so.

    A summary has name, path, task, cell, seed, status (running, finished, unfinished, damaged),
    step and steps; a finished run's also has parameters, seconds and scores. For a run that is not
    running, the step is the one from which it would continue. If a run is damaged or its log is
    incomplete, `problem` says so.
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
    experiment = checked(record["experiment"], SUMMARY, run.experiment)
    details = {key: experiment[key] for key in ("task", "cell", "seed", "steps")}
    if record.get("own_model"):
        details["cell"] = None  # the module was the user's own
    running = run.is_running()
    result = run.read_result()
    # Before the log, because a running run may add to it: it never has fewer lines than are saved.
    progress = read_progress(run.checkpoint) if run.checkpoint.exists() else None
    saved = progress["step"] if progress else 0
    logged, present = 0, 0
    for line in run.log():
        logged, present = max(logged, line["step"]), present + 1
    done = result is not None and result["step_limit"] == details["steps"]
    details["status"] = "running" if running else "finished" if done else "unfinished"
    details["step"] = max(saved, logged) if running else saved
    known = progress or {}
    if result is not None and done:
        known = result if "lines" in result or saved != result["step"] else known
    if not running and "lines" in known:
        problem = run.log_problem(present, known["lines"], done)
        details |= {} if problem is None else {"problem": problem}
    if result is not None:
        details["parameters"] = result["parameters"]
        details["seconds"] = result["seconds"]
        details["scores"] = {str(s["length"]): s["metrics"] for s in result["scores"]}
        if done and not running:
            details["step"] = result["step"]
    return details


def _natural(name: str) -> tuple[str, int]:
    stem, _, number = name.rpartition("-")
    return (stem, int(number)) if number.isdecimal() else (name, 0)
