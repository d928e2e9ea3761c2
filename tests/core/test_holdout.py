"""A held-out split: training never sees what is held out, and scores are of that alone."""

import numpy as np
import pytest
import torch

import seqtasks as st
from seqtasks.models.build import build_model
from seqtasks.tasks.holdout import Holdout
from seqtasks.tasks.lengths import LengthRange
from seqtasks.training import BatchSource


class Skewed(st.Task):
    """Bits that are mostly 1, as vectors of reals."""

    inputs, targets = st.Reals(1), st.Reals(1)
    metrics = (st.mean_squared_error,)

    def generate(self, rng, batch_size, length):
        return (rng.random((batch_size, length, 1)) < 0.8).astype(float)

    def encode(self, inputs):
        return np.cumsum(inputs, axis=1)

    def domain_size(self, length):
        return 2**length

    def enumerate(self, length):
        numbers = np.arange(2**length)[:, None] >> np.arange(length)
        return (numbers & 1).astype(np.float32)[..., None]


class Repeating(st.Task):
    """A task whose list of inputs has one twice."""

    inputs = targets = st.Tokens("01")

    def domain_size(self, length):
        return 10

    def enumerate(self, length):
        return np.zeros((10, length), dtype=int)


class Stubborn(Repeating):
    """A task that draws one input alone."""

    def generate(self, rng, batch_size, length):
        return np.zeros((batch_size, length), dtype=int)

    def domain_size(self, length):
        return 2

    def enumerate(self, length):
        return np.arange(2)[:, None].repeat(length, axis=1)


def text(inputs):
    return ["".join(f"{int(x)}" for x in np.ravel(row)) for row in inputs]


def split(task="parity", lengths=range(6, 7), share=0.2, seed=0):
    return Holdout(st.task(task), lengths, share, seed)


@pytest.mark.parametrize("task", ["parity", "modular-sum", Skewed(), "copy:symbols=2"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_split_parts_the_whole_domain(task, share):
    task = st.task(task)
    made = split(task, range(4, 7), share)
    for length in (4, 5, 6):
        held_out, trained = set(text(made.held_out(length))), set(text(made.trained(length)))
        assert len(held_out) == round(share * task.domain_size(length))
        assert not held_out & trained
        assert held_out | trained == set(text(task.enumerate(length)))
    assert [length in made for length in (3, 4, 6, 7)] == [False, True, True, False]


def test_a_split_depends_on_seed_and_length_alone():
    one = text(split().held_out(6))
    assert one == text(split(lengths=range(5, 9)).held_out(6))
    assert one != text(split(seed=1).held_out(6))
    assert set(text(split().held_out(6))) != set(text(split(lengths=range(7, 8)).held_out(7)))


@pytest.mark.parametrize("data", ["sampled", "epochs"])
@pytest.mark.parametrize("task", ["parity", Skewed()])
def test_no_batch_has_an_input_that_is_held_out(task, data):
    task = st.task(task)
    made = split(task)
    source = BatchSource(task, LengthRange(6, 6), 8, data, 0, holdout=made)
    rows = set()
    for step in range(300):
        rows |= set(text(source.batch(step).inputs.numpy()))
    assert rows <= set(text(made.trained(6)))
    if data == "epochs":
        assert rows == set(text(made.trained(6)))


def test_what_is_drawn_is_the_tasks_own_distribution_but_for_what_is_held_out():
    task = Skewed()
    made = split(task, range(4, 5), 0.25)
    drawn = text(made.draw(np.random.default_rng(3), 40_000, 4))
    chance = {row: 0.8 ** row.count("1") * 0.2 ** row.count("0") for row in text(made.trained(4))}
    whole = sum(chance.values())
    for row, share in chance.items():
        expected = 40_000 * share / whole
        assert abs(drawn.count(row) - expected) < 5 * np.sqrt(expected) + 1
    assert set(drawn) <= set(chance)


def test_scores_at_its_lengths_are_of_what_is_held_out_alone():
    task, made = st.task("parity"), split()
    model = build_model(task, "elman", "state", 4, seed=1)
    inside, outside = st.evaluate(model, task, "6,7", holdout=made)
    right = perfect = 0
    for bits in made.held_out(6).tolist():
        said = model(torch.tensor([bits]))[0][0].argmax(-1).tolist()
        hits = [s == sum(bits[: i + 1]) % 2 for i, s in enumerate(said)]
        right, perfect = right + sum(hits), perfect + all(hits)
    count = len(made.held_out(6))
    assert inside.metrics == pytest.approx(
        {"token_accuracy": right / count / 6, "sequence_accuracy": perfect / count}
    )
    assert (inside.held_out, inside.exhaustive, inside.sequences) == (True, True, count)
    assert (outside.held_out, outside.sequences) == (False, 128)
    assert [outside] == st.evaluate(model, task, "7")


def test_many_that_are_held_out_are_sampled_without_repeating(monkeypatch):
    seen = []
    task, made = st.task("parity"), split(lengths=range(12, 13), share=0.5)
    model = build_model(task, "elman", "state", 2, seed=1)
    forward = model.forward
    monkeypatch.setattr(model, "forward", lambda ids: seen.extend(text(ids)) or forward(ids))
    (score,) = st.evaluate(model, task, "12", sequences=100, holdout=made)
    assert (score.sequences, score.exhaustive, score.held_out) == (100, False, True)
    assert len(set(seen)) == 100
    assert set(seen) <= set(text(made.held_out(12)))
    low, high = score.intervals["token_accuracy"]
    assert low < score.metrics["token_accuracy"] < high


@pytest.mark.parametrize("data", ["sampled", "epochs"])
def test_a_run_never_trains_on_what_it_is_scored_on(data, tmp_path):
    trained = set()

    class Watched(st.Model):
        def forward(self, inputs, *arguments):
            if self.training:
                trained.update(text(inputs))
            return super().forward(inputs, *arguments)

    built = build_model(st.task("parity"), "elman", "state", 4)
    model = Watched(built.embedding, list(built.cells), built.readout)
    result = st.run(
        "parity", model=model, length="5", holdout=0.25, data=data, steps=60, out=tmp_path,
        evaluation_lengths=(5, 6), evaluate_every=20,
    )  # fmt: skip
    held_out = set(text(result.holdout.held_out(5)))
    assert len(held_out) == 8
    assert trained == set(text(result.holdout.trained(5)))
    assert [score.held_out for score in result.scores] == [True, False]
    assert [score.held_out for score in result.untrained] == [True, False]
    assert st.load(result.path, model=model).scores == result.scores


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "adding"}, "adding has real numbers as inputs, which cannot be enumerated, so"),
        (
            {"task": "mqar", "length": "16"},
            "mqar cannot enumerate its inputs of length 16, so none can be held out",
        ),
        (
            {"length": "21..30"},
            (
                "parity has more than 1048576 inputs of length 21..30, which are not listed; "
                "train on some of length 3..20"
            ),
        ),
        (
            {"length": "1..2"},
            (
                "parity has too few inputs of length 1..2 for a share of 0.1 to leave some to hold "
                "out and some to train on; train on some of length 3..20"
            ),
        ),
        (
            {"holdout": 0.0000001, "length": "1..9"},
            "leave some to hold out and some to train on; c",
        ),
        ({"task": "anbn"}, "no length of it can be split"),
        (
            {"task": "copy-memory", "length": "21"},
            "not listed; no length of it can be split",
        ),
        ({"holdout": 1}, "holdout must be a share from 0 to below 1, got 1"),
        ({"holdout": -0.1}, "holdout must be a share from 0 to below 1, got -0.1"),
        ({"holdout": float("nan")}, "holdout must be a share from 0 to below 1, got nan"),
        ({"holdout": "0.1"}, "holdout must be a number, got '0.1'"),
        ({"holdout": None}, "holdout must be a number, got None"),
    ],
)
def test_a_split_that_cannot_be_made_is_refused(changes, message):
    with pytest.raises(st.UsageError) as caught:
        st.Experiment(**{"task": "parity", "holdout": 0.1, **changes})
    assert message in str(caught.value)


def test_lengths_with_too_few_or_too_many_inputs_are_not_split():
    made = split(lengths=range(1, 25), share=0.1)
    # 10 % of 2 or of 4 inputs are less than half an input; 2^21 inputs are more than are listed.
    assert (made.too_few, made.split, made.too_many) == ((1, 2), (*range(3, 21),), (21, 22, 23, 24))
    assert [length for length in range(40) if length in made] == [*range(3, 21)]
    assert made.describe() == (
        "held out: 10 % of the inputs of length 3..20; "
        "none of length 1..2 (too few) and of length 21..24 (more than 1048576)"
    )
    for length in (2, 22, 30):
        with pytest.raises(st.UsageError, match=f"the inputs of length {length} are not split; he"):
            made.held_out(length)


def test_only_lengths_the_task_can_have_are_named():
    made = split("modular-arithmetic", range(1, 12, 2), 0.1)
    assert made.describe() == (
        "held out: 10 % of the inputs of length 3..9; "
        "none of length 1 (too few) and of length 11 (more than 1048576)"
    )


def test_at_a_length_that_is_not_split_everything_is_drawn_and_scored_as_always():
    task = st.task("parity")
    made = split(lengths=range(1, 25), share=0.1)
    model = build_model(task, "elman", "state", 4, seed=1)
    assert st.evaluate(model, task, "2,24", holdout=made) == st.evaluate(model, task, "2,24")
    for length in (2, 24):
        drawn, plain = (
            drawer.draw(np.random.default_rng(7), 50, length) for drawer in (made, task)
        )
        assert drawn.tolist() == plain.tolist()
    assert set(text(made.draw(np.random.default_rng(7), 200, 2))) == {"00", "01", "10", "11"}


@pytest.mark.parametrize("length", ["1..7", "1..12", "8..12"])
def test_a_run_over_lengths_some_of_which_are_not_split_trains_on_all_but_what_is_held_out(
    monkeypatch, length
):
    monkeypatch.setattr("seqtasks.tasks.holdout.LARGEST_DOMAIN", 2**8)
    seen, model = {}, build_model(st.task("parity"), "elman", "state", 4)
    experiment = st.Experiment(task="parity", length=length, holdout=0.25, steps=40, batch_size=32)
    made = experiment.make_holdout(experiment.make_task())
    lengths = st.task("parity").lengths.within(experiment.length_range)
    source = BatchSource(st.task("parity"), experiment.length_range, 32, "sampled", 0, holdout=made)
    for step in range(200):
        inputs = source.batch(step).inputs
        seen.setdefault(inputs.shape[1], set()).update(text(inputs))
    assert set(seen) == set(lengths)
    for one in lengths:
        if one in made:
            assert not seen[one] & set(text(made.held_out(one)))
    if 1 in lengths:
        assert seen[1] == {"0", "1"}
    scores = st.evaluate(model, "parity", length, sequences=8, holdout=made)
    assert [score.length for score in scores if score.held_out] == list(made.split)


def test_tasks_for_which_no_split_can_be_right_are_refused():
    with pytest.raises(st.UsageError, match="Repeating lists an input of length 3 twice"):
        split(Repeating(), range(3, 4), 0.5).held_out(3)
    seeds = [
        seed for seed in range(9) if not split(Stubborn(), range(3, 4), 0.5, seed).held_out(3).any()
    ]
    assert seeds
    with pytest.raises(
        st.UsageError, match="Stubborn hardly draws an input of length 3 that is not held"
    ):
        split(Stubborn(), range(3, 4), 0.5, seeds[0]).draw(np.random.default_rng(0), 4, 3)
