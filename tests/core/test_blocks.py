"""A block tells where in memory each batch lies; a thread may draw it, to the same bits."""

import ctypes
import threading

import numpy as np
import pytest
import torch

import seqtasks as st
from seqtasks.randomness.streams import stream
from seqtasks.tasks.lengths import LengthRange
from seqtasks.training import BatchSource
from seqtasks.training.prefetch import Prefetch

WORTH = "seqtasks.training.prefetch.WORTH_A_THREAD"
C_TYPES = {
    torch.int64: ctypes.c_int64,
    torch.bool: ctypes.c_bool,
    torch.float32: ctypes.c_float,
    torch.float64: ctypes.c_double,
}


class Waves(st.Task):
    """Real vectors, whose answers come in Fortran's order and as every second of an array."""

    inputs, targets, metrics = st.Reals(2), st.Reals(3), (st.mean_squared_error,)

    def generate(self, rng, batch_size, length):
        return np.asfortranarray(rng.normal(size=(batch_size, length, 2)))

    def encode(self, inputs):
        return np.repeat(inputs, 3, axis=2)[..., ::2].transpose(1, 0, 2).copy().transpose(1, 0, 2)


class Sets(st.Task):
    """Bits, after each of which that bit or any may come."""

    inputs, targets = st.Tokens("01"), st.TokenSets("01")

    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))

    def encode(self, inputs):
        return np.stack([inputs == 0, np.ones_like(inputs)], axis=-1).astype(bool)


class Failing(Sets):
    """The same, but its third draw fails."""

    def __init__(self):
        self.draws = 0

    def generate(self, rng, batch_size, length):
        self.draws += 1
        if self.draws == 3:
            raise RuntimeError("the third draw")
        return super().generate(rng, batch_size, length)


def source(task="bitflip", length="5", batch_size=4, data="sampled", **options):
    return BatchSource(st.task(task), LengthRange.parse(length), batch_size, data, 0, **options)


def read(address, like):
    """Return what lies at an address, in the type and shape of a tensor."""
    count = C_TYPES[like.dtype] * like.numel()
    return list(count.from_address(int(address))) == like.flatten().tolist()


@pytest.mark.parametrize(
    ("task", "length", "data", "batch_size"),
    [
        ("bitflip", "5", "sampled", 4),
        ("bitflip", "2..9", "sampled", 3),
        ("bitflip", "5", "epochs", 5),
        ("reverse-string", "2..4", "sampled", 2),
        (Sets(), "1..3", "sampled", 2),
        (Waves(), "1..3", "sampled", 2),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_batch_lies_whole_at_its_address(task, length, data, batch_size, dtype):
    drawn = source(task, length, batch_size, data, dtype=dtype)
    block = drawn.block(drawn.block_steps + 1)
    assert (block.first_step, block.steps) == (drawn.block_steps, drawn.block_steps)
    for array in (block.times, block.batch_sizes):
        assert (array.shape, array.dtype) == ((block.steps,), np.int64)
    for array in (block.input_addresses, block.target_addresses):
        assert (array.shape, array.dtype) == ((block.steps,), np.uint64)
    other = source(task, length, batch_size, data, dtype=dtype)
    for place in range(min(block.steps, 40)):
        batch = other.batch(block.first_step + place)
        assert batch.inputs.shape[:2] == (block.batch_sizes[place], block.times[place])
        assert read(block.input_addresses[place], batch.inputs)
        assert read(block.target_addresses[place], batch.targets)
        assert batch.inputs.dtype in (torch.int64, dtype)


def test_a_block_keeps_its_memory_when_the_source_goes_on():
    drawn = source()
    kept = drawn.block(0)
    first = drawn.batch(0)
    copies = first.inputs.clone(), first.targets.clone()
    for block in range(1, 8):
        drawn.block(block * drawn.block_steps)
    assert read(kept.input_addresses[0], copies[0])
    assert read(kept.target_addresses[0], copies[1])
    assert torch.equal(kept.batch(0).inputs, copies[0])


def test_a_block_has_its_own_steps_alone():
    drawn = source()
    block = drawn.block(drawn.block_steps)
    for step in (0, drawn.block_steps - 1, 2 * drawn.block_steps):
        with pytest.raises(IndexError, match=f"step {step} is not in the block of"):
            block.batch(step)


def test_batches_are_drawn_as_the_architecture_says():
    """The lengths of a block from one stream, all instances of one length from another."""
    drawn, task = source("parity", "3..7", 2), st.task("parity")
    for number in (0, 2):
        first = number * drawn.block_steps
        lengths = 3 + stream(0, "lengths", number).integers(5, size=drawn.block_steps)
        rows = {}
        for length in set(lengths.tolist()):
            count = 2 * int((lengths == length).sum())
            inputs = task.generate(stream(0, "training", number, length), count, length)
            rows[length] = iter(inputs.tolist())
        for place, length in enumerate(lengths.tolist()):
            expected = [next(rows[length]), next(rows[length])]
            assert drawn.batch(first + place).inputs.tolist() == expected


@pytest.mark.parametrize("task", ["bitflip", Waves()])
@pytest.mark.parametrize("worth", [0.0, float("inf")])
def test_a_thread_that_draws_ahead_changes_no_bit(monkeypatch, worth, task):
    monkeypatch.setattr(WORTH, worth)
    plain, ahead = source(task, "2..9"), source(task, "2..9", prefetch=True)
    for block in (0, 1, 2, 3, 7, 8, 2, 3, 4):
        one, other = (drawn.batch(block * drawn.block_steps + 5) for drawn in (plain, ahead))
        assert torch.equal(one.inputs, other.inputs)
        assert torch.equal(one.targets, other.targets)
    ahead.close()


def drawn_in_the_main_thread(numbers):
    """Return of each item, asked for in this order, whether this thread drew it."""
    in_main = {}

    def draw(number):
        in_main[number] = threading.current_thread() is threading.main_thread()

    items = Prefetch(draw)
    for number in numbers:
        items.get(number)
    items.close()
    return [in_main[number] for number in numbers]


@pytest.mark.parametrize(
    ("worth", "in_main"), [(0.0, [True, True, False, False]), (float("inf"), [True] * 4)]
)
def test_items_asked_for_in_turn_are_drawn_in_a_thread_where_it_is_worth_it(
    monkeypatch, worth, in_main
):
    monkeypatch.setattr(WORTH, worth)
    assert drawn_in_the_main_thread([0, 1, 2, 3]) == in_main


@pytest.mark.parametrize("closed_in_time", [True, False])
def test_no_thread_is_left_after_closing(monkeypatch, closed_in_time):
    monkeypatch.setattr(WORTH, 0.0)
    before = set(threading.enumerate())
    go_on = threading.Event()
    items = Prefetch(lambda number: number if number < 2 else go_on.wait(60))
    assert [items.get(0), items.get(1)] == [0, 1]
    assert len(set(threading.enumerate()) - before) == 1
    go_on.set()
    if not closed_in_time:
        items.get(2)
    items.close()
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize("worth", [0.0, float("inf")])
def test_an_error_comes_where_the_block_is_asked_for(monkeypatch, worth):
    monkeypatch.setattr(WORTH, worth)
    drawn = source(Failing(), prefetch=True)
    drawn.block(0)
    drawn.block(drawn.block_steps)
    with pytest.raises(st.UsageError, match="the third draw"):
        drawn.block(2 * drawn.block_steps)
    drawn.close()


@pytest.mark.parametrize("end", ["steps", "error"])
def test_no_thread_survives_a_run(monkeypatch, end):
    monkeypatch.setattr(WORTH, 0.0)
    monkeypatch.setattr("seqtasks.tasks.block_steps.BLOCK_STEPS", 2)
    before = set(threading.enumerate())
    options = {"cell": "concat", "hidden_size": 2, "batch_size": 2, "evaluation_lengths": (3,)}
    started = []

    class Watch:
        @st.hookimpl
        def run_advanced(self, run, steps, losses):
            started.append(len(set(threading.enumerate()) - before))

    if end == "steps":
        st.run("bitflip", steps=30, log_every=5, observers=[Watch()], **options)
    else:
        with pytest.raises(st.RunInterruptedError):
            st.run(
                "bitflip",
                steps=30,
                stop=lambda: int(bool(started)),
                observers=[Watch()],
                log_every=5,
                **options,
            )
    assert max(started) == 1
    assert set(threading.enumerate()) == before
