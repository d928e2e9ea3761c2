"""Errors go from process to process whole, so that one does not break a pool of workers."""

import copy
import importlib
import importlib.util
import multiprocessing
import pickle
import pkgutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

import seqtasks as st
from seqtasks.engine.native.emit.boxes import IrregularError
from seqtasks.errors import RunInterruptedError, SeqtasksError
from seqtasks.specs.grammar import SpecError, parse_spec


def all_errors():
    """Return every class of error that the package defines."""
    for module in pkgutil.walk_packages(st.__path__, "seqtasks."):
        of_an_extra = module.name.rpartition(".")[2].startswith("jax_")
        of_an_extra |= ".reports" in module.name and importlib.util.find_spec("altair") is None
        if not module.name.endswith("__main__") and not of_an_extra:
            importlib.import_module(module.name)
    found, left = [], [Exception]
    while left:
        cls = left.pop()
        left += cls.__subclasses__()
        if cls.__module__.startswith("seqtasks."):
            found.append(cls)
    return found


def raised(cls):
    if cls is RunInterruptedError:
        return cls("stopped at step 5", 15, Path("runs/mine"))
    if issubclass(cls, SpecError):
        return cls("bitshift:shft=2", 9, "no such parameter")
    if cls is IrregularError:
        return cls(1, 3)
    return cls("what went wrong")


def same(found, error):
    assert type(found) is type(error)
    assert (str(found), found.args, vars(found)) == (str(error), error.args, vars(error))
    return True


def test_every_error_goes_through_pickle_and_copies_with_all_its_attributes():
    errors = [raised(cls) for cls in all_errors()]
    assert {RunInterruptedError, SpecError} < {type(error) for error in errors}
    for error in errors:
        error.add_note("where it was")
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            assert same(pickle.loads(pickle.dumps(error, protocol)), error)
        assert same(copy.copy(error), error)
        assert same(copy.deepcopy(error), error)


def test_an_error_that_was_raised_is_still_the_same_elsewhere():
    with pytest.raises(SpecError) as caught:
        parse_spec("bitshift:shift=2,shift=3")
    found = pickle.loads(pickle.dumps(caught.value))
    assert same(found, caught.value)
    assert found.exit_code == 2


class OfAPluginError(SeqtasksError):
    def __init__(self, *, wanted, found):
        super().__init__(f"wanted {wanted}, found {found}")
        self.wanted, self.found = wanted, found


def test_an_error_of_a_plugin_goes_too():
    found = pickle.loads(pickle.dumps(OfAPluginError(wanted=1, found=2)))
    assert same(found, OfAPluginError(wanted=1, found=2))


def train(number):
    stop = (lambda: number) if number else (lambda: 0)
    return st.run("parity", cell="concat", steps=4, evaluation_lengths=(5,), stop=stop)


@pytest.mark.parametrize("method", [pytest.param("spawn", marks=pytest.mark.slow), "forkserver"])
def test_a_run_that_is_stopped_in_a_pool_leaves_the_pool_whole(method):
    st.run("parity", cell="concat", steps=2)  # torch has been at work here
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        first, stopped, last = (pool.submit(train, number) for number in (0, 15, 0))
        with pytest.raises(RunInterruptedError) as caught:
            stopped.result(timeout=120)
        assert (caught.value.signal_number, caught.value.exit_code) == (15, 143)
        assert first.result(timeout=120).metrics == last.result(timeout=120).metrics
