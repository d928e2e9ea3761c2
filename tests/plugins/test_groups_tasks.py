"""The tasks of state tracking against readers that take one symbol at a time.

`python tests/plugins/test_groups_tasks.py` writes groups_digests.json anew, which is right only
where draws were meant to change.
"""

import functools
import hashlib
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from grids import first_part_quick

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.randomness.streams import stream
from seqtasks.registry.discovery import current_registry
from seqtasks.registry.find import task as find_task

DIGESTS = Path(__file__).with_name("groups_digests.json")


SHORT = range(1, 11)


LONG = sorted({*range(11, 500, 21), 16, 17, 64, 127, 128, 129, 255, 256, 257, 500})


@functools.cache
def arranged(cycles):
    """Return where each of five points is taken, by the text of cycles."""
    return {
        int(a): int(b)
        for cycle in cycles.strip("e()").split(")(")
        for a, b in zip(cycle, cycle[1:] + cycle[:1], strict=True)
    }


@functools.cache
def moved(tokens, word):
    """Return where five tokens are after a permutation."""
    return tuple(arranged(word).get(place, place) for place in tokens)


@functools.cache
def names_of(symbols, start, move):
    """Return the symbol of each element, by what its move makes of the start."""
    return {move(start, symbol): symbol for symbol in symbols}


def permuted(words, task):
    """Move five tokens about; return for each time the element that brings them there."""
    start = (1, 2, 3, 4, 5)
    names = names_of(task.targets.symbols, start, moved)
    tokens, said = start, []
    for word in words:
        tokens = moved(tokens, word)
        said.append(names[tokens])
    return said


def summed(words, task):
    """Add digits with Python's whole numbers."""
    total, said = 0, []
    for word in words:
        total += int(word)
        said.append(str(total % task.targets.size))
    return said


QUATERNIONS = {
    "1": ((1, 0), (0, 1)),
    "i": ((1j, 0), (0, -1j)),
    "j": ((0, 1), (-1, 0)),
    "k": ((0, 1j), (1j, 0)),
}


TURN, FLIP = ((0, -1), (1, 0)), ((1, 0), (0, -1))


def times(left, right):
    """Return the product of two matrices of two by two."""
    (a, b), (c, d) = left
    (e, f), (g, h) = right
    return ((a * e + b * g, a * f + b * h), (c * e + d * g, c * f + d * h))


def matrix(word):
    """Return the matrix that stands for an element of Q8 or D4."""
    if word.strip("-") in QUATERNIONS:
        sign = -1 if word[0] == "-" else 1
        return tuple(tuple(sign * number for number in row) for row in QUATERNIONS[word.strip("-")])
    result, turns, flips = ((1, 0), (0, 1)), 0, word.count("s")
    if word[0] == "r":
        turns = int(word.strip("rs") or 1)
    for factor in [TURN] * turns + [FLIP] * flips:
        result = times(result, factor)
    return result


@functools.cache
def multiplied(result, word):
    """Return the product of a matrix and that of an element."""
    return times(result, matrix(word))


def by_matrices(words, task):
    """Multiply matrices that stand for the elements."""
    start = ((1, 0), (0, 1))
    names = names_of(task.targets.symbols, start, multiplied)
    result, said = start, []
    for word in words:
        result = multiplied(result, word)
        said.append(names[result])
    return said


@functools.cache
def arrows_of(task):
    """Return the state that each state and symbol lead to, drawn as the definition says."""
    rng = stream(task.machine, "permutations", task.states, task.symbols)
    while True:
        drawn = [rng.permutation(task.states).tolist() for _ in task.inputs.symbols]
        reached, before = {0}, set()
        while reached != before:
            before = set(reached)
            reached |= {arrows[state] for arrows in drawn for state in before}
        if len(reached) == task.states:
            break
    return [
        {symbol: arrows[state] for symbol, arrows in zip(task.inputs.symbols, drawn, strict=True)}
        for state in range(task.states)
    ]


def walked(words, task):
    """Go along the arrows of the automaton."""
    arrows, state, said = arrows_of(task), 0, []
    for word in words:
        state = arrows[state][word]
        said.append(str(state))
    return said


TASKS = {
    "group-word": permuted,
    **{f"group-word:group={name}": permuted for name in ("S3", "S4", "A4", "S5")},
    "group-word:group=S5,generators=[(12),(12345)]": permuted,
    "group-word:group=A5,generators=[(1,2,3),(345),e]": permuted,
    **{f"group-word:group={name}": summed for name in ("Z2", "Z5", "Z60")},
    "group-word:group=Z60,generators=[1,59]": summed,
    **{f"group-word:group={name}": by_matrices for name in ("D4", "Q8")},
    "group-word:group=Q8,generators=[i,-j]": by_matrices,
    "modular-sum": summed,
    "modular-sum:modulus=2": summed,
    "modular-sum:modulus=1000": summed,
    "automaton": walked,
    "automaton:states=300,symbols=27,machine=5": walked,
    "automaton:states=2,symbols=1,machine=1": walked,
}


def agrees(task, oracle, batch):
    """Say whether every answer of a batch is the oracle's."""
    for inputs, targets in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
        words = [task.inputs.symbols[index] for index in inputs]
        assert [task.targets.symbols[index] for index in targets] == oracle(words, task), words
    return True


@first_part_quick(4)
@pytest.mark.parametrize("spec", TASKS)
def test_answers_to_drawn_inputs_of_lengths_up_to_500_are_those_of_a_slow_reader(spec, part):
    task = find_task(spec)
    for length in (*SHORT, *LONG)[part::4]:
        count = 100 if length in SHORT else 40
        assert agrees(task, TASKS[spec], task.batch(stream(3, "test", length), count, length))


@pytest.mark.parametrize("spec", TASKS)
def test_answers_to_every_short_input_are_those_of_a_slow_reader(spec):
    task = find_task(spec)
    for length in range(1, 7):
        if task.domain_size(length) > 4000:
            break
        every = itertools.product(range(task.inputs.size), repeat=length)
        inputs = task.enumerate(length)
        assert inputs.tolist() == [list(ids) for ids in every]
        assert len(inputs) == task.domain_size(length)
        assert agrees(task, TASKS[spec], task.batch_of(inputs))


def test_a_sum_is_a_word_in_a_cyclic_group():
    inputs = np.random.default_rng(0).integers(60, size=(50, 70))
    expected = find_task("group-word:group=Z60").encode(inputs)
    assert np.array_equal(find_task("modular-sum:modulus=60").encode(inputs), expected)


def test_generators_restrict_the_inputs_in_the_order_given_and_not_the_answers():
    task = find_task("group-word:group=S3,generators=[(231),(1,2)]")
    assert task.inputs.symbols == ("(123)", "(12)")
    assert task.targets.symbols == find_task("group-word:group=S3").targets.symbols


def fits_evenly(ids, size):
    """Say whether ids come equally often: chi-square within five of its deviations."""
    counts = np.bincount(np.ravel(ids), minlength=size)
    expected = np.size(ids) / size
    freedom = size - 1
    return ((counts - expected) ** 2 / expected).sum() < freedom + 5 * math.sqrt(2 * freedom)


@pytest.mark.parametrize(
    "spec", ["group-word", "group-word:group=S5,generators=[(12),(12345)]", "modular-sum"]
)
def test_symbols_are_even_and_depend_on_no_neighbour(spec):
    task = find_task(spec)
    inputs = task.batch(stream(1, "test"), 20_000, 9).inputs
    size = task.inputs.size
    assert all(fits_evenly(inputs[:, place], size) for place in range(9))
    assert fits_evenly(inputs[:, 3] * size + inputs[:, 4], size**2)
    assert fits_evenly(inputs[1:, 0] * size + inputs[:-1, 8], size**2)


@pytest.mark.parametrize("spec", ["group-word", "group-word:group=Q8", "modular-sum"])
def test_with_every_element_in_the_alphabet_the_answers_are_even(spec):
    task = find_task(spec)
    targets = task.batch(stream(1, "test"), 20_000, 9).targets
    assert all(fits_evenly(targets[:, place], task.targets.size) for place in range(9))


def test_encoding_leaves_the_inputs_as_they_are_and_takes_any_type_of_ids():
    for spec in ("group-word", "modular-sum:modulus=256", "automaton"):
        task = find_task(spec)
        inputs = task.generate(stream(0, "test"), 8, 300)
        before = inputs.copy()
        assert np.array_equal(task.encode(inputs), task.encode(inputs.astype(np.int64)))
        assert np.array_equal(inputs, before)


@pytest.mark.parametrize("spec", TASKS)
def test_a_generator_serves_many_calls_at_changing_lengths(spec):
    task, rng = find_task(spec), np.random.default_rng(5)
    drawn = [task.generate(rng, 16, length) for length in (20, 500, 20, 1)]
    assert [inputs.shape for inputs in drawn] == [(16, 20), (16, 500), (16, 20), (16, 1)]
    assert task.inputs.size == 1 or not np.array_equal(drawn[0], drawn[2])


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("group-word:group=S7", r"group must be one of Z2\|Z5\|Z60.*, got 'S7'"),
        ("group-word:group=A5,generators=[(12)]", r"'\(12\)' is no element of A5, which has 60"),
        ("group-word:group=S3,generators=[(12),(21)]", r"each generator may come once.*\(12\)"),
        ("modular-sum:modulus=1", "modulus must be a whole number from 2 to 1000, got 1"),
        ("automaton:states=0", "states must be a whole number from 1 to 1000, got 0"),
        ("automaton:machine=-1", "machine must be a whole number from 0 to .*, got -1"),
    ],
)
def test_parameters_that_do_not_fit_are_errors_that_say_so(spec, message):
    with pytest.raises(UsageError, match=message):
        find_task(spec)


@pytest.mark.parametrize("name", ["automaton", "group-word", "modular-sum"])
def test_each_task_is_registered_and_has_lengths_from_one(name):
    entry = current_registry().entry("task", name)
    assert (entry.family, bool(entry.summary)) == ("groups", True)
    task = find_task(name)
    assert task.source
    assert Experiment.for_task(name).evaluation_lengths
    with pytest.raises(UsageError, match="cannot have length 0: it has lengths from 1"):
        task.batch(stream(0, "test"), 3, 0)


def digests():
    """Return the starts of the digests of batches of every spec at a short and a long length."""
    found = {}
    for spec, length in itertools.product(TASKS, (1, 30, 500)):
        batch = find_task(spec).batch(stream(7, "training", 0, length), 64, length)
        octets = batch.inputs.astype("<i8").tobytes() + batch.targets.astype("<i8").tobytes()
        found[f"{spec} at {length}"] = hashlib.sha256(octets).hexdigest()[:16]
    return found


def test_the_same_seed_draws_the_same_instances_as_in_earlier_versions():
    assert digests() == json.loads(DIGESTS.read_text())


if __name__ == "__main__":
    DIGESTS.write_text(json.dumps(digests(), indent=2) + "\n")
