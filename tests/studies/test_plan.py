"""The plan of a study: a grid or random points, numbers that never change, labels that differ."""

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.specs.seeds import Seeds
from seqtasks.studies.labels import as_settings
from seqtasks.studies.plan import Plan, check_size, drawn, grid, identity, plan_of
from seqtasks.studies.settings import points_of
from seqtasks.studies.values import read_choices

BASE = Experiment.for_task("parity")


def load(values: Mapping[str, Any]) -> Experiment:
    """Return an experiment on parity with some values, or on the task among them."""
    values = dict(values)
    return Experiment.for_task(values.pop("task", "parity"), **values)


def planned(seeds: str, **texts: str) -> Plan:
    """Return the plan of a grid."""
    choices = {name: read_choices(name, text) for name, text in texts.items()}
    return plan_of(grid(load, choices), Seeds.read(seeds), name="x", varied=[*choices])


def labels(plan: Plan) -> list[str]:
    return [setting.label for setting in plan.settings]


def test_a_grid_has_every_combination_and_the_last_value_changes_first():
    plan = planned("5", cell="gru,lstm", hidden_size="8,16,32", learning_rate="1e-4..1e-2:log5")
    made = [(s.experiment.cell, s.experiment.hidden_size, s.changes["learning_rate"])
            for s in plan.settings]  # fmt: skip
    rates = [1e-4, 0.000316227766017, 1e-3, 0.00316227766017, 1e-2]
    assert made == list(itertools.product(["gru", "lstm"], [8, 16, 32], rates))
    assert plan.points == 2 * 3 * 5 * 5


def test_points_are_numbered_one_after_another():
    points = list(points_of(planned("3,9", cell="gru,lstm").rows))
    assert [(p.number, p.setting, p.seed) for p in points] == [
        (0, 0, 3), (1, 0, 9), (2, 1, 3), (3, 1, 9),
    ]  # fmt: skip


SEEDS = st.lists(st.integers(0, 12), min_size=1, max_size=5, unique=True).map(Seeds.read)
SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=4, unique=True)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(SIZES, SEEDS), min_size=1, max_size=4))
def test_adding_values_and_seeds_appends_the_new_points_alone(steps):
    sizes, seeds = steps[0]
    plan = plan_of([load({"hidden_size": n}) for n in sizes], seeds, name="x",
                   varied=["hidden_size"])  # fmt: skip
    wanted = {(n, seed) for n in sizes for seed in seeds}
    for sizes, seeds in steps[1:]:
        before = list(points_of(plan.rows))
        plan = plan.extended([load({"hidden_size": n}) for n in sizes], seeds)
        wanted |= {(n, seed) for n in sizes for seed in seeds}
        after = list(points_of(plan.rows))
        assert after[: len(before)] == before
        made = [(plan.settings[p.setting].experiment.hidden_size, p.seed) for p in after]
        assert len(made) == len(set(made))
        assert set(made) == wanted
        assert [p.number for p in after] == list(range(len(after)))
        assert len(set(labels(plan))) == len(plan.settings)


def test_the_same_plan_again_adds_nothing():
    plan = planned("4", cell="gru,lstm", learning_rate="0.1,0.2")
    again = plan.extended([s.experiment for s in plan.settings], Seeds.read("4"))
    assert again == plan


def test_a_field_that_differs_only_after_an_addition_gets_into_all_labels():
    plan = planned("2", cell="gru,lstm")
    assert labels(plan) == ["gru", "lstm"]
    small = load({"cell": "gru", "hidden_size": 8})
    wider = plan.extended([small], Seeds.read("2"), ["hidden_size"])
    size = BASE.hidden_size
    assert labels(wider) == [
        f"gru, hidden size {size}", f"lstm, hidden size {size}", "gru, hidden size 8",
    ]  # fmt: skip
    assert wider.settings[1].changes == {"cell": "lstm", "hidden_size": size}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"cell": "concat,gru"}, ["concat", "gru"]),
        ({"readout": "concat,sum"}, ["readout concat", "readout sum"]),
        ({"learning_rate": "0.001,0.01"}, ["lr 0.001", "lr 0.01"]),
        ({"learning_rate": "0.00100001,0.00100002"}, ["lr 0.00100001", "lr 0.00100002"]),
        ({"task": "parity,bitshift:shift=2", "hidden_size": "8"}, ["parity", "bitshift:shift=2"]),
        ({"hidden_size": "8,16", "cell": "gru,lstm"},
         [f"{cell}, hidden size {size}" for size in (8, 16) for cell in ("gru", "lstm")]),
        ({"length": "[1..20,1..40]"}, ["length 1..20", "length 1..40"]),
        ({"clip": "none,1"}, ["clip none", "clip 1"]),
        ({"cell": "gru"}, ["gru"]),
    ],
)  # fmt: skip
def test_labels_say_what_differs_and_no_more(texts, expected):
    assert labels(planned("1", **texts)) == expected


def test_cells_of_files_are_called_by_their_class_unless_two_have_its_name(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.py").write_text(
            "from seqtasks.cells import GRU\nclass Mine(GRU): pass\nclass Other(GRU): pass\n"
        )
    a, b = tmp_path / "a.py", tmp_path / "b.py"
    plan = planned("1", cell=f"gru,{a}:Mine,{b}:Mine,{a}:Other")
    assert labels(plan) == ["gru", f"{a}:Mine", f"{b}:Mine", "Other"]


CHANGES = st.fixed_dictionaries({}, optional={
    "cell": st.sampled_from(["gru", "lstm", "elman:nonlinearity=relu"]),
    "hidden_size": st.integers(1, 4),
    "learning_rate": st.sampled_from([0.1, 0.2, 0.10000001]),
    "steps": st.sampled_from([100, 20_000]),
    "length": st.sampled_from(["10", "1..20"]),
})  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.lists(CHANGES, min_size=1, max_size=6), st.booleans())
def test_labels_are_all_different(changes, told):
    made = {identity(load(one)): load(one) for one in changes}
    varied = ["cell", "hidden_size", "learning_rate", "steps", "length"] if told else []
    found = as_settings([*made.values()], varied)
    assert len({setting.label for setting in found}) == len(found)


def test_two_equal_experiments_are_refused():
    with pytest.raises(UsageError, match="same experiment"):
        plan_of([BASE, BASE.with_changes(seed=3)], Seeds.read("2"), name="x")


def test_a_value_that_makes_no_experiment_is_named_with_its_point():
    with pytest.raises(UsageError, match="hidden size 0, steps 5: hidden_size must be at least 1"):
        planned("1", hidden_size="8,0", steps="5,6")


RANDOM = {
    "cell": "gru,lstm",
    "hidden_size": "8..64:log4",
    "learning_rate": "1e-4..1e-2:log5",
    "optimizer": "sgd:momentum=0..0.9:lin3,adam",
}


def points(count: int, draw_seed: int = 0, **texts: str) -> list[Experiment]:
    choices = {name: read_choices(name, text) for name, text in (texts or RANDOM).items()}
    return drawn(load, choices, count, draw_seed)


def test_more_random_points_begin_with_the_same_ones():
    few, many = points(7), points(30)
    assert [identity(one) for one in many[:7]] == [identity(one) for one in few]
    assert [identity(one) for one in points(7)] == [identity(one) for one in few]
    assert [identity(one) for one in points(7, 1)] != [identity(one) for one in few]
    assert len({identity(one) for one in many}) == 30


def test_random_points_lie_in_their_ranges_and_use_them():
    made = points(200)
    rates = [one.learning_rate for one in made]
    assert all(1e-4 <= rate <= 1e-2 for rate in rates)
    assert 0.3 < sum(rate < 1e-3 for rate in rates) / 200 < 0.7
    assert all(8 <= one.hidden_size <= 64 for one in made)
    assert len({one.hidden_size for one in made}) > 30
    assert {one.cell for one in made} == {"gru", "lstm"}
    momenta = {one.optimizer for one in made}
    assert "adam" in momenta
    assert len(momenta) > 50


def test_random_points_do_not_depend_on_the_values_of_other_fields():
    alone = points(5, learning_rate="1e-4..1e-2:log")
    beside = points(5, cell="gru,lstm", learning_rate="1e-4..1e-2:log")
    assert [one.learning_rate for one in alone] == [one.learning_rate for one in beside]


def test_more_random_points_than_the_grid_has_are_refused():
    assert len(points(3, cell="gru,lstm", hidden_size="8,16")) == 3
    for count in (4, 5):
        with pytest.raises(UsageError, match="there are only 4"):
            points(count, cell="gru,lstm", hidden_size="8,16")
    with pytest.raises(UsageError, match="at least 1"):
        points(0)


def test_a_study_of_a_million_runs_is_refused_with_its_size_unless_it_is_meant():
    choices = {
        "cell": read_choices("cell", "gru,lstm"),
        "hidden_size": read_choices("hidden_size", "1..500"),
    }
    with pytest.raises(
        UsageError, match=r"1,000,000 runs \(cell: 2, hidden size: 500, seeds: 1,000\)"
    ):
        check_size(choices, 1000, None, False)
    check_size(choices, 1000, None, True)
    check_size(choices, 10, None, False)
    with pytest.raises(UsageError, match=r"--yes"):
        check_size(choices, 1000, 1000, False)


def test_the_size_is_known_without_making_the_values():
    huge = read_choices("hidden_size", "1..999999999999")
    with pytest.raises(UsageError, match="999,999,999,999 runs"):
        check_size({"hidden_size": huge}, 1, None, False)
