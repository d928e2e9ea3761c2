"""Curricula: the length of a batch depends on the experiment, its seed and the step alone."""

import random

import numpy as np
import pytest

import seqtasks as st
from seqtasks.tasks.curricula import CURRICULA, build_curriculum
from seqtasks.tasks.lengths import LengthRange
from seqtasks.training import BatchSource


def lengths(curriculum, length, steps, seed=0, task="bitflip"):
    """Return the lengths of some steps' batches."""
    drawn = BatchSource(
        st.task(task), LengthRange.parse(length), 2, "sampled", seed, curriculum=curriculum
    )
    return [drawn.batch(step).inputs.shape[1] for step in steps]


def test_uniform_is_what_batches_are_without_a_curriculum():
    drawn = BatchSource(st.task("bitflip"), LengthRange(2, 9), 2, "sampled", 0)
    steps = range(0, 3000, 7)
    assert lengths("uniform", "2..9", steps) == [drawn.batch(s).inputs.shape[1] for s in steps]
    assert st.Settings().curriculum == "uniform"


@pytest.mark.parametrize(("spec", "length"), [("fixed", 9), ("fixed:length=4", 4)])
def test_fixed_is_one_length(spec, length):
    assert set(lengths(spec, "2..9", range(0, 3000, 11))) == {length}


@pytest.mark.parametrize(("every", "by"), [(1, 1), (100, 1), (70, 3), (900, 2)])
def test_increasing_without_mixing_is_the_loop_that_defines_it(every, by):
    allowed, expected, longest = list(range(2, 13)), [], 0
    for step in range(2500):
        if step and step % every == 0:
            longest += by
        expected.append(allowed[min(longest, len(allowed) - 1)])
    spec = f"increasing:every={every},by={by},mixed=false"
    assert lengths(spec, "2..12", range(2500)) == expected


def test_increasing_draws_from_all_lengths_reached_alike():
    drawn = np.array(lengths("increasing:every=1000", "3..6", range(8000)))
    for stage, reached in enumerate([(3,), (3, 4), (3, 4, 5), *[(3, 4, 5, 6)] * 5]):
        found, counts = np.unique(drawn[1000 * stage : 1000 * (stage + 1)], return_counts=True)
        assert tuple(found) == reached
        mean = 1000 / len(reached)
        assert (abs(counts - mean) <= 5 * np.sqrt(mean)).all()


def test_a_task_has_its_own_lengths_alone():
    assert set(lengths("increasing:every=1", "1..8", range(99), task="modular-arithmetic")) <= {
        1,
        3,
        5,
        7,
    }
    assert lengths(
        "increasing:every=2,mixed=false", "1..8", range(6), task="modular-arithmetic"
    ) == [1, 1, 3, 3, 5, 5]


@pytest.mark.parametrize("spec", ["uniform", "increasing", "increasing:every=7,by=2"])
def test_the_length_of_a_step_depends_on_seed_and_step_alone(spec):
    steps = [0, 5, 800, 1023, 1024, 1700, 4000]
    in_order = lengths(spec, "1..40", steps)
    shuffled = random.Random(2).sample(steps, len(steps))
    again = dict(zip(shuffled, lengths(spec, "1..40", shuffled), strict=True))
    assert [again[step] for step in steps] == in_order
    many = range(3000, 3100)
    assert lengths(spec, "1..40", many) != lengths(spec, "1..40", many, seed=1)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("increasng", "unknown curriculum 'increasng'; known: fixed, increasing, uniform. Did you"),
        ("./mine.py", "unknown curriculum './mine.py'"),
        ("fixed:length=50", "must be one of the training lengths, odd 3..7, got 50"),
        ("fixed:length=4", "odd 3..7, got 4"),
        ("increasing:every=0", "the curriculum's every must be at least 1, got 0"),
        ("increasing:by=-1", "the curriculum's by must be at least 1, got -1"),
        ("increasing:evry=3", "has no parameter 'evry'"),
        ("uniform:length=3", "has no parameter 'length'"),
    ],
)
def test_a_curriculum_that_cannot_be_had_is_refused(spec, message):
    with pytest.raises(st.UsageError) as caught:
        build_curriculum(spec, range(3, 9, 2))
    assert message in str(caught.value)
    with pytest.raises(st.UsageError):
        st.Experiment.for_task("modular-arithmetic", length="3..8", curriculum=spec)


def test_every_curriculum_says_what_it_is():
    assert all(made.__doc__ for made in CURRICULA.values())


def test_an_experiment_trains_on_the_lengths_of_its_curriculum():
    seen = []

    class Echo(st.Task):
        inputs = targets = st.Tokens("01")

        def generate(self, rng, batch_size, length):
            seen.append(length)
            return rng.integers(2, size=(batch_size, length))

        def encode(self, inputs):
            return inputs

    st.run(Echo, length="2..9", curriculum="fixed:length=5", steps=3, evaluation_lengths=(2,))
    assert set(seen) == {2, 3, 5, 9}  # evaluated, tried before the run (2, 3 and 9), trained
