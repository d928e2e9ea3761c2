"""A long table of tasks: each planted mistake fails exactly the check that one would expect."""

import os
import random
import sys
import types
from dataclasses import dataclass

import numpy as np
import pytest
from planted_tasks.answers import ANSWERS, Logs
from planted_tasks.inputs import INPUTS, GlobalNumPy, GlobalPython
from planted_tasks.itself import ITSELF
from planted_tasks.parameters import PARAMETERS
from planted_tasks.right import Listed, Right
from planted_tasks.scores import SCORES

import seqtasks as st
from seqtasks.testing import run_checks, task_checks
from seqtasks.testing.subjects import find_subject
from seqtasks.testing.tasks import workers

PLANTED = {**ITSELF, **INPUTS, **ANSWERS, **SCORES, **PARAMETERS}


def failures(thing, train=False):
    """Return the message of each check that fails, by the check's name."""
    subject = find_subject(thing)
    outcomes = run_checks(subject.thing, task_checks(subject.thing, train=train))
    return {one.check.name: one.message for one in outcomes if one.status == "failed"}


@pytest.mark.parametrize("task", PLANTED, ids=lambda cls: cls.__name__)
def test_a_mistake_fails_the_check_of_its_name_and_no_other(task):
    check, words = PLANTED[task]
    found = failures(task())
    assert list(found) == [check], found
    assert words in found[check]


@pytest.mark.parametrize("task", [Right, Listed, Logs], ids=lambda cls: cls.__name__)
def test_a_right_task_fails_no_check(task):
    outcomes = run_checks(task(), task_checks(task()))
    assert [one for one in outcomes if one.status == "failed"] == []
    skipped = {one.check.name for one in outcomes if one.status == "skipped"}
    listed = {"all-inputs-are-listed", "inputs-are-equally-likely"}
    assert skipped == {"solved-by-its-settings"} | (set() if task is Listed else listed)


TORCH = """
import numpy as np
import seqtasks as st
{top}

class Mine(st.Task):
    "Say each bit again."
    inputs = targets = st.Tokens("01")
    source = "our own"
    def generate(self, rng, batch_size, length):
        {inside}
        return rng.integers(2, size=(batch_size, length))
    def encode(self, inputs):
        return inputs
"""


@pytest.mark.parametrize(
    ("top", "inside", "expected"),
    [
        ("", "pass", []),
        ("import torch", "pass", ["imports-no-torch"]),
        ("from torch import nn", "pass", ["imports-no-torch"]),
        ("", "import torch", ["imports-no-torch"]),
        ("import torch\nclass Own(torch.nn.Module): pass", "pass", []),  # a cell lies beside it
        ("class Own(st.Cell): pass", "pass", []),
        ("import torch\nx = torch.zeros(1)", "pass", ["imports-no-torch"]),
        ("import torch as t\ndef f(): t.ones(1)", "t.ones(1)", ["imports-no-torch"]),
    ],
)
def test_a_task_that_imports_torch_is_found(tmp_path, top, inside, expected):
    path = tmp_path / "mine.py"
    path.write_text(TORCH.format(top=top, inside=inside))
    found = failures(f"{path}:Mine")
    assert list(found) == expected, found
    for message in found.values():
        assert "write the task in NumPy alone" in message


def skipped_with(thing):
    """Return the reason of each skipped check, by the check's name."""
    outcomes = run_checks(thing, task_checks(thing))
    assert [one for one in outcomes if one.status == "failed"] == []
    return {one.check.name: one.message for one in outcomes if one.status == "skipped"}


def test_a_class_that_no_other_process_can_import_is_not_tried_there(monkeypatch):
    module = types.ModuleType("made_here")
    monkeypatch.setitem(sys.modules, "made_here", module)
    for name, reason in (
        ("made_here", "there is no module made_here"),
        (__name__, f"{__name__} has no class Sometimes"),
    ):
        made = type("Sometimes", (Right,), {"__doc__": "Right.", "__module__": name})
        monkeypatch.setattr(sys.modules[name], "Sometimes", made, raising=False)
        found = skipped_with(made())
        for check in ("imports-no-torch", "same-in-other-processes"):
            assert found[check] == f"another process cannot import its class: {reason}"


def test_a_process_that_has_ended_is_started_anew():
    assert failures(Right()) == {}
    for _, process in workers._processes.values():
        process.kill()
        process.wait()
    assert failures(Right()) == {}


class EndsItsProcess(Right):
    """End every process but the one that asks."""

    asking = os.environ.setdefault("SEQTASKS_TEST_ASKING", str(os.getpid()))

    def encode(self, inputs):
        if self.asking != str(os.getpid()):
            os._exit(3)
        return super().encode(inputs)


def test_a_task_that_ends_its_process_is_told():
    found = failures(EndsItsProcess())
    assert set(found) == {"imports-no-torch"}
    assert "another process that makes the task ended" in found["imports-no-torch"]


def test_the_callers_random_states_stay_as_they_were():
    np.random.seed(5)
    random.seed(5)
    expected = np.random.random(), random.random()
    np.random.seed(5)
    random.seed(5)
    for task in (Right, GlobalNumPy, GlobalPython):
        failures(task())
    assert (np.random.random(), random.random()) == expected


def test_each_check_is_tried_by_a_planted_mistake():
    tried = {check for check, _ in PLANTED.values()} | {"imports-no-torch"}
    elsewhere = {"speed-is-measured", "solved-by-its-settings"}
    assert tried == {check.name for check in task_checks(Right())} - elsewhere


@dataclass(frozen=True)
class Echo(Right):
    """Say each bit again."""

    settings = st.Settings(cell="concat", hidden_size=8, learning_rate=0.05, steps=400)

    def encode(self, inputs):
        return inputs


@dataclass(frozen=True)
class TooFewSteps(Echo):
    """Say each bit again, and learn it in two steps."""

    settings = st.Settings(cell="concat", hidden_size=8, learning_rate=1e-6, steps=2)


def test_settings_that_do_not_learn_the_task_are_found_by_training():
    assert failures(Echo(), train=True) == {}
    found = failures(TooFewSteps(), train=True)
    assert list(found) == ["solved-by-its-settings"]
    assert "is not solved with cell concat after 2 steps" in found["solved-by-its-settings"]
    assert "more steps, a larger hidden_size" in found["solved-by-its-settings"]
