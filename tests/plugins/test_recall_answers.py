"""The answers of the recall tasks against slow readers that take one instance symbol by symbol."""

import functools
import itertools

import numpy as np
import pytest
from grids import first_part_quick
from test_memory_answers import counts_of

from seqtasks.randomness.streams import stream
from seqtasks.registry.find import task as find_task


def mqar(words, task):
    """Write the pairs down, and look every later word up."""
    told, said = {}, []
    for place, word in enumerate(words):
        if place < 2 * task.pairs:
            if place % 2:
                told[words[place - 1]] = word
            said.append(".")
        else:
            said.append(told.get(word, "."))
    return said


def in_context(words, task):
    """Go through the pairs with a dictionary of what was told so far."""
    told, said = {}, []
    for place, word in enumerate(words):
        if place % 2:
            if words[place - 1].startswith("k"):
                told[words[place - 1]] = word
            said.append(".")
        else:
            said.append(told.get(word, "."))
    return said


@functools.cache
def learned_by_heart(task):
    """Return the map: to the keys in their order, the values sorted by a number drawn for each."""
    keys = [symbol for symbol in task.inputs.symbols if symbol.startswith("k")]
    values = task.targets.size
    draws = stream(task.map_seed, "memorization map").integers(2**63, size=values).tolist()
    order = sorted(range(values), key=draws.__getitem__)
    return {f"k{key}": f"v{order[key]}" for key in range(len(keys))}


def memorization(words, task):
    """Look each key up that stands before a mark."""
    known = learned_by_heart(task)
    return [
        known[before] if word == "?" else "."
        for before, word in zip(["", *words[:-1]], words, strict=True)
    ]


def fuzzy(words, task):
    """Cut the words into keys and values, and remember which value each key has."""
    runs = [(kind, list(run)) for kind, run in itertools.groupby(words, key=lambda word: word[0])]
    said = ["."] * len(runs.pop(0)[1]) if runs[0][0] == "-" else []
    if len(runs) % 2:
        runs.append(("v", []))  # the value asked for may have but the symbol that is missing
    told = {}
    for number in range(0, len(runs), 2):
        (kind, key), (following, value) = runs[number : number + 2]
        assert (kind, following) == ("k", "v")
        assert len(key) == len(set(key)) <= task.key_motif_size
        known = told.get(tuple(key))
        last = number + 2 == len(runs)
        if last:
            assert known is not None
            assert value == known[:-1]
            value = known
        elif known is not None:
            assert value == known
        assert len(value) == len(set(value)) <= task.value_motif_size
        told[tuple(key)] = value
        said += ["."] * (len(key) - 1)
        said += ["."] * (len(value) + 1) if known is None else [*value, "."]
    return said[:-1]  # the symbol that is missing has no step of its own


def compression(words, task):
    """Say everything again."""
    return ["."] * len(words) + words


TASKS = {
    "mqar": mqar,
    "mqar:random_filler=true": mqar,
    "mqar:random_filler=true,vocabulary_size=10,pairs=3,power_a=1": mqar,
    "mqar:vocabulary_size=8192,pairs=16": mqar,
    "mqar:vocabulary_size=4,pairs=1,power_a=2": mqar,
    "in-context-recall": in_context,
    "in-context-recall:vocabulary_size=2": in_context,
    "in-context-recall:vocabulary_size=129": in_context,
    "in-context-recall:vocabulary_size=1000": in_context,
    "noisy-recall": in_context,
    "noisy-recall:frac_noise=0.8,vocabulary_size=48": in_context,
    "noisy-recall:frac_noise=1,vocabulary_size=3,noise_vocabulary_size=1": in_context,
    "noisy-recall:frac_noise=0": in_context,
    "fuzzy-recall": fuzzy,
    "fuzzy-recall:vary_keys=false": fuzzy,
    "fuzzy-recall:vocabulary_size=128": fuzzy,
    "fuzzy-recall:vocabulary_size=5,key_motif_size=2,value_motif_size=1": fuzzy,
    "fuzzy-recall:vocabulary_size=3,key_motif_size=1,value_motif_size=1": fuzzy,
    "fuzzy-recall:vocabulary_size=1000,key_motif_size=5,value_motif_size=4": fuzzy,
    "memorization": memorization,
    "memorization:vocabulary_size=8192,map_seed=1": memorization,
    "memorization:vocabulary_size=3": memorization,
    "compression": compression,
    "compression:vocabulary_size=128": compression,
}


def agrees(task, oracle, batch):
    """Say whether every answer of a batch is the oracle's."""
    blanks = batch.inputs.shape[1] // 2 if task.layout == "after" else 0
    length = batch.inputs.shape[1] - blanks
    for inputs, targets in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
        words = task.inputs.words(inputs[:length])
        assert task.targets.words(targets) == oracle(words, task), words
    return True


@first_part_quick(4)
@pytest.mark.parametrize("spec", TASKS)
def test_answers_to_drawn_inputs_of_lengths_up_to_500_are_those_of_a_slow_reader(spec, part):
    task = find_task(spec)
    for length, count in list(counts_of(task).items())[part::4]:
        assert agrees(task, TASKS[spec], task.batch(stream(3, "test", length), count, length))


def every_in_context(keys, values, noise, pairs):
    """Yield the inputs of so many pairs and a key that has been seen."""
    noises = [f"n{a} n{b}" for a in range(noise) for b in range(noise)]
    for table in itertools.product(range(values), repeat=keys):
        told = [f"k{key} v{value}" for key, value in enumerate(table)]
        for chosen in itertools.product(told + noises, repeat=pairs):
            for pair in sorted(set(chosen) - set(noises)):
                yield f"{' '.join(chosen)} {pair.split()[0]}"


def every_mqar(length):
    """Yield the inputs of two pairs of three keys and values, and queries among filler."""
    for keys in itertools.permutations(("k1", "k2", "k3"), 2):
        for values in itertools.permutations(("v0", "v1", "v2"), 2):
            for rest in itertools.product(("-", *keys, "v1"), repeat=length - 4):
                yield " ".join((keys[0], values[0], keys[1], values[1], *rest))


def every_fuzzy(pads, pairs):
    """Yield the inputs of keys and values of one or two symbols of two."""
    sides = {
        side: [(f"{side}0",), (f"{side}1",), (f"{side}0", f"{side}1"), (f"{side}1", f"{side}0")]
        for side in "kv"
    }
    for keys in itertools.product(sides["k"], repeat=pairs):
        for values in itertools.product(sides["v"], repeat=pairs):
            told = dict(zip(keys, values, strict=True))
            written = [word for key in keys for word in (*key, *told[key])]
            for key in told:
                yield " ".join(["-"] * pads + written + [*key, *told[key][:-1]])


EVERY = {
    "mqar:vocabulary_size=8,pairs=2": lambda: every_mqar(8),
    "in-context-recall:vocabulary_size=4": lambda: [
        *every_in_context(2, 2, 0, 1),
        *every_in_context(2, 2, 0, 4),
    ],
    "noisy-recall:vocabulary_size=6,noise_vocabulary_size=2": lambda: [
        *every_in_context(2, 2, 2, 1),
        *every_in_context(2, 2, 2, 3),
    ],
    "fuzzy-recall:vocabulary_size=5,key_motif_size=2,value_motif_size=2": lambda: [
        *every_fuzzy(0, 1),
        *every_fuzzy(3, 1),
        *every_fuzzy(0, 2),
        *every_fuzzy(1, 3),
    ],
}


@pytest.mark.parametrize("spec", EVERY)
def test_answers_to_every_small_input_are_those_of_a_slow_reader(spec):
    task = find_task(spec)
    texts = dict.fromkeys(EVERY[spec]())
    assert len(texts) > 100
    for text in texts:
        oracle = TASKS[spec.partition(":")[0]]
        assert agrees(task, oracle, task.batch_of(task.inputs.encode(text)[None]))


@pytest.mark.parametrize(
    ("spec", "lengths"),
    [
        ("compression:vocabulary_size=4", range(2, 6)),
        ("memorization:vocabulary_size=8", range(2, 9, 2)),
    ],
)
def test_every_input_is_enumerated_once_and_its_answer_is_that_of_a_slow_reader(spec, lengths):
    task = find_task(spec)
    for length in lengths:
        inputs = task.enumerate(length)
        assert inputs.shape == (task.domain_size(length), length)
        assert len({row.tobytes() for row in inputs}) == len(inputs)
        assert agrees(task, TASKS[spec.partition(":")[0]], task.batch_of(inputs))
        drawn = task.generate(stream(0, "test"), 50, length)
        assert {tuple(row) for row in drawn.tolist()} <= {tuple(row) for row in inputs.tolist()}


def test_answers_are_the_same_in_a_block_of_which_a_part_is_worked_on_at_a_time():
    for spec in ("mqar:vocabulary_size=8192", "in-context-recall", "fuzzy-recall"):
        task = find_task(spec)
        inputs = task.generate(stream(0, "test"), 1500, task.lengths.at_least(120))
        together = task.encode(inputs)
        apart = [task.encode(inputs[row : row + 7]) for row in range(0, 1500, 7)]
        assert np.array_equal(together, np.concatenate(apart))
