"""A model, or equal models, called by many threads at once: one program, and the right answers."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

import seqtasks as st
from seqtasks.engine.contract import chunked
from seqtasks.engine.native.execute import compiler
from seqtasks.engine.policy import choice

THREADS = 12


def model_of(engine: str) -> st.Model:
    torch.manual_seed(3)
    made = st.Model(torch.nn.Embedding(2, 5), st.cell("gru", 5, 5), st.readout("state", 5, 5, 2))
    made.use_engine(engine)
    return made


def answers_at_once(ask, number=THREADS):
    """Call a function from many threads that begin together; return what it gave each."""
    together = threading.Barrier(number)

    def call(index):
        together.wait(30)
        return ask(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(call, range(number)))


@pytest.fixture
def counted(monkeypatch):
    """Count how often each function was called, by its name."""
    calls = {"recorded": 0, "compiled": 0}

    def counting(name, function):
        def call(*arguments, **named):
            calls[name] += 1
            return function(*arguments, **named)

        return call

    monkeypatch.setattr(choice, "make_model_graph", counting("recorded", choice.make_model_graph))
    monkeypatch.setattr(compiler, "compiled", counting("compiled", compiler.compiled))
    return calls


@pytest.mark.parametrize("engine", ["native", "torch"])
def test_a_model_that_many_threads_call_at_once_gets_one_program(
    engine, counted, tmp_path, monkeypatch
):
    monkeypatch.setenv("SEQTASKS_CACHE", str(tmp_path))
    tmp_path.chmod(0o700)
    model = model_of(engine)
    ids = torch.randint(2, (THREADS, 6, 9), generator=torch.Generator().manual_seed(0))

    def ask(index):
        with torch.no_grad():
            return model(ids[index])[0]

    found = answers_at_once(ask)
    assert counted["recorded"] == 1
    assert counted["compiled"] == (engine == "native")
    for index, answer in enumerate(found):
        torch.testing.assert_close(answer, model.plain(ids[index])[0])


def test_equal_models_of_many_threads_are_compiled_once(counted, tmp_path, monkeypatch):
    monkeypatch.setenv("SEQTASKS_CACHE", str(tmp_path))
    tmp_path.chmod(0o700)
    models = [model_of("native") for _ in range(4)]
    ids = torch.randint(2, (6, 9), generator=torch.Generator().manual_seed(0))
    answers_at_once(lambda index: models[index](ids)[0].sum().backward(), 4)
    assert counted == {"recorded": 4, "compiled": 1}


def test_a_model_that_is_refused_is_refused_once(counted):
    class Sorts(torch.nn.Module):
        def forward(self, x):
            return torch.sort(x, dim=-1).values

    torch.manual_seed(3)
    model = st.Model(Sorts(), st.cell("gru", 5, 5), st.readout("state", 5, 5, 2))
    model.use_engine("auto")
    x = torch.randn(6, 9, 5)
    answers_at_once(lambda _: model(x)[0], 4)
    assert counted["recorded"] == 1


def test_memories_are_never_given_to_two_calls():
    idle = chunked.IdleMemories()
    program, other = object(), object()
    idle.give_back(program, {"a": 1})
    assert idle.take(program) == {"a": 1}
    assert idle.take(program) == {}
    idle.give_back(program, {"a": 1})
    assert idle.take(other) == {}
    assert idle.take(program) == {}
