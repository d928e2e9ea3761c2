"""The batches of a dataset are each drawn once, whatever the ranks and workers that share them."""

import subprocess
import sys
import types

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch.utils.data import DataLoader

import seqtasks as st
import seqtasks.training.dataset
from seqtasks.errors import UsageError
from seqtasks.training.dataset import TaskDataset

# More workers than this machine has cores are slow, which is no mistake here.
pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")

OWN_TASK = """
import numpy as np, seqtasks as st
from dataclasses import dataclass

@dataclass(frozen=True)
class Delay(st.Task):
    by: int = 1
    inputs = targets = st.Tokens("01")
    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))
    def encode(self, inputs):
        return np.pad(inputs, ((0, 0), (self.by, 0)))[:, :inputs.shape[1]]
"""
RANK = """
import sys, torch, torch.distributed as distributed, seqtasks as st
rank, size, file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
distributed.init_process_group("gloo", init_method=f"file://{file}", rank=rank, world_size=size)
dataset = st.task("parity").dataset("60", 2, batches=5)
for batch in dataset:
    print(*batch.inputs.flatten().tolist(), sep="")
distributed.destroy_process_group()
"""


def parity(batches=20, **options):
    return st.task("parity").dataset("50..60", 3, batches=batches, **options)


def keys(batches):
    """Return what tells batches apart: at lengths from 50, no two drawn ones are the same."""
    return [batch.inputs.numpy().tobytes() for batch in batches]


def as_worker(dataset, worker, workers):
    """Return what a worker of a `DataLoader` would draw, without its process."""
    info = types.SimpleNamespace(id=worker, num_workers=workers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seqtasks.training.dataset, "get_worker_info", lambda: info)
        return keys(dataset)


@settings(max_examples=60, deadline=None)
@given(some.integers(1, 30), some.integers(1, 7), some.integers(1, 5))
def test_any_ranks_and_workers_share_out_every_batch_once(batches, ranks, workers):
    every = keys(parity(batches))
    shares = [
        as_worker(parity(batches, rank=rank, world_size=ranks), worker, workers)
        for rank in range(ranks)
        for worker in range(workers)
    ]
    assert len(set(every)) == len(every) == batches
    assert sorted(key for share in shares for key in share) == sorted(every)
    of_ranks = [len(parity(batches, rank=rank, world_size=ranks)) for rank in range(ranks)]
    assert sum(of_ranks) == batches
    assert max(of_ranks) - min(of_ranks) <= 1


def test_no_two_instances_of_an_epoch_or_of_two_epochs_are_the_same():
    dataset = parity(50)
    first = [row.tobytes() for batch in dataset for row in batch.inputs.numpy()]
    dataset.set_epoch(1)
    second = [row.tobytes() for batch in dataset for row in batch.inputs.numpy()]
    assert len({*first, *second}) == len(first) + len(second) == 2 * 50 * 3


@pytest.mark.parametrize(
    ("method", "ranks"),
    [("fork", 1), ("fork", 2), pytest.param("spawn", 2, marks=pytest.mark.slow)],
)
def test_real_workers_yield_a_ranks_batches_in_order(method, ranks):
    rank = ranks - 1
    dataset = parity(rank=rank, world_size=ranks)
    loader = DataLoader(dataset, batch_size=None, num_workers=2, multiprocessing_context=method)
    loaded = list(loader)
    assert keys(loaded) == keys(parity())[rank::ranks]
    assert len(loader) == len(loaded) == 20 // ranks
    for batch, expected in zip(loaded, dataset, strict=True):
        assert torch.equal(batch.targets, expected.targets)
        assert torch.equal(batch.lengths, expected.lengths)


@pytest.mark.parametrize("persistent", [False, True])
def test_workers_see_the_epoch_that_was_set_last(persistent):
    dataset = parity()
    loader = DataLoader(dataset, batch_size=None, num_workers=2, persistent_workers=persistent)
    seen = []
    for epoch in (0, 1, 0):
        dataset.set_epoch(epoch)
        seen.append(keys(loader))
        assert seen[-1] == keys(dataset)
    assert seen[0] == seen[2]
    assert not set(seen[0]) & set(seen[1])


def test_the_batches_depend_on_seed_and_epoch_alone():
    state = torch.random.get_rng_state()
    assert keys(parity()) == keys(parity())
    assert keys(parity(30))[:20] == keys(parity())
    assert not set(keys(parity(seed=1))) & set(keys(parity()))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_without_a_number_of_batches_it_has_no_end():
    endless = iter(parity(None))
    assert keys(next(endless) for _ in range(20)) == keys(parity())
    with pytest.raises(TypeError, match="this dataset has no end"):
        len(parity(None))
    loader = iter(DataLoader(parity(None), batch_size=None, num_workers=2))
    assert keys(next(loader) for _ in range(20)) == keys(parity())


@pytest.mark.parametrize(
    ("name", "length", "inputs", "targets"),
    [
        ("modular-arithmetic", "2..6", torch.int64, torch.int64),
        ("adding", "4", torch.float32, torch.float32),
        ("dyck", 6, torch.int64, torch.bool),
        ("reverse-string", "3..4", torch.int64, torch.int64),
    ],
)
def test_a_batch_is_the_tasks_own_as_tensors(name, length, inputs, targets):
    task = st.task(name)
    for batch in task.dataset(length, 5, batches=8):
        assert (batch.inputs.dtype, batch.targets.dtype) == (inputs, targets)
        steps = int(batch.lengths[0])
        assert batch.lengths.tolist() == [steps] * 5
        assert batch.inputs.shape[:2] == batch.targets.shape[:2] == (5, steps)
        symbols = steps // 2 if task.layout == "after" else steps
        assert symbols in task.lengths
        again = task.batch_of(batch.inputs.numpy()[:, :symbols])
        np.testing.assert_array_equal(again.targets, batch.targets.numpy())


def test_lengths_of_a_range_come_up_equally_often():
    dataset = st.task("modular-arithmetic").dataset("1..8", 1, batches=2000)
    lengths = [int(batch.lengths[0]) for batch in dataset]
    assert sorted(set(lengths)) == [1, 3, 5, 7]
    assert all(abs(lengths.count(length) - 500) < 5 * 19.4 for length in (1, 3, 5, 7))


def test_a_task_of_a_file_of_ones_own_reaches_spawned_workers(tmp_path):
    (tmp_path / "mine.py").write_text(OWN_TASK)
    dataset = st.task(f"{tmp_path}/mine.py:Delay:by=2").dataset(60, 2, batches=4)
    loader = DataLoader(dataset, batch_size=None, num_workers=1, multiprocessing_context="spawn")
    loaded = list(loader)
    assert keys(loaded) == keys(dataset)
    for batch in loaded:
        assert torch.equal(batch.targets[:, 2:], batch.inputs[:, :-2])


def test_rank_and_world_size_are_those_of_a_process_group(tmp_path):
    commands = [
        [sys.executable, "-c", RANK, str(rank), "2", str(tmp_path / "store")] for rank in range(2)
    ]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands
    ]
    printed = [process.communicate(timeout=120)[0].split() for process in processes]
    every = list(TaskDataset(st.task("parity"), "60", 2, batches=5))
    expected = ["".join(map(str, batch.inputs.flatten().tolist())) for batch in every]
    assert printed == [expected[0::2], expected[1::2]]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"batches": 0}, "batches must be at least 1, got 0"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
        ({"length": "2"}, "modular-arithmetic cannot have length 2: it has odd lengths from 1"),
        ({"length": "x"}, "'x' is not a length"),
        ({"rank": 1}, "give rank and world_size together, or neither"),
        ({"world_size": 2}, "give rank and world_size together, or neither"),
        ({"rank": 2, "world_size": 2}, "rank must be from 0 to world_size - 1, got 2 of 2"),
        ({"rank": -1, "world_size": 2}, "rank must be from 0 to world_size - 1, got -1 of 2"),
    ],
)
def test_what_makes_no_dataset_is_refused(options, says):
    with pytest.raises(UsageError, match=says):
        st.task("modular-arithmetic").dataset(**{"length": 3, "batch_size": 2, **options})


def test_an_epoch_before_the_first_is_refused():
    with pytest.raises(UsageError, match="an epoch must be at least 0, got -1"):
        parity().set_epoch(-1)
