"""What a program has worked in is used again, and never while a graph still needs it."""

import ctypes
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch.testing import assert_close
from torch.utils.checkpoint import checkpoint

import seqtasks as st
from seqtasks.engine.native.execute import c_program as native
from seqtasks.engine.native.execute.mapped_memory import MOST_IDLE, Memory, Pool
from seqtasks.engine.tensors.execute.buffer_pool import Pool as TensorPool
from seqtasks.engine.unroll import engines_of

ENGINES = ("torch", "native")
EXACT = {"rtol": 1e-9, "atol": 1e-9}


def made():
    torch.manual_seed(4)
    return st.cell("gru", 3, 5).double(), torch.randn(6, 9, 3, dtype=torch.float64)


def passed(cell, inputs, engine):
    """Return the outputs' sum of squares, whose graph needs what the pass forward left."""
    outputs, final = st.unroll(cell, inputs, engine=engine)
    return outputs.square().sum() + final.square().sum()


def gradients(cell, loss, **options):
    return torch.autograd.grad(loss, list(cell.parameters()), **options)


@pytest.mark.parametrize("engine", ENGINES)
def test_two_passes_forward_before_one_back_keep_their_numbers(engine):
    cell, inputs = made()
    others = [inputs, inputs.flip(0) * 2, inputs.flip(1) * 3]
    expected = [gradients(cell, passed(cell, one, "plain")) for one in others]
    losses = [passed(cell, one, engine) for one in others]
    for _ in range(2):
        found = [gradients(cell, loss, retain_graph=True) for loss in losses]
        assert_close(found, expected, **EXACT)
    with torch.no_grad():
        passed(cell, inputs * 5, engine)
    assert_close([gradients(cell, loss) for loss in losses], expected, **EXACT)


def test_memory_is_free_right_after_the_pass_back(monkeypatch):
    cell, inputs = made()
    gradients(cell, passed(cell, inputs, "native"))
    pool = Pool()
    monkeypatch.setattr(native, "_pool", pool)
    addresses = set()
    losses = []
    for _ in range(5):
        losses.append(passed(cell, inputs, "native"))  # the loss outlives its graph
        assert not pool._idle
        gradients(cell, losses[-1])
        (idle,) = pool._idle
        addresses.add(idle.address)
    assert len(addresses) == 1
    dropped = passed(cell, inputs, "native")
    assert not pool._idle
    del dropped
    assert len(pool._idle) == 1


def test_no_more_memory_is_kept_than_its_bounds(monkeypatch):
    pool = Pool()
    monkeypatch.setattr(pool, "_most", 100_000)
    taken = [pool.take(30_000) for _ in range(20)]
    assert len({memory.workspace.address for memory in taken}) == 20
    del taken
    assert len(pool._idle) == 3
    small = [pool.take(10) for _ in range(20)]
    del small
    assert len(pool._idle) <= MOST_IDLE
    large = pool.take(50_000_000)  # no idle one serves
    assert large.workspace.size >= 50_000_000
    pool.clear()
    assert not pool._idle


@pytest.mark.parametrize("kind", ["native", "torch"])
def test_threads_are_never_given_the_same_memory(kind):
    pool = Pool() if kind == "native" else TensorPool(4)
    taken: set[int] = set()
    guard = threading.Lock()

    def use(_):
        for _ in range(300):
            held = pool.take(4096) if isinstance(pool, Pool) else pool.take(2, 3)
            own = held.workspace.address if isinstance(held, Memory) else id(held)
            with guard:
                assert own not in taken
                taken.add(own)
            with guard:
                taken.remove(own)
            if isinstance(pool, TensorPool):
                pool.give_back(held)
        return True

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(use, range(8)))


@pytest.mark.parametrize("engine", ENGINES)
def test_threads_that_share_a_model_get_the_results_of_one(engine):
    cell, inputs = made()
    batches = [inputs * (k + 1) for k in range(12)]
    expected = [gradients(cell, passed(cell, batch, "plain")) for batch in batches]
    passed(cell, inputs, engine)  # the program is made
    with ThreadPoolExecutor(4) as threads:
        for _ in range(5):
            found = list(
                threads.map(lambda batch: gradients(cell, passed(cell, batch, engine)), batches)
            )
            assert_close(found, expected, **EXACT)


@pytest.mark.parametrize("engine", ENGINES)
def test_threads_pass_back_through_one_graph_one_after_the_other(engine):
    torch.manual_seed(4)
    cell, inputs = st.cell("gru", 3, 24).double(), torch.randn(48, 40, 3, dtype=torch.float64)
    outputs, _ = st.unroll(cell, inputs, engine=engine)
    directions = [torch.randn_like(outputs) for _ in range(4)]

    def back(direction):
        parameters = list(cell.parameters())
        return torch.autograd.grad(outputs, parameters, direction, retain_graph=True)

    expected = [back(direction) for direction in directions]
    with ThreadPoolExecutor(4) as threads:
        for _ in range(10):
            assert_close(list(threads.map(back, directions)), expected, rtol=0, atol=0)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("read", [(0,), (1,), (2,), (1, 2)])
def test_results_without_a_gradient_count_as_zeros(engine, read):
    torch.manual_seed(4)
    cell, inputs = st.cell("lstm", 3, 5).double(), torch.randn(6, 9, 3, dtype=torch.float64)

    def found(engine):
        outputs, (hidden, memory) = st.unroll(cell, inputs, engine=engine)
        results = (outputs, hidden, memory)
        return gradients(cell, sum(results[k].square().sum() for k in read), allow_unused=True)

    assert_close(found(engine), found("plain"), **EXACT)


@pytest.mark.parametrize("engine", ENGINES)
def test_hooks_on_saved_tensors_leave_the_gradients_right(engine):
    cell, inputs = made()
    expected = gradients(cell, passed(cell, inputs, "plain"))
    with torch.autograd.graph.saved_tensors_hooks(torch.clone, torch.clone):
        loss = passed(cell, inputs, engine)
    passed(cell, inputs * 3, engine).backward()
    assert_close(gradients(cell, loss), expected, **EXACT)
    again = checkpoint(passed, cell, inputs.requires_grad_(), engine, use_reentrant=False)
    assert_close(gradients(cell, again), expected, **EXACT)
    assert engines_of(cell, engine).name == engine


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_writes_into_no_memory_of_its_parent():
    pool = Pool()
    address = pool.take(4096).workspace.address  # idle again
    ctypes.memset(address, 7, 4096)
    child = os.fork()
    if not child:
        ctypes.memset(address, 9, 4096)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert set(ctypes.string_at(address, 4096)) == {7}


@pytest.mark.parametrize("engine", ["native"])
def test_results_do_not_depend_on_what_the_memory_held(engine, monkeypatch):
    take = Pool.take

    def poisoned(self, size):
        memory = take(self, size)
        ctypes.memset(memory.workspace.address, 0xFF, memory.workspace.size)  # NaN
        return memory

    monkeypatch.setattr(Pool, "take", poisoned)
    cell, inputs = made()
    cell.start = torch.nn.Parameter(torch.randn(5, dtype=torch.float64))
    lengths = torch.tensor([9, 3, 1, 5, 9, 2])
    given = torch.randn(6, 5, dtype=torch.float64).requires_grad_()
    inputs.requires_grad_()
    leaves = [given, inputs, *(p for n, p in cell.named_parameters() if n != "start")]
    results = []
    for chosen in ("plain", engine):
        outputs, final, past = st.unroll(
            cell, inputs, given, lengths, return_states=True, engine=chosen
        )
        loss = outputs.square().sum() + final.sin().sum() + past.cos().sum()
        results.append([outputs, final, past, *torch.autograd.grad(loss, leaves)])
    assert_close(results[1], results[0], **EXACT)


def test_a_learned_start_has_no_gradient_from_given_states():
    class Started(st.Cell):
        def __init__(self, input_size, hidden_size):
            super().__init__(input_size, hidden_size)
            self.start = torch.nn.Parameter(torch.randn(hidden_size))
            self.linear = torch.nn.Linear(input_size + hidden_size, hidden_size)

        def initial_state(self, batch_size, steps):
            return self.start.expand(batch_size, -1)

        def forward(self, x, state):
            return torch.tanh(self.linear(torch.cat([x, state], -1)))

    torch.manual_seed(1)
    cell, inputs = Started(3, 5).double(), torch.randn(6, 9, 3, dtype=torch.float64)
    state = torch.randn(6, 5, dtype=torch.float64)
    for _ in range(3):  # the memory of an earlier call holds the gradient of that call
        outputs, _ = st.unroll(cell, inputs, engine="native")
        outputs.square().sum().backward()
        outputs, _ = st.unroll(cell, inputs, state, engine="native")
        (found,) = torch.autograd.grad(outputs.square().sum(), [cell.start], materialize_grads=True)
        assert not found.any()
