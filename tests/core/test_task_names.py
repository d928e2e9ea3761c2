"""A task knows the name it was made by, and messages call it so."""

import pickle
import sys

import numpy as np
import pytest

import seqtasks as st
from seqtasks.registry.discovery import Registry
from seqtasks.registry.references import short_name
from seqtasks_chomsky.regular import ModularArithmetic

NAME = "modular-arithmetic"
REFUSED = "cannot have length 8: it has odd lengths from 1"


def messages(task):
    """Return what is said of a length that the task cannot have, wherever it can be asked for."""
    attempts = (
        lambda: st.task(task).batch(np.random.default_rng(0), 2, 8),
        lambda: st.task(task).dataset(8, 2),
        lambda: st.task(task).with_ponder(1).batch(np.random.default_rng(0), 2, 8),
        lambda: st.Experiment(task=task, length="8"),
        lambda: st.Experiment(task=task, length="9", evaluation_lengths=(8,)),
        lambda: st.Experiment(task=task, length="9", score="8"),
        lambda: st.evaluate(None, task, "8"),
        lambda: st.evaluate_range(None, task, "8"),
    )
    for attempt in attempts:
        with pytest.raises(st.UsageError) as caught:
            attempt()
        yield str(caught.value)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: NAME, NAME),
        (lambda: st.task(NAME), NAME),
        (ModularArithmetic, "ModularArithmetic"),
    ],
)
def test_every_message_calls_a_task_by_the_name_it_was_made_by(make, name):
    assert set(messages(make())) == {f"{name} {REFUSED}"}


def test_a_task_from_a_file_is_called_by_its_class(tmp_path):
    code = "import seqtasks_chomsky.regular as r\nclass Mine(r.ModularArithmetic):\n    pass\n"
    (tmp_path / "own.py").write_text(code)
    assert set(messages(f"{tmp_path}/own.py:Mine")) == {f"Mine {REFUSED}"}


def test_the_name_is_no_part_of_what_a_task_is():
    named, direct = st.task(NAME), ModularArithmetic()
    assert (named.known_as, direct.known_as) == (NAME, "ModularArithmetic")
    assert named == direct
    assert repr(named) == repr(direct)
    assert hash(named) == hash(direct)
    assert pickle.loads(pickle.dumps(named)).known_as == NAME


def test_a_task_registered_ready_made_is_left_as_it_is(site, monkeypatch):
    site.plugin(
        "ready",
        "from seqtasks_chomsky.regular import ModularArithmetic\n"
        "made = ModularArithmetic()\n"
        "@hookimpl\ndef register_tasks(register):\n"
        "    register('one-name', made)\n    register('other-name', made)\n",
    )
    monkeypatch.setattr("seqtasks.registry.discovery._current", Registry())
    one, other = st.task("one-name"), st.task("other-name")
    assert (one.known_as, other.known_as) == ("one-name", "other-name")
    assert sys.modules["ready_plugin"].made.known_as == "ModularArithmetic"


def test_parameters_are_no_part_of_the_name():
    assert st.task("bitshift:shift=2").known_as == "bitshift"


def test_a_run_is_named_after_the_task_as_it_was_made():
    assert short_name(st.task(NAME)) == NAME
    assert short_name(ModularArithmetic()) == "modulararithmetic"
