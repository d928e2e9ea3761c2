"""Take in runs that have ended: from the disk, and from the workers that made them."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.runs.observers import Observers
from seqtasks.studies.directory import StudyDirectory
from seqtasks.studies.finished import Finished
from seqtasks.studies.identity import mark_of
from seqtasks.studies.line_writer import LineWriter
from seqtasks.studies.settings import points_of
from seqtasks.studies.study import Study
from seqtasks.studies.weights import keep

__all__ = ["Takes", "take_in"]


def take_in(study: Study, directory: StudyDirectory) -> None:
    """Read the lines on the disk."""
    marks, rows = marks_of(directory), study.asked.rows
    firsts = list(accumulate((len(row.seeds) for row in rows), initial=0))
    row, first, end = rows[0], 0, 0
    for line in directory.lines(study.runs):
        number = line["point"]
        if not first <= number < end:  # the lines of a row lie together
            place = bisect_right(firsts, number) - 1
            row, first, end = rows[place], firsts[place], firsts[place + 1]
        seed, setting = row.seeds[number - first], row.setting
        if line["seed"] != seed:
            raise UsageError(
                f"{directory.path} is damaged: the line of point {number} has the seed "
                f"{line['seed']}, not {seed}"
            )
        if line.get("of", marks[setting]) != marks[setting]:
            raise UsageError(
                f"{directory.study} is not what the run of seed {seed} was made from: it was "
                "changed afterwards; put it back, or make a new study"
            )
        wrong = study.collected[setting].misfit(line)
        if wrong is not None:
            raise UsageError(
                f"{directory.path} is damaged: the line of point {number} {wrong}; put the file "
                "back, or delete the line and resume, which makes the run again"
            )
        study.collected[setting].add(line)


def marks_of(directory: StudyDirectory) -> list[str]:
    """Return the mark that the lines of each setting have."""
    return [mark_of(one["record"]) for one in directory.record()["settings"]]


class Takes:
    """Takes in runs that have ended: weights first, so that a line never lacks them."""

    def __init__(
        self,
        study: Study,
        directory: StudyDirectory | None,
        writer: LineWriter | None,
        told: Observers,
    ) -> None:
        self._study, self._directory, self._writer, self._told = study, directory, writer, told
        self._settings: dict[int, int] = {}
        self._marks: list[str] = []

    def __call__(self, finished: Sequence[Finished]) -> None:
        """Take in runs, and tell the observers of the study."""
        if len(self._settings) < self._study.runs:  # at first, and after the study has grown
            self._settings = {p.number: p.setting for p in points_of(self._study.asked.rows)}
            self._marks = [] if self._directory is None else marks_of(self._directory)
        kept: dict[int, dict[int, Any]] = {}
        for one in finished:
            if one.tensors is not None:
                point = one.line["point"]
                kept.setdefault(self._settings[point], {})[point] = one.tensors
        for setting, weights in kept.items():
            if self._directory is None:
                self._study.kept.update(weights)
            else:
                keep(self._directory, setting, weights)
        lines = [self._marked(one.line) for one in finished]
        if self._writer is not None:
            self._writer.write(lines)
        if self._directory is not None and self._directory.parts.is_dir():
            for line in lines:  # what was kept of a run on its way is in its line now
                part = self._directory.parts / f"point-{line['point']}.safetensors"
                part.unlink(missing_ok=True)
        for line in lines:
            self._study.collected[self._settings[line["point"]]].add(line)
        self._told.tell("study_advanced", study=self._study, lines=lines)

    def _marked(self, line: dict[str, Any]) -> dict[str, Any]:
        """Return a line with the mark of its setting; lines in memory need none."""
        if not self._marks:
            return line
        return {**line, "of": self._marks[self._settings[line["point"]]]}
