"""A module that an engine runs is a module still: copied, evaluated, shared, forgotten."""

import copy
import gc
import threading
import weakref

import pytest
import torch
from small_cell import EXACT, Tanh, model_of, numbers
from torch.testing import assert_close
from truth import ENGINES

import seqtasks as st

pytestmark = pytest.mark.parametrize("engine", ENGINES)


def test_a_copy_goes_its_own_way(engine):
    model = model_of(Tanh())
    ids = torch.randint(0, 5, (4, 6))
    engines = model.use_engine(engine)
    before, _ = model(ids)
    assert engines.name == engine, engines.reasons
    twin = copy.deepcopy(model)
    assert_close(twin(ids)[0], before, **EXACT)
    assert twin.engines.name == engine
    with torch.no_grad():
        twin.cells[0].R.weight.add_(1)
    assert_close(model(ids)[0], before, rtol=0, atol=0)
    assert not torch.allclose(twin(ids)[0], before)
    assert_close(twin(ids)[0], twin.plain(ids)[0], **EXACT)


def test_programs_live_no_longer_than_their_cell(engine):
    cell = Tanh()
    st.unroll(cell, numbers(2, 3, 3), engine=engine)
    gone = weakref.ref(cell)
    del cell
    gc.collect()
    assert gone() is None


def test_threads_that_share_a_model(engine):
    model = model_of(Tanh()).eval()
    engines = model.use_engine(engine)
    batches = [torch.randint(0, 5, (16, 20)) for _ in range(4)]
    with torch.no_grad():
        expected = [model(ids)[0] for ids in batches]
    assert engines.name == engine, engines.reasons
    wrong = []

    def work(k):
        with torch.no_grad():
            same = [torch.equal(model(batches[k])[0], expected[k]) for _ in range(50)]
            wrong.extend([k] * same.count(False))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_evaluation_and_prediction(engine):
    model = model_of([Tanh(), Tanh()]).eval()
    ids, lengths = torch.randint(0, 5, (4, 6)), torch.tensor([6, 1, 0, 3])
    expected = model.predict(ids, lengths=lengths)
    engines = model.use_engine(engine)
    assert torch.equal(model.predict(ids, lengths=lengths), expected)
    assert engines.name == engine, engines.reasons
    with torch.inference_mode():
        assert_close(model(ids)[0], model.plain(ids)[0], **EXACT)
    with pytest.raises(IndexError):
        model(ids + 5)
