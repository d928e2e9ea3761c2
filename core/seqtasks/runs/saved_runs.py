"""The runs in a folder, for programs: a list, a table, and each one to open."""

from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqtasks.display import card, shortened
from seqtasks.errors import UsageError, counted
from seqtasks.files.paths import as_path
from seqtasks.runs.comparisons import shown
from seqtasks.runs.listing import list_runs
from seqtasks.runs.run_fields import STUDY_FIELDS, field_names, fields_of, matching

if TYPE_CHECKING:
    from seqtasks.runs.training_run import Result

__all__ = ["SavedRun", "SavedRuns", "saved_runs"]


@dataclass(frozen=True, repr=False)
class SavedRun:
    """A run or a study on disk, as its files describe it. None of its code is executed to list it.

    Attributes:
        name: the name of its directory.
        path: the directory.
        status: `finished`, `unfinished`, `running` or `damaged`.
        task: the spec of its task; None if the run is damaged.
        cell: the spec of its cell; None if it trained a module of the user's own.
        seed: its seed.
        step: the steps made, or the step from which it would continue.
        steps: the most steps to make.
        parameters: the number of trained numbers; None for a run without scores.
        seconds: the time of the training.
        scores: the scores by length and metric: `scores["10"]["token_accuracy"]`.
        problem: what is damaged or incomplete, or None.
        kind: `run` or `study`.
        stopped: why the training ended: `solved`, `steps` or `observer: ` and its text.
        solved: whether the run solved its task; None if its files do not say.
        settings: the other settings of the experiment, by name; of a study, those that all its runs
            have in common.
        face: what made a study: `run`, `compare`, `sweep` or `tune`; None for a run, like the rest.
        experiments: the number of a study's settings.
        asked: the number of runs that a study was asked for.
        done: how many of them have ended.
        solved_share: the share of them that solved the task; None until the study is finished.
    """

    name: str
    path: Path
    status: str
    task: str | None = None
    cell: str | None = None
    seed: int | None = None
    step: int | None = None
    steps: int | None = None
    parameters: int | None = None
    seconds: float | None = None
    scores: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    problem: str | None = None
    kind: str = "run"
    stopped: str | None = None
    solved: bool | None = None
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    face: str | None = None
    experiments: int | None = None
    asked: int | None = None
    done: int | None = None
    solved_share: float | None = None

    def load(self, **options: Any) -> "Result":
        """Return the run as `seqtasks.load` does, with its options.

        Raises:
            UsageError: as `seqtasks.load` does.
        """
        import seqtasks

        return seqtasks.load(self.path, **options)

    @cached_property
    def result(self) -> "Result":
        """The run as `load()` returns it, kept from the first use on."""
        return self.load()

    def __repr__(self) -> str:
        """Return the name, the status and the first scores on one line."""
        end = f"{self.status} at step {self.step} of {self.steps}" if self.steps else self.status
        if self.kind == "study":
            end = f"study, {self.status}: {self.done} of {self.asked} runs"
        scores = [f"{length}: {_first(found):.4g}" for length, found in self.scores.items()]
        return shortened(f"<SavedRun {self.name}: {', '.join([end, *scores])}>")


class SavedRuns(list[SavedRun]):
    """The runs and studies in a folder, by name."""

    @property
    def columns(self) -> list[str]:
        """The names of the fields that `where` and the table know: settings and scores too."""
        return field_names(_fields(run) for run in self)

    def where(self, condition: str) -> "SavedRuns":
        """Return the runs that meet a condition, such as `cell = gru and accuracy > 0.9`.

        The language is the one of `seqtasks runs --where`; its names are those of `columns`.

        Raises:
            UsageError: if the condition is wrong, or names a field that no run has.
        """
        rows = [_fields(run) for run in self]
        return SavedRuns(self[place] for place in matching(rows, condition))

    def frame(self) -> Any:
        """Return a `pandas.DataFrame` with a row for each run.

        The columns are the attributes of `SavedRun`, one for each setting, and one for each metric
        and length, such as `token_accuracy_10`.

        Raises:
            UsageError: if pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise UsageError("a frame needs pandas: pip install pandas") from error
        rows = [_fields(run) for run in self]
        for row in rows:
            # pandas would take apart what holds several values
            row |= {k: shown(v) for k, v in row.items() if isinstance(v, list | dict)}
        known = field_names(rows)
        own = [one.name for one in fields(SavedRun) if one.name in known]
        others = [name for name in known if name not in own]
        return pd.DataFrame(rows, columns=[*own, *others])

    def __repr__(self) -> str:
        """Return how many runs have which status."""
        status = [run.status for run in self]
        found = ", ".join(f"{status.count(one)} {one}" for one in dict.fromkeys(status))
        return f"<{counted(len(self), 'run')}{': ' if found else ''}{found}>"

    def _repr_html_(self) -> str:
        rows = [
            (
                run.name,
                run.status,
                ", ".join(f"{k}: {_first(v):.4g}" for k, v in run.scores.items()),
            )
            for run in self
        ]
        return card(counted(len(self), "run"), rows)


def saved_runs(folder: str | Path = "runs") -> SavedRuns:
    """Return the runs in a folder, by name; `seqtasks.runs` is this function.

    Args:
        folder: the folder that was given as `out`.

    Raises:
        UsageError: if there is no such folder.
    """
    place = as_path(folder, "the folder of runs")
    if not place.is_dir():
        raise UsageError(f"there is no folder {place}; st.run(..., out={str(place)!r}) makes one")
    return SavedRuns(_saved(summary) for summary in list_runs(place))


def _saved(summary: dict[str, Any]) -> SavedRun:
    told: dict[str, Any] = {kind: _spec(summary.get(kind)) for kind in ("task", "cell")}
    values: dict[str, Any] = {**summary, **told, "path": Path(summary["path"])}
    return SavedRun(**values)


def _fields(run: SavedRun) -> dict[str, Any]:
    """Return the fields of a run by name, as `seqtasks runs` has them."""
    made = fields_of(vars(run))
    made["path"] = str(run.path)
    made.pop("result", None)  # kept by `result`
    for name in STUDY_FIELDS if run.kind == "run" else ():
        del made[name]
    return made


def _spec(reference: Any) -> str | None:
    """Return the text of a record's name for a thing; a class of a program has one of its own."""
    return reference["class"] if isinstance(reference, dict) else reference


def _first(metrics: dict[str, float]) -> float:
    return next(iter(metrics.values()))
