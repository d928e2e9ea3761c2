"""The batch of a training step depends on the experiment, its seed and the step alone."""

import random

import numpy as np
import pytest
import torch

import seqtasks as st
from seqtasks.tasks.lengths import LengthRange
from seqtasks.training import BatchSource


class Waves(st.Task):
    """Real vectors of odd lengths, whose answer is their sum."""

    inputs, targets = st.Reals(2), st.Reals(1)
    lengths = st.AllowedLengths(minimum=1, step=2)
    metrics = (st.mean_squared_error,)

    def generate(self, rng, batch_size, length):
        return rng.normal(size=(batch_size, length, 2))

    def encode(self, inputs):
        return inputs.sum(-1, keepdims=True)


def source(length="5", data="sampled", batch_size=4, seed=0, task="bitflip", **options):
    return BatchSource(st.task(task), LengthRange.parse(length), batch_size, data, seed, **options)


def same(one, other):
    return torch.equal(one.inputs, other.inputs) and torch.equal(one.targets, other.targets)


def rows(batches):
    """Return every instance of some batches as text."""
    return ["".join(map(str, row)) for batch in batches for row in batch.inputs.tolist()]


@pytest.mark.parametrize(("data", "length"), [("sampled", "3..9"), ("epochs", "5")])
def test_the_order_in_which_batches_are_asked_for_does_not_matter(data, length):
    in_order, shuffled, alone = (source(length, data) for _ in range(3))
    steps = [0, 1, 2, 7, 8, 9, 1023, 1024, 1025, 3000]
    batches = {step: in_order.batch(step) for step in steps}
    random.Random(1).shuffle(steps)
    assert all(same(shuffled.batch(step), batches[step]) for step in steps)
    assert same(alone.batch(1025), batches[1025])


@pytest.mark.parametrize(("data", "length"), [("sampled", "40"), ("epochs", "8")])
def test_another_seed_gives_other_batches(data, length):
    one, other = source(length, data, seed=1), source(length, data, seed=2)
    assert not any(same(one.batch(step), other.batch(step)) for step in range(50))


def test_sampled_batches_do_not_repeat_within_a_block_or_across_blocks():
    drawn = source("60")
    every = rows(drawn.batch(step) for step in range(3 * drawn.block_steps))
    assert len(set(every)) == len(every) == 3 * 4 * drawn.block_steps


def test_a_batch_has_the_size_asked_for_and_the_tasks_own_answers():
    for step in range(20):
        batch = source("2..7", batch_size=9).batch(step)
        assert batch.inputs.shape == batch.targets.shape
        assert batch.inputs.shape[0] == 9
        assert batch.inputs.dtype == batch.targets.dtype == torch.int64
        assert torch.equal(batch.targets, 1 - batch.inputs)


def test_the_allowed_lengths_of_the_range_come_up_equally_often():
    drawn = source("2..6")
    lengths = [drawn.batch(step).inputs.shape[1] for step in range(5000)]
    counts = {length: lengths.count(length) for length in set(lengths)}
    assert sorted(counts) == [2, 3, 4, 5, 6]
    assert all(abs(count - 1000) < 5 * 28.3 for count in counts.values())  # 5 standard deviations


def test_the_lengths_of_one_block_are_not_those_of_the_next():
    drawn = source("2..6")
    blocks = [
        [drawn.batch(first + step).inputs.shape[1] for step in range(drawn.block_steps)]
        for first in (0, drawn.block_steps)
    ]
    assert len(blocks[0]) > 20
    assert blocks[0] != blocks[1]


def test_lengths_a_task_cannot_have_do_not_come_up():
    drawn = source("2..8", task=Waves())
    assert {drawn.batch(step).inputs.shape[1] for step in range(200)} == {3, 5, 7}


def test_sampled_bits_are_fair():
    batch = source("64", batch_size=4096).batch(0)
    assert batch.inputs.double().mean().item() == pytest.approx(0.5, abs=5 * 0.5 / 512)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_reals_come_in_the_type_asked_for(dtype):
    batch = source("5", task=Waves(), dtype=dtype).batch(0)
    assert (batch.inputs.dtype, batch.targets.dtype) == (dtype, dtype)
    assert (batch.inputs.shape, batch.targets.shape) == ((4, 5, 2), (4, 5, 1))
    torch.testing.assert_close(batch.inputs.sum(-1, keepdim=True), batch.targets)


@pytest.mark.parametrize(
    ("batch_size", "sizes"), [(8, [8] * 4), (5, [5] * 6 + [2]), (32, [32]), (100, [32])]
)
def test_each_epoch_holds_every_input_once_and_ends_with_a_shorter_batch(batch_size, sizes):
    drawn = source("5", "epochs", batch_size)
    orders = []
    for epoch in range(4):
        first = epoch * len(sizes)
        batches = [drawn.batch(step) for step in range(first, first + len(sizes))]
        assert [len(batch.inputs) for batch in batches] == sizes
        assert all(torch.equal(batch.targets, 1 - batch.inputs) for batch in batches)
        orders.append(rows(batches))
        assert sorted(orders[-1]) == [f"{number:05b}" for number in range(32)]
    assert len({tuple(order) for order in orders}) == 4


def test_batches_leave_the_global_random_states_alone():
    before = torch.get_rng_state(), np.random.get_state(), random.getstate()
    for data in ("sampled", "epochs"):
        source("5", data).batch(3)
    assert torch.equal(before[0], torch.get_rng_state())
    assert all(np.array_equal(a, b) for a, b in zip(before[1], np.random.get_state(), strict=True))
    assert before[2] == random.getstate()


def test_batches_do_not_depend_on_the_global_random_states():
    first = source("20").batch(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        assert same(source("20").batch(0), first)


@pytest.mark.parametrize(
    ("task", "length", "data", "message"),
    [
        ("bitflip", "3..5", "epochs", "epochs need one length, got 3..5"),
        (Waves(), "5", "epochs", "Waves has real numbers as inputs, which cannot be enumerated"),
        ("bitflip", "21", "epochs", "bitflip has more than 1048576 inputs of length 21"),
        (Waves(), "4", "sampled", "Waves cannot have length 4: it has odd lengths from 1"),
    ],
)
def test_data_that_cannot_be_had_is_refused_with_the_reason(task, length, data, message):
    with pytest.raises(st.UsageError) as error:
        source(length, data, task=task)
    assert message in str(error.value)
