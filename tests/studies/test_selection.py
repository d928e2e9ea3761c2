"""Settings that are chosen on some seeds and measured on others."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.specs.seeds import Seeds
from seqtasks.studies.execution import Execution
from seqtasks.studies.lifecycle import load_study
from seqtasks.studies.lifecycle import resume_study as resume_by
from seqtasks.studies.lifecycle import run_study as run_by
from seqtasks.studies.outcomes import Outcomes
from seqtasks.studies.plan import plan_of
from seqtasks.studies.ranking import best_first, only_seeds
from seqtasks.studies.selection import Selection, chosen_settings
from seqtasks.studies.study import Study
from seqtasks.studies.study_record import Asked

# Processes would import torch first.
run_study = partial(run_by, execution=Execution("threads"))
resume_study = partial(resume_by, execution=Execution("threads"))


TINY = {"hidden_size": 2, "steps": 4, "batch_size": 2, "evaluate_every": 1, "log_every": 1}
BASE = Experiment.for_task(
    "bitflip",
    cell="concat",
    evaluation_lengths=(3,),
    length="3",
    solved_after=0,
    engine="plain",
    **TINY,
)


def asked(
    cells: Sequence[str], rates: Sequence[float], selection: Selection, face: str = "sweep"
) -> Asked:
    experiments = [
        BASE.with_changes(cell=cell, learning_rate=rate) for cell in cells for rate in rates
    ]
    plan = plan_of(experiments, selection.chosen_on, name="x", varied=["cell", "learning_rate"])
    options = {"selection": selection.to_json()}
    return Asked("x", face, plan.settings, plan.rows, options=options)


def outcomes(solved_at: Sequence[float], scores: Sequence[float] | None = None) -> Outcomes:
    """Return runs of which some solved the task."""
    runs = len(solved_at)
    values = np.array(scores if scores is not None else [0.5] * runs)
    return Outcomes(
        seeds=np.arange(runs),
        statuses=np.array(["ended"] * runs),
        steps=np.full(runs, 100),
        solved_at=np.array(solved_at, dtype=float),
        scores={"3": {"token_accuracy": values}},
        losses=np.zeros((runs, 0)),
        validation={},
        seconds=np.zeros(runs),
        log_every=1,
        evaluate_every=1,
        step_limit=100,
        solved_after=3,
    )


NEVER = float("inf")


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (outcomes([90, 90]), outcomes([10, NEVER])),
        (outcomes([10, NEVER]), outcomes([90, NEVER])),
        (outcomes([NEVER, NEVER], [0.9, 0.8]), outcomes([NEVER, NEVER], [0.9, 0.7])),
        (outcomes([NEVER], [0.1]), outcomes([NEVER], [np.nan])),
        (outcomes([NEVER]), outcomes([])),
        (
            outcomes([NEVER], [0.1]),
            replace(outcomes([NEVER], [np.nan]), statuses=np.array(["diverged"])),
        ),
    ],
)
def test_more_solved_then_sooner_then_higher_scores_come_first(better, worse):
    experiments = {0: BASE, 1: BASE}
    assert best_first({0: worse, 1: better}, experiments) == [1, 0]
    assert best_first({0: better, 1: worse}, experiments) == [0, 1]


def test_equal_settings_keep_their_order():
    same = {index: outcomes([10, 20]) for index in (2, 0, 1)}
    assert best_first(same, dict.fromkeys(same, BASE)) == [0, 1, 2]


def test_the_runs_of_some_seeds_are_those_runs():
    found = only_seeds(outcomes([1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4]), Seeds.read("1,3"))
    assert found.seeds.tolist() == [1, 3]
    assert found.solved_at.tolist() == [2, 4]
    assert found.scores["3"]["token_accuracy"].tolist() == [0.2, 0.4]


def measured(study: Study, selection: Selection) -> dict[int, list[int]]:
    """Return the seeds beyond the first ones, by setting."""
    return {
        index: [seed for seed in one.seeds.tolist() if seed not in selection.chosen_on]
        for index, one in enumerate(study.collected)
        if any(seed not in selection.chosen_on for seed in one.seeds.tolist())
    }


def test_the_best_few_settings_are_run_again_on_other_seeds(tmp_path: Path):
    selection = Selection(Seeds.read("3"), Seeds.read("10..13"), 2, "all")
    study = run_study(asked(["concat", "gru"], [0.1, 0.2], selection), out=tmp_path)
    best = chosen_settings(study, selection)
    firsts = {i: only_seeds(study.outcomes(i), selection.chosen_on) for i in range(4)}
    assert best == best_first(firsts, {i: study.settings[i].experiment for i in range(4)})[:2]
    assert measured(study, selection) == {index: [10, 11, 12, 13] for index in best}
    assert study.runs == 4 * 3 + 2 * 4
    assert study.unfinished == 0
    assert [one.label for one in load_study(study.path).settings] == [
        one.label for one in study.settings
    ]


def test_a_learning_rate_is_chosen_for_each_cell(tmp_path: Path):
    selection = Selection(Seeds.read("5,6"), Seeds.read("3"), 1, "learning_rate")
    study = run_study(asked(["concat", "gru"], [1e-9, 0.3], selection, "compare"), out=tmp_path)
    best = chosen_settings(study, selection)
    assert [study.settings[index].experiment.cell for index in best] == ["concat", "gru"]
    assert measured(study, selection) == {index: [0, 1, 2] for index in best}


def test_a_study_in_memory_grows_too():
    selection = Selection(Seeds.read("2"), Seeds.read("2..3"), 1, "all")
    study = run_study(asked(["concat"], [0.1, 0.2], selection))
    assert list(measured(study, selection).values()) == [[2, 3]]
    assert study.unfinished == 0


def lines(path: Path) -> list[dict]:
    found = [json.loads(line) for line in (path / "runs.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in found]


@pytest.mark.parametrize("after", [0, 2, 5, 7])
def test_a_study_stopped_anywhere_goes_on_to_the_same_choice(tmp_path: Path, after: int):
    selection = Selection(Seeds.read("3"), Seeds.read("10..11"), 1, "all")
    wanted = asked(["concat", "gru"], [0.3], selection)
    whole = run_study(wanted, out=tmp_path / "whole")
    asked_so_far = 0

    def stop() -> int:
        nonlocal asked_so_far
        asked_so_far += 1
        return int(asked_so_far > after)

    begun = run_study(wanted, out=tmp_path / "begun", stop=stop)
    assert begun.stopped == "interrupted"
    resumed = resume_study(begun.path)
    assert resumed.stopped is None
    assert lines(resumed.path) == lines(whole.path)
    numbers = [line["point"] for line in lines(resumed.path)]
    assert numbers == list(range(8))


def test_equal_runs_of_both_stages_are_taken_from_other_studies(tmp_path: Path):
    selection = Selection(Seeds.read("2"), Seeds.read("10..11"), 1, "all")
    wanted = asked(["concat", "gru"], [0.3], selection)
    first = run_study(wanted, out=tmp_path)
    again = run_study(wanted, out=tmp_path, reuse=True)
    assert (again.path / "runs.jsonl").read_bytes() == (first.path / "runs.jsonl").read_bytes()


def test_a_damaged_selection_is_refused(tmp_path: Path):
    selection = Selection(Seeds.read("1"), Seeds.read("2,"), 1, "all")
    study = run_study(asked(["concat"], [0.3], selection), out=tmp_path)
    record = json.loads((study.path / "study.json").read_text())
    for damage in ({}, {"chosen_on": "x"}, {**selection.to_json(), "keep": 0}, "all",
                   {**selection.to_json(), "among": "cells"}):  # fmt: skip
        record["options"]["selection"] = damage
        (study.path / "study.json").write_text(json.dumps(record))
        with pytest.raises(UsageError, match=r"damaged|seeds"):
            resume_study(study.path)
