"""Settings that Optuna searches: the same proposals after a stop, pruning, and no strange code."""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.specs.lists import Choices
from seqtasks.specs.seeds import Seeds
from seqtasks.specs.stored_choices import choices_from_json, choices_to_json
from seqtasks.studies.execution import Execution
from seqtasks.studies.lifecycle import resume_study as resume_by
from seqtasks.studies.lifecycle import run_study as run_by
from seqtasks.studies.outcomes import Outcomes
from seqtasks.studies.study import Study
from seqtasks.studies.tune import cost, to_tune
from seqtasks.studies.values import read_choices

# Processes would import torch first.
run_study = partial(run_by, execution=Execution("threads"))
resume_study = partial(resume_by, execution=Execution("threads"))


pytest.importorskip("optuna")

TINY: Mapping[str, Any] = {
    "length": "3", "evaluation_lengths": (3,), "steps": 6, "batch_size": 2, "evaluate_every": 2,
    "log_every": 2, "validation_sequences": 8, "engine": "plain", "solved_after": 0,
}  # fmt: skip


def load(values: Mapping[str, Any]) -> Experiment:
    values = dict(values)
    return Experiment.for_task(values.pop("task"), **TINY, **values)


def choices(**texts: str) -> dict[str, Choices]:
    return {name: read_choices(name, text) for name, text in {"task": "parity", **texts}.items()}


SEARCH = choices(cell="concat,gru", hidden_size="2..6", learning_rate="1e-4..1e-1:log")


def made(study: Study) -> list[tuple[Any, ...]]:
    experiments = [setting.experiment for setting in study.settings]
    return [(e.cell, e.hidden_size, e.learning_rate) for e in experiments]


def lines(study: Study) -> list[dict[str, Any]]:
    assert study.path is not None
    found = [json.loads(line) for line in (study.path / "runs.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in found]


def test_points_are_proposed_from_the_ranges_and_the_best_are_measured_anew(tmp_path: Path):
    planned = to_tune(load, SEARCH, Seeds.read("2"), trials=9, best=1, fresh=3)
    study = run_study(planned.asked, out=tmp_path)
    assert study.name == "parity-tune"
    assert len(study.settings) == 9
    assert len(set(made(study))) == 9
    for cell, size, rate in made(study):
        assert cell in ("concat", "gru")
        assert 2 <= size <= 6
        assert 1e-4 <= rate <= 1e-1
        assert len(f"{rate:.10g}".replace("0.", "").lstrip("0")) <= 4
    summary = study.summary()
    assert [one["runs"] for one in summary["best"]] == [3]
    assert (tmp_path / "parity-tune-1" / "optuna.journal").is_file()


@pytest.mark.parametrize("after", [3, 14, 25])
def test_a_stopped_search_goes_on_with_the_same_proposals(tmp_path: Path, after: int):
    asked = to_tune(load, SEARCH, Seeds.read("2"), trials=8, fresh=0).asked
    whole = run_study(asked, out=tmp_path / "whole")
    times = 0

    def stop() -> int:
        nonlocal times
        times += 1
        return int(times > after)

    begun = run_study(asked, out=tmp_path / "begun", stop=stop)
    resumed = resume_study(begun.path)
    assert made(resumed) == made(whole)
    assert lines(resumed) == lines(whole)


def test_a_search_goes_on_without_its_file_of_trials(tmp_path: Path):
    asked = to_tune(load, SEARCH, Seeds.read("1"), trials=6, prune=False, fresh=0).asked
    few = json.loads(json.dumps(asked.options))
    few["tune"]["trials"] = 4
    study = run_study(replace(asked, options=few), out=tmp_path)
    assert len(study.settings) == 4
    (study.path / "optuna.journal").unlink()
    record = json.loads((study.path / "study.json").read_text())
    record["options"]["tune"]["trials"] = 6
    (study.path / "study.json").write_text(json.dumps(record))
    assert made(resume_study(study.path)) == made(run_study(asked, out=tmp_path / "whole"))


def test_a_bad_point_is_pruned_by_its_first_run_and_has_no_other(tmp_path: Path):
    good = [round(0.1 + k / 100, 2) for k in range(8)]
    bad = [1e-9, 1e-10, 1e-11, 1e-12]
    rates = [*good, *bad]
    search = choices(cell="concat", learning_rate=",".join(map(str, rates)))

    def learnable(values: Mapping[str, Any]) -> Experiment:
        return load({**values, "hidden_size": 8}).with_changes(
            task="bitflip", steps=60, evaluate_every=20, batch_size=16
        )

    study = run_study(
        to_tune(learnable, search, Seeds.read("2"), trials=12, fresh=0).asked, out=tmp_path
    )
    outcomes = {s.experiment.learning_rate: study.outcomes(i) for i, s in enumerate(study.settings)}
    pruned = [rate for rate, one in outcomes.items() if "pruned" in one.statuses]
    assert all(outcomes[rate].statuses.tolist() == ["pruned"] for rate in pruned)
    assert all(len(one.seeds) == 2 for rate, one in outcomes.items() if rate not in pruned)
    assert pruned
    assert set(pruned) <= set(bad)


def outcomes(solved_at: list[float], scores: list[float], statuses: list[str]) -> Outcomes:
    runs = len(solved_at)
    return Outcomes(
        np.arange(runs), np.array(statuses), np.full(runs, 100), np.array(solved_at),
        {"3": {"token_accuracy": np.array(scores)}}, np.zeros((runs, 0)), {}, np.zeros(runs),
        1, 1, 100, 3,
    )  # fmt: skip


def test_the_cost_is_the_share_of_steps_or_one_and_the_error():
    never, lost = float("inf"), float("nan")
    found = outcomes(
        [25.0, never, never], [1.0, 0.7, lost], ["ended", "ended", "diverged"]
    )  # fmt: skip
    assert cost(found, load({"task": "parity"})) == pytest.approx((0.25 + 1.3 + 2) / 3)


def test_choices_are_stored_and_read_without_the_things_they_name():
    for field, text in (
        ("cell", "gru,elman:nonlinearity=[tanh,relu]"),
        ("hidden_size", "2..6,9"),
        ("learning_rate", "1e-4..1e-1:log"),
        ("optimizer", "sgd:momentum=0..0.9:lin,adam"),
        ("clip", "none,1"),
    ):
        found = read_choices(field, text)
        assert choices_from_json(json.loads(json.dumps(choices_to_json(found)))) == found
    for damage in (None, [], {}, [{}], [{"range": "x", "whole": 1}], [[1]], "gru"):
        with pytest.raises(UsageError):
            choices_from_json(damage)


def test_a_record_cannot_bring_code_that_no_point_holds(tmp_path: Path):
    asked = to_tune(load, SEARCH, Seeds.read("1"), trials=5, fresh=0).asked
    few = json.loads(json.dumps(asked.options))
    few["tune"]["trials"] = 4
    study = run_study(replace(asked, options=few), out=tmp_path)
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    record = json.loads((study.path / "study.json").read_text())
    record["options"]["tune"]["trials"] = 9
    record["options"]["tune"]["search"]["cell"] = [f"{tmp_path}/evil.py:Evil"]
    (study.path / "study.json").write_text(json.dumps(record))
    with pytest.raises(UsageError, match=r"evil.py.*no point of it holds"):
        resume_study(study.path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("texts", "options", "words"),
    [
        ({}, {}, "nothing to tune"),
        ({"hidden_size": "8"}, {}, "nothing to tune"),
        ({"task": "parity,bitflip", "hidden_size": "2..4"}, {}, "one task"),
        ({"hidden_size": "2..4"}, {"trials": 1}, "trials must be at least 2"),
        ({"hidden_size": "2..4"}, {"fresh": -1}, "fresh seeds"),
        ({"hidden_size": "2..4"}, {"search_seed": -1}, "search seed"),
    ],
)
def test_a_search_that_cannot_be_made_is_refused(texts, options, words):
    with pytest.raises(UsageError, match=words):
        to_tune(load, choices(**texts), Seeds.read("1"), **options)


def test_without_optuna_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UsageError, match=r"pip install 'seqtasks\[tune\]'"):
        to_tune(load, SEARCH, Seeds.read("1"))
