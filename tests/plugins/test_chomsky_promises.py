"""What holds for all fifteen Chomsky tasks: registration, lengths, settings, equal bytes for seeds.

The digests in chomsky_digests.json are of what earlier versions drew. To write them anew, because
a task's definition was changed on purpose, run this file: python test_chomsky_promises.py
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from test_chomsky_oracles import ORACLES

import seqtasks_chomsky
from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.randomness.streams import stream
from seqtasks.tasks.alphabets import IGNORE, Tokens

DIGESTS = Path(__file__).with_name("chomsky_digests.json")
DIGEST_LENGTHS = (5, 39, 499)
SHAPES = {
    "parity-check": ("01", "01", "end", 1),
    "even-pairs": ("01", "01", "end", 1),
    "cycle-navigation": ("-1 0 +1", "01234", "end", 1),
    "modular-arithmetic": ("01234+-*_", "01234", "end", 1),
    "modular-arithmetic-brackets": ("01234+-*()x", "01234", "end", 1),
    "solve-equation": ("01234+-()x=", "01234", "end", 3),
    "reverse-string": ("01", "01", "after", 1),
    "stack-manipulation": ("0 1 POP PUSH0 PUSH1", "0 1 END", "after", 2),
    "duplicate-string": ("01", "01", "after", 1),
    "missing-duplicate": ("01x-", "01", "end", 2),
    "odds-first": ("01", "01", "after", 1),
    "binary-addition": ("01+", "0 1 END", "after", 3),
    "binary-multiplication": ("01*", "0 1 END", "after", 3),
    "compute-sqrt": ("01", "01", "after", 1),
    "bucket-sort": ("01234", "01234", "after", 1),
}
ANSWER_LENGTHS = {
    "reverse-string": lambda n: n,
    "stack-manipulation": lambda n: n + 1,
    "duplicate-string": lambda n: 2 * n,
    "odds-first": lambda n: n,
    "binary-addition": lambda n: n + 1,
    "binary-multiplication": lambda n: n,
    "compute-sqrt": lambda n: -(-n // 2),
    "bucket-sort": lambda n: n,
}
LEVELS = {"regular": 4, "context-free": 4, "context-sensitive": 7}


def digest(name, length):
    """Return a digest of the instances that one stream gives at a length, and their targets."""
    batch = ORACLES[name][0].batch(stream(7, "training", 0, length), 64, length)
    octets = [array.astype("<i8").tobytes() for array in (batch.inputs, batch.targets)]
    return hashlib.sha256(b"".join(octets)).hexdigest()[:16]


def all_digests():
    return {name: {str(n): digest(name, n) for n in DIGEST_LENGTHS} for name in ORACLES}


def test_the_same_seed_draws_the_same_instances_as_in_earlier_versions():
    assert all_digests() == json.loads(DIGESTS.read_text())


def test_all_fifteen_tasks_are_registered_lazily_with_family_and_level():
    found = {}

    def register(name, target, summary="", *, family="", level=""):
        found[name] = target, summary, family, level

    seqtasks_chomsky.register_tasks(register)
    assert sorted(found) == sorted(ORACLES) == sorted(SHAPES)
    for name, (target, summary, family, _) in found.items():
        module, _, attribute = target.partition(":")
        assert (module, attribute) == (
            type(ORACLES[name][0]).__module__,
            type(ORACLES[name][0]).__name__,
        )
        assert summary
        assert "\n" not in summary
        assert family == "chomsky"
    levels = [level for _, _, _, level in found.values()]
    assert {level: levels.count(level) for level in levels} == LEVELS


@pytest.mark.parametrize("name", SHAPES)
def test_alphabets_layouts_and_shortest_lengths_are_those_of_the_definitions(name):
    task, _ = ORACLES[name]
    inputs, targets, layout, shortest = SHAPES[name]
    assert task.inputs == Tokens(inputs.split() if " " in inputs else inputs)
    assert task.targets == Tokens(targets.split() if " " in targets else targets)
    assert (task.layout, task.lengths.minimum) == (layout, shortest)
    assert "Chomsky Hierarchy" in task.source
    assert task == type(task)()


@pytest.mark.parametrize("name", SHAPES)
def test_a_generator_serves_many_calls_at_changing_lengths(name):
    task, rng = ORACLES[name][0], np.random.default_rng(5)
    shortest = task.lengths.minimum
    drawn = [task.generate(rng, 64, length) for length in (11, 499, 11, shortest)]
    assert [array.shape for array in drawn] == [(64, 11), (64, 499), (64, 11), (64, shortest)]
    assert all(array.dtype == np.uint8 for array in drawn)
    assert not np.array_equal(drawn[0], drawn[2])


@pytest.mark.parametrize("name", SHAPES)
def test_answers_have_the_length_of_the_definition_and_are_scored_up_to_end(name):
    task, _ = ORACLES[name]
    for length in (task.lengths.minimum, 3, 39, 499):
        batch = task.batch(stream(0, "test"), 16, length)
        if task.layout == "end":
            assert batch.targets.shape == (16, length)
            assert (batch.scored.sum(axis=1) == 1).all()
            continue
        answers = batch.targets[:, length:]
        assert answers.shape[1] == ANSWER_LENGTHS[name](length)
        if "END" not in task.targets.symbols:
            assert (answers != IGNORE).all()
            continue
        ends = (answers == 2).argmax(axis=1)
        assert ((answers == 2).sum(axis=1) == 1).all()
        assert ((answers == IGNORE) == (np.arange(answers.shape[1]) > ends[:, None])).all()


REFUSED = {
    "modular-arithmetic": ((0, 2, 40, 500), "odd lengths from 1"),
    "solve-equation": ((0, 1, 2), "lengths from 3"),
    "stack-manipulation": ((0, 1), "lengths from 2"),
    "missing-duplicate": ((0, 1), "lengths from 2"),
    "binary-addition": ((0, 1, 2), "lengths from 3"),
    "binary-multiplication": ((0, 1, 2), "lengths from 3"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_length_the_task_cannot_have_is_an_error_that_says_so(name):
    task, _ = ORACLES[name]
    lengths, rule = REFUSED.get(name, ((0,), "lengths from 1"))
    for length in lengths:
        with pytest.raises(UsageError, match=f"cannot have length {length}: it has {rule}$"):
            task.batch(stream(0, "test"), 3, length)


# What these tasks name as their cell learns them from gradients clipped closer than the paper's.
CLIPPED_CLOSER = (
    "parity-check",
    "even-pairs",
    "cycle-navigation",
    "modular-arithmetic",
    "modular-arithmetic-brackets",
    "solve-equation",
    "duplicate-string",
    "missing-duplicate",
    "odds-first",
    "binary-addition",
    "binary-multiplication",
    "compute-sqrt",
    "bucket-sort",
)

# What these tasks name as 1..40 is more than their cell learns within minutes.
TRAINED_SHORTER = {
    "modular-arithmetic-brackets": "1..9",
    "solve-equation": "3..15",
    "duplicate-string": "1..8",
    "odds-first": "1..10",
    "binary-addition": "3..10",
    "binary-multiplication": "3..8",
    "compute-sqrt": "1..10",
}


@pytest.mark.parametrize("name", SHAPES)
def test_settings_are_the_published_protocol_made_smaller(name):
    experiment = Experiment.for_task(ORACLES[name][0])
    clip = 0.1 if name in CLIPPED_CLOSER else 1.0
    length = TRAINED_SHORTER.get(name, "1..40")
    assert (experiment.length, experiment.batch_size, experiment.clip) == (length, 128, clip)
    assert (experiment.optimizer, experiment.loss_reduction) == ("adam", "sum")
    assert len(experiment.evaluation_lengths or ()) == 4


if __name__ == "__main__":
    DIGESTS.write_text(json.dumps(all_digests(), indent=2) + "\n")
