"""Experiments: through JSON and back, as a task recommends or otherwise, every value checked."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqtasks.errors import RunInterruptedError, UsageError
from seqtasks.experiments.experiment import Experiment, Published
from seqtasks.registry.find import task as find_task
from seqtasks.runs.lifecycle import resume, run
from seqtasks.tasks import Task, Tokens
from seqtasks.tasks.lengths import AllowedLengths
from seqtasks.tasks.settings import Settings

COUNTS = st.integers(1, 10**6)
POSITIVE = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
RANGES = st.builds("{}..{}".format, st.integers(1, 20), st.integers(20, 40))
FIGURE = {"metric": "token_accuracy", "length": 10, "value": 0.9, "source": "a book"}
FIGURES = st.builds(
    Published,
    metric=st.text(),
    length=COUNTS,
    value=st.floats(allow_nan=False, allow_infinity=False),
    source=st.text(),
    step=st.none() | COUNTS,
)
EXPERIMENTS = st.builds(
    Experiment,
    task=st.sampled_from(["bitflip", "bitshift:shift=2", find_task("bitshift:shift=-3")]),
    cell=st.sampled_from(["gru", "lstm"]),
    readout=st.sampled_from(["state", "concat"]),
    hidden_size=COUNTS,
    embedding_size=st.none() | COUNTS,
    layers=COUNTS,
    length=COUNTS.map(str) | RANGES,
    steps=COUNTS,
    batch_size=COUNTS,
    learning_rate=POSITIVE,
    optimizer=st.sampled_from(["adam", "sgd:momentum=0.9"]),
    clip=st.none() | POSITIVE,
    loss_reduction=st.sampled_from(["mean", "sum"]),
    data=st.sampled_from(["sampled", "epochs"]),
    evaluation_lengths=st.none() | st.lists(COUNTS, min_size=1, unique=True).map(tuple),
    solved_after=st.integers(0, 9),
    curriculum=st.sampled_from(["uniform", "fixed", "increasing:every=7"]),
    ponder=st.integers(0, 9),
    score=st.none() | RANGES,
    seed=st.integers(0, 2**64),
    dtype=st.sampled_from(["float32", "float64"]),
    log_every=COUNTS,
    validation_sequences=COUNTS,
    name=st.none() | st.from_regex("[a-z]{1,9}", fullmatch=True),
    published=st.lists(FIGURES, max_size=3).map(tuple),
)


class Odd(Task):
    """A task of odd lengths up to 99, with settings of its own."""

    inputs = targets = Tokens("01")
    lengths = AllowedLengths(1, 2, 99)
    settings = Settings(hidden_size=7, steps=123, length="9", evaluation_lengths=(9, 11))


def refusal(data, origin="mine.json"):
    """Return the message with which an experiment's data is refused."""
    with pytest.raises(UsageError) as caught:
        Experiment.from_json(data, origin)
    return str(caught.value)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EXPERIMENTS)
def test_an_experiment_goes_through_json_and_back(experiment):
    data, sources = experiment.to_json()
    assert sources == {}
    again = Experiment.from_json(json.loads(json.dumps(data)), "mine.json")
    same = {"task": find_task(experiment.task)}
    assert again.with_changes(**same) == experiment.with_changes(**same)
    assert again.to_json() == (data, {})


def test_what_json_leaves_out_is_as_the_task_recommends():
    recommended = find_task("bitflip").settings
    read = Experiment.from_json({"task": "bitflip", "steps": 77}, "mine.json")
    assert read.steps == 77
    assert read.cell == recommended.cell
    assert read.learning_rate == recommended.learning_rate
    assert read == Experiment.for_task("bitflip", steps=77)


def test_the_settings_a_task_recommends_are_used_where_none_are_given():
    made = Experiment.for_task(Odd(), steps=5)
    assert (made.hidden_size, made.steps, made.length) == (7, 5, "9")
    assert made.evaluation_lengths == (9, 11)
    assert made.seed == 0


def test_another_length_brings_its_own_evaluation_lengths():
    given = Experiment.for_task(Odd(), length="3", evaluation_lengths=(7,))
    assert given.evaluation_lengths == (7,)
    assert Experiment.for_task(Odd(), length="3").evaluation_lengths == (3, 7, 15, 31)
    recommended = Experiment.for_task(Odd())
    assert recommended.with_changes(length="3").evaluation_lengths == (3, 7, 15, 31)
    assert recommended.with_changes(steps=2).evaluation_lengths == (9, 11)


@pytest.mark.parametrize("length", ["9", 9, "9..9"])
def test_the_recommended_length_asked_for_by_name_changes_nothing(length):
    task = Odd()
    recommended = Experiment.for_task(task)
    assert Experiment.for_task(task, length=length) == recommended
    assert recommended.with_changes(length=length) == recommended


@pytest.mark.parametrize(
    ("length", "lengths"),
    [
        ("10", (10, 20, 50, 100, 500)),
        ("1..20", (20, 40, 100, 200, 1000)),
        (1, (1, 2, 5, 10, 50)),
    ],
)
def test_scores_are_taken_at_multiples_of_the_longest_training_length(length, lengths):
    assert Experiment(task="bitflip", length=length).evaluation_lengths == lengths


def test_a_multiple_that_the_task_cannot_have_gives_way_to_the_next_it_can():
    assert Experiment(task=Odd(), length="9").evaluation_lengths == (9, 19, 45, 91)
    assert Experiment(task=Odd(), length="1..20").evaluation_lengths == (19, 39, 95)
    assert Experiment(task=Odd(), length="99").evaluation_lengths == (99,)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"length": "2"}, "Odd cannot have length 2: it has odd lengths from 1 to 99"),
        ({"length": "100..200"}, "Odd cannot have length 100..200: it has odd lengths"),
        ({"evaluation_lengths": (9, 10)}, "Odd cannot have length 10: it has odd lengths"),
    ],
)
def test_lengths_are_checked_against_the_task(changes, message):
    with pytest.raises(UsageError, match=message):
        Experiment(**{"task": Odd(), "length": "9", **changes})


@pytest.mark.parametrize(
    ("steps", "factor"),
    [(1, 1), (500, 1), (5000, 1), (9999, 1), (10_000, 2), (60_000, 12), (10**6, 200)],
)
def test_a_longer_run_logs_scores_and_saves_as_often_as_one_of_5000_steps(steps, factor):
    made = Experiment(task="bitflip", steps=steps)
    every = (made.log_every, made.evaluate_every, made.checkpoint_every)
    assert every == (25 * factor, 100 * factor, 500 * factor)
    data, _ = made.to_json()
    assert (data["log_every"], data["evaluate_every"], data["checkpoint_every"]) == every


def test_what_is_due_how_often_follows_new_steps_unless_it_was_said():
    made = Experiment(task="bitflip", steps=5000, log_every=10)
    longer = made.with_changes(steps=60_000)
    assert (longer.log_every, longer.evaluate_every, longer.checkpoint_every) == (10, 1200, 6000)
    assert longer.with_changes(steps=100) == made.with_changes(steps=100)
    said = made.with_changes(steps=60_000, evaluate_every=7)
    assert (said.evaluate_every, said.checkpoint_every) == (7, 6000)
    assert Experiment(task="bitflip", steps=60_000, evaluate_every=100).evaluate_every == 100
    assert made.with_changes(seed=3).checkpoint_every == 500


def test_a_run_that_is_asked_for_more_steps_keeps_how_often_what_is_due(tmp_path):
    first = run("bitflip", cell="concat", steps=3, evaluation_lengths=(5,), out=tmp_path)
    with pytest.raises(RunInterruptedError):
        resume(first.path, 12_000, stop=lambda: 15)
    record = json.loads((first.path / "experiment.json").read_text())["experiment"]
    assert (record["steps"], record["log_every"], record["checkpoint_every"]) == (12_000, 25, 500)


def test_an_unknown_key_is_named_with_the_nearest():
    expected = "mine.json: unknown setting 'stpes'. Did you mean 'steps'?"
    assert refusal({"task": "bitflip", "stpes": 5}) == expected
    known = refusal({"task": "bitflip", "qqqq": 5})
    assert known.startswith("mine.json: unknown setting 'qqqq'. Known: ")
    assert {"hidden_size", "seed", "task"} <= set(known.rstrip(".").split(": ")[-1].split(", "))
    assert "unknown setting 'cls'" in refusal({"task": "bitflip", "cls": 1})
    with pytest.raises(UsageError, match=r"unknown setting 'sede'\. Did you mean 'seed'\?"):
        Experiment.for_task("bitflip", sede=1)
    with pytest.raises(UsageError, match=r"unknown setting 'sede'\. Did you mean 'seed'\?"):
        Experiment.for_task("bitflip").with_changes(sede=1)


def test_data_without_a_task_says_so():
    assert refusal({"steps": 5}) == "mine.json: the key 'task' is missing"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("seed", -1, "seed must be at least 0, got -1"),
        ("seed", 1.5, "seed must be a whole number, got 1.5"),
        ("seed", True, "seed must be a whole number, got True"),
        ("log_every", 0, "log_every must be at least 1, got 0"),
        ("evaluate_every", 0, "evaluate_every must be at least 1, got 0"),
        ("checkpoint_every", 0, "checkpoint_every must be at least 1, got 0"),
        ("validation_sequences", 0, "validation_sequences must be at least 1, got 0"),
        ("evaluation_sequences", "9", "evaluation_sequences must be a whole number, got '9'"),
        ("ponder", -1, "ponder must be at least 0, got -1"),
        ("ponder", 1.5, "ponder must be a whole number, got 1.5"),
        ("curriculum", 5, "curriculum must be text, got 5"),
        ("curriculum", "unifrom", "unknown curriculum 'unifrom'"),
        ("score", "9..5", "the range 9..5 is reversed"),
        ("holdout", "a bit", "holdout must be a number, got 'a bit'"),
        ("dtype", "int8", "dtype must be one of float32, float64, got 'int8'"),
        ("steps", None, "steps must be a whole number, got None"),
        ("learning_rate", math.nan, "learning_rate must be a finite number above 0, got nan"),
        ("data", "all", "data must be one of sampled, epochs, got 'all'"),
        ("length", "20..1", "the range 20..1 is reversed; write 1..20"),
        ("length", None, "'None' is not a length"),
        ("task", "bitflop", "unknown task 'bitflop'. Did you mean 'bitflip'?"),
        ("task", "bitflip:n=1", "bitflip has no parameter 'n'; it takes no parameters."),
        ("task", 5, "a task is a spec string or a Task, got int"),
        ("evaluation_lengths", ["10"], "evaluation_lengths must be whole numbers, got '10'"),
        ("evaluation_lengths", 10, "evaluation_lengths"),
        ("published", 5, "published"),
        ("cell", 5, "cell"),
        ("readout", ["state"], "readout"),
        ("optimizer", 5, "optimizer"),
        ("device", 5, "device"),
        ("name", 5, "name"),
        ("name", "../elsewhere", "name"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_key_and_value(key, value, message):
    refused = refusal({"task": "bitflip", key: value})
    assert refused.startswith("mine.json: ")
    assert message in refused


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        ("0.9", "each published figure is an object"),
        ({**FIGURE, "valeu": 1}, "unknown key 'published.valeu'. Did you mean 'value'?"),
        *(
            ({k: v for k, v in FIGURE.items() if k != key}, f"a published figure lacks '{key}'")
            for key in FIGURE
        ),
        *(({**FIGURE, key: wrong}, key) for key, wrong in [("value", "90 %"), ("length", "ten")]),
        *(({**FIGURE, key: wrong}, key) for key, wrong in [("metric", 5), ("step", "last")]),
    ],
)
def test_published_figures_are_checked(figure, message):
    assert message in refusal({"task": "bitflip", "published": [FIGURE, figure]})


@pytest.mark.parametrize("wrong", [5, [FIGURE], "0.9"])
def test_published_figures_given_in_python_are_checked_too(wrong):
    with pytest.raises(UsageError, match="published must be a list of Published figures, got"):
        Experiment.for_task("bitflip", published=wrong)
    figure = Published(**FIGURE)
    assert Experiment.for_task("bitflip", published=[figure]).published == (figure,)


def test_the_run_name_is_the_given_one_or_made_of_task_and_cell():
    assert Experiment(task="bitshift:shift=2", cell="gru").run_name == "bitshift-gru"
    assert Experiment(task=Odd(), cell="lstm", length="9").run_name == "odd-lstm"
    assert Experiment(task="bitflip", name="try").run_name == "try"
