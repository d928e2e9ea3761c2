"""How the languages are found and told apart, and what a stranger's language needs to say."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from test_languages_oracles import CASES

import seqtasks as st
import seqtasks_languages
from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.randomness.streams import stream
from seqtasks.registry.find import task as find_task
from seqtasks.specs.bind import bind
from seqtasks.specs.grammar import parse_spec
from seqtasks_languages.automata import Automaton, RegularLanguage
from seqtasks_languages.brackets import brackets
from seqtasks_languages.dyck import Dyck
from seqtasks_languages.language import Language
from seqtasks_languages.shuffle_dyck import ShuffleDyck
from seqtasks_languages.tomita import Tomita

LEVELS = {
    "tomita": "regular",
    "reber": "regular",
    "embedded-reber": "regular",
    "dyck": "context-free",
    "anbn": "context-free",
    "anbncn": "context-sensitive",
    "shuffle-dyck": "context-sensitive",
}
DRAW = """
import importlib, numpy as np, seqtasks_languages
def register(name, target, summary, *, family, level):
    module, _, attribute = target.partition(":")
    cls = getattr(importlib.import_module(module), attribute)
    for mode in ("predict", "recognise"):
        task = cls(mode=mode)
        task.batch(np.random.default_rng(0), 5, task.lengths.at_least(10))
seqtasks_languages.register_tasks(register)
"""


@dataclass(frozen=True)
class Multiples(Language):
    """Bits with a number of 1s that is a multiple of `divisor`; fair but for the last ones."""

    divisor: int

    inputs = st.Tokens("01")
    lengths = st.AllowedLengths(2)

    def members(self, rng, batch_size, length):
        drawn = rng.integers(2, size=(batch_size, length))
        wrong = drawn.sum(1) % self.divisor != 0
        drawn[wrong] = 0
        return drawn

    def start(self, batch_size):
        return np.zeros(batch_size, dtype=np.int64)

    def legal(self, state):
        yes = np.ones(len(state), dtype=bool)
        return np.stack([yes, yes, state == 0], axis=-1)

    def advance(self, state, symbols):
        return (state + symbols) % self.divisor


class NoDoubleC(RegularLanguage):
    """Letters without two cs in a row, by an automaton."""

    inputs = st.Tokens("abc")
    lengths = st.AllowedLengths(2)
    automaton = Automaton(inputs, [{"a": 0, "b": 0, "c": 1}, {"a": 0, "b": 0}], [0, 1])


class Everything(Multiples):
    """A language that forgets to forbid something."""

    divisor: ClassVar[int] = 1

    def __init__(self, mode):
        object.__setattr__(self, "mode", mode)


def test_each_language_is_registered_with_its_family_and_level():
    found = {}

    def register(name, target, summary="", *, family="", level=""):
        assert summary
        assert family == "languages"
        found[name] = level

    seqtasks_languages.register_tasks(register)
    assert found == LEVELS


@pytest.mark.parametrize("name", CASES)
def test_each_language_has_a_source_and_settings_for_lengths_it_has(name):
    for mode in ("predict", "recognise"):
        task = CASES[name].make(mode)
        assert task.source
        assert task.__doc__
        experiment = Experiment.for_task(task)
        assert task.lengths.within(experiment.length_range)
        for length in experiment.evaluation_lengths:
            assert length in task.lengths


def test_parameters_are_read_from_a_spec():
    def made(cls, text):
        return cls(**bind(parse_spec(text), cls))

    assert made(Dyck, "dyck:kinds=3,depth=4,mode=recognise") == Dyck(3, 4, mode="recognise")
    assert made(Tomita, "tomita:number=7") == Tomita(7)
    with pytest.raises(UsageError, match=r"number must be one of 1\|2\|3\|4\|5\|6\|7, got '8'"):
        made(Tomita, "tomita:number=8")
    with pytest.raises(UsageError, match=r"mode must be one of recognise\|predict, got 'guess'"):
        made(Dyck, "dyck:mode=guess")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Dyck(mode="guess"), "mode must be one of recognise, predict, got 'guess'"),
        (lambda: Dyck(kinds=0), "kinds must be at least 1, got 0"),
        (lambda: Dyck(kinds=10**9), "kinds must be at most 1000, got 1000000000"),
        (lambda: ShuffleDyck(kinds=10**20), "kinds must be at most 1000"),
        (lambda: Dyck(depth=0), "depth must be at least 1, got 0"),
        (lambda: ShuffleDyck(kinds=-1), "kinds must be at least 1, got -1"),
        (lambda: Tomita(8), "number must be one of 1 to 7, got 8"),
    ],
)
def test_parameters_that_make_no_language_are_refused(make, says):
    with pytest.raises(UsageError, match=says):
        make()


def test_brackets_of_many_kinds_are_numbered():
    assert brackets(4).symbols == tuple("()[]{}<>")
    assert brackets(5).symbols[:4] == ("(0", ")0", "(1", ")1")
    task = Dyck(kinds=6, depth=3)
    batch = task.batch(stream(0, "test"), 4, 10)
    assert batch.targets.shape == (4, 10, 13)


@pytest.mark.parametrize("depth", [1, 3, 300])
def test_brackets_are_as_deep_as_allowed_and_no_deeper(depth):
    drawn = Dyck(depth=depth).generate(stream(0, "test"), 2_000, 12)
    height = np.where(drawn % 2 == 0, 1, -1).cumsum(axis=1)
    assert height.max() == min(depth, 6)


@pytest.mark.parametrize(
    "make", [lambda mode: Multiples(3, mode=mode), lambda m: NoDoubleC(mode=m)]
)
def test_a_strangers_language_is_predicted_and_recognised(make):
    for mode in ("predict", "recognise"):
        task = find_task(make(mode))
        for length in (5, 40):
            batch = task.batch(stream(1, "test"), 300, length)
            assert batch.inputs.shape == (300, length)
            inside = task.contains(batch.inputs)
            if mode == "predict":
                assert inside.all()
                assert batch.targets[:, -1, -1].all()
            else:
                assert 100 < inside.sum() < 200
                assert np.array_equal(batch.targets[:, -1], inside)


def test_a_strangers_language_is_trained_on():
    for mode in ("predict", "recognise"):
        result = st.run(Multiples(2, mode=mode), steps=5, length="4", evaluation_lengths=(4,))
        assert 0 <= result.metrics[4]["token_accuracy"] <= 1


def test_a_strangers_answers_are_those_of_its_definition():
    strings = np.array([[0, 1, 1, 1], [1, 0, 1, 0]])
    task = Multiples(divisor=2)
    words = [task.targets.words(row) for row in task.encode(strings)]
    assert words == [
        ["{0,1,END}", "{0,1}", "{0,1,END}", "{0,1}"],
        ["{0,1}", "{0,1}", "{0,1,END}", "{0,1,END}"],
    ]
    words = NoDoubleC.inputs.encode("accab")
    task = NoDoubleC()
    assert task.targets.words(task.encode(words[None])[0]) == ["{a,b,c,END}", "{a,b,END}", *"..."]
    assert task.domain_size(3) == 22


def test_a_language_without_near_misses_says_so():
    with pytest.raises(
        UsageError, match="Everything has next to no near misses of length 3 outside"
    ):
        Everything("recognise").batch(stream(0, "test"), 3, 3)


@pytest.mark.parametrize("method", ["members", "start", "legal", "advance"])
def test_a_language_that_leaves_something_out_is_told_what(method):
    class Unfinished(Language):
        inputs = st.Tokens("ab")

    arguments = {"members": 3, "start": 1, "legal": 1, "advance": 2}[method] * [None]
    with pytest.raises(NotImplementedError, match=f"Unfinished does not define {method}"):
        getattr(Unfinished(), method)(*arguments)


@pytest.mark.parametrize("code", ["import seqtasks_languages", DRAW])
def test_languages_are_drawn_from_without_torch(python, code):
    done = python("-c", f"{code}\nimport sys; print('torch' in sys.modules)")
    assert (done.stdout, done.stderr) == ("False\n", "")
