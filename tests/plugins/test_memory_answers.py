"""The answers of the memory tasks against slow readers that take one instance symbol by symbol."""

import itertools
from collections import deque

import numpy as np
import pytest
from grids import first_part_quick

from seqtasks.randomness.streams import stream
from seqtasks.registry.find import task as find_task
from seqtasks.tasks.lengths import LengthRange

LARGEST = 500


def copy_memory(words, task):
    """Put the first symbols in a queue, and say them when the input is all but over."""
    queue, said = deque(words[: task.items]), []
    for place in range(len(words)):
        remaining = len(words) - place
        said.append("_" if remaining > task.items else queue.popleft())
    return said


def copy(words, task):
    """Put symbols in a queue up to the end marker, and say them over blanks."""
    queue, said = deque(), []
    for word in words:
        said.append(".")
        if word != ";":
            queue.append(word)
    while queue:
        said.append(queue.popleft())
    return said


def repeat_copy(words, task):
    """Remember a string, and say it as often as the last word asks."""
    said = ["."] * len(words)
    string = [word for word in words if not word.startswith("x")]
    for _ in range(int(words[-1].removeprefix("x"))):
        said += string
    said.append("END")
    while len(said) < len(words) + task.repeats * len(string) + 1:
        said.append(".")
    return said


def selective_copying(words, task):
    """Remember what is neither noise nor the marker."""
    kept = [word for word in words if word not in ("-", ">")]
    return ["."] * len(words) + kept


def associative_recall(words, task):
    """Cut the text at its marks, and look for the first item that is the one asked about."""
    text = " ".join(words)
    before, asked, rest = text.split("?")
    assert rest == ""
    items = [item.split() for item in before.split(";")[1:]]
    for item, following in itertools.pairwise(items):
        if item == asked.split():
            return ["."] * len(words) + following
    raise AssertionError(f"{asked} is not among {items}")


def temporal_order(words, task):
    """Name the class of the X and Y met, by the table of the paper."""
    met = "".join(word for word in words if word in "XY")
    two = {"XX": "Q", "XY": "R", "YX": "S", "YY": "U"}
    three = {
        **{"XXX": "Q", "XXY": "R", "XYX": "S", "XYY": "U"},
        **{"YXX": "V", "YXY": "A", "YYX": "B", "YYY": "C"},
    }
    return ["."] * (len(words) - 1) + [(two | three)[met]]


def flip_flop(words, task):
    """Carry the instructions out on a memory of one bit."""
    said, memory = [], None
    for instruction, bit in zip(words[0::2], words[1::2], strict=True):
        if instruction == "w":
            memory = bit
        if instruction == "r":
            assert bit == memory
        said += [memory if instruction == "r" else ".", "."]
    return said


TASKS = {
    "copy-memory": copy_memory,
    "copy-memory:symbols=2,items=1": copy_memory,
    "copy-memory:symbols=300,items=17": copy_memory,
    "copy": copy,
    "copy:symbols=256": copy,
    "repeat-copy": repeat_copy,
    "repeat-copy:symbols=2,repeats=1": repeat_copy,
    "repeat-copy:symbols=256,repeats=3": repeat_copy,
    "selective-copying": selective_copying,
    "selective-copying:symbols=2,items=1": selective_copying,
    "associative-recall": associative_recall,
    "associative-recall:symbols=64": associative_recall,
    "associative-recall:symbols=2,item_length=1": associative_recall,
    "temporal-order": temporal_order,
    "temporal-order:relevant=3": temporal_order,
    "flip-flop": flip_flop,
    "flip-flop:ignore=0.1": flip_flop,
    "flip-flop:ignore=0.98": flip_flop,
    "flip-flop:ignore=0": flip_flop,
    "flip-flop:ignore=1": flip_flop,
}


def counts_of(task):
    """Return how many inputs to draw at each length: all the smallest, and many up to 500."""
    allowed = task.lengths.within(LengthRange(1, LARGEST))
    smallest, longer = allowed[:12], allowed[12:]
    spread = {*longer[:: len(longer) // 32], longer[-1]}
    return {**dict.fromkeys(smallest, 100), **dict.fromkeys(sorted(spread), 40)}


def agrees(task, oracle, batch):
    """Say whether every answer of a batch is the oracle's."""
    blanks = int((batch.inputs[0] == task.inputs.size).sum()) if task.layout == "after" else 0
    length = batch.inputs.shape[1] - blanks
    for inputs, targets in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
        expected = oracle(task.inputs.words(inputs[:length]), task)
        assert task.targets.words(targets) == expected, task.inputs.words(inputs)
    return True


@first_part_quick(4)
@pytest.mark.parametrize("spec", TASKS)
def test_answers_to_drawn_inputs_of_lengths_up_to_500_are_those_of_a_slow_reader(spec, part):
    task = find_task(spec)
    for length, count in list(counts_of(task).items())[part::4]:
        assert agrees(task, TASKS[spec], task.batch(stream(3, "test", length), count, length))


def every_flip_flop(instructions):
    """Yield every right input of so many instructions."""
    for middle in itertools.product("wri", repeat=instructions - 2):
        for bits in itertools.product("01", repeat=instructions):
            memory, text = "", ""
            for instruction, bit in zip(("w", *middle, "r"), bits, strict=True):
                memory = bit if instruction == "w" else memory
                text += instruction + (memory if instruction == "r" else bit)
            yield text


def every_temporal_order(relevant):
    """Yield the inputs of length 10 with X and Y at any of their places among a."""
    places = {2: ((1, 2), (5, 6)), 3: ((1, 2), (3, 4), (6, 7))}[relevant]
    for chosen in itertools.product(*places):
        for symbols in itertools.product("XY", repeat=relevant):
            text = list("Eaaaaaaaa" + "B")
            for place, symbol in zip(chosen, symbols, strict=True):
                text[place] = symbol
            yield "".join(text)


def every_recall(items):
    """Yield the inputs of items of two bits that ask about one that stands there once."""
    pairs = ["".join(bits) for bits in itertools.product("01", repeat=2)]
    for chosen in itertools.product(pairs, repeat=items):
        for asked in chosen[:-1]:
            if chosen.count(asked) == 1:
                yield "".join(f";{item}" for item in chosen) + f"?{asked}?"


EVERY = {
    "copy-memory:symbols=2,items=3": lambda task: [
        f"{''.join(bits)}{'_' * blanks}>___"
        for bits in itertools.product("01", repeat=3)
        for blanks in range(4)
    ],
    "selective-copying:symbols=2,items=2": lambda task: [
        f"{''.join(text)}>"
        for length in range(2, 7)
        for text in itertools.product("01-", repeat=length)
        if text.count("-") == length - 2
    ],
    "associative-recall:symbols=2,item_length=2": lambda task: [
        *every_recall(2),
        *every_recall(3),
        *every_recall(4),
    ],
    "temporal-order": lambda task: every_temporal_order(2),
    "temporal-order:relevant=3": lambda task: every_temporal_order(3),
    "flip-flop": lambda task: [*every_flip_flop(2), *every_flip_flop(3), *every_flip_flop(4)],
    "copy:symbols=3": lambda task: [
        f"{''.join(text)};" for n in range(1, 6) for text in itertools.product("012", repeat=n)
    ],
}


@pytest.mark.parametrize("spec", EVERY)
def test_answers_to_every_small_input_are_those_of_a_slow_reader(spec):
    task = find_task(spec)
    oracle = TASKS[spec if spec in TASKS else spec.partition(":")[0]]
    texts = list(EVERY[spec](task))
    assert len(texts) > 15
    for text in texts:
        assert agrees(task, oracle, task.batch_of(task.inputs.encode(text)[None]))


@pytest.mark.parametrize(
    ("spec", "lengths"),
    [
        ("copy:symbols=3", range(2, 6)),
        ("repeat-copy:symbols=2,repeats=3", range(2, 7)),
        ("copy-memory:symbols=3,items=2", range(5, 8)),
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


def test_the_sum_of_the_marked_values_is_that_of_a_loop():
    task = find_task("adding")
    for length, count in counts_of(task).items():
        batch = task.batch(stream(2, "test", length), count, length)
        for inputs, targets in zip(batch.inputs, batch.targets, strict=True):
            total = np.float32(0)
            for value, marker in inputs:
                if marker == 1:
                    total += value
            assert targets[-1, 0] == total
            assert np.isnan(targets[:-1]).all()


def held_pulses(rows):
    """Return what each channel holds after each step, by a loop over steps and channels."""
    held, said = [0] * len(rows[0]), []
    for row in rows:
        for channel, pulse in enumerate(row):
            if pulse != 0:
                held[channel] = pulse
        said.append(list(held))
    return said


@pytest.mark.parametrize("spec", ["n-bit-flip-flop", "n-bit-flip-flop:channels=1,rate=0.02"])
def test_the_pulses_held_are_those_of_a_loop(spec):
    task = find_task(spec)
    for length, count in counts_of(task).items():
        batch = task.batch(stream(2, "test", length), count, length)
        for inputs, targets in zip(batch.inputs, batch.targets, strict=True):
            assert targets.tolist() == held_pulses(inputs.tolist())


@pytest.mark.parametrize(("channels", "length"), [(1, 1), (1, 7), (2, 3), (3, 2)])
def test_the_pulses_held_of_every_small_input_are_those_of_a_loop(channels, length):
    task = find_task(f"n-bit-flip-flop:channels={channels}")
    values = itertools.product((-1.0, 0.0, 1.0), repeat=channels * length)
    inputs = np.array(list(values)).reshape(-1, length, channels)
    targets = task.batch_of(inputs).targets
    assert targets.tolist() == [held_pulses(rows) for rows in inputs.tolist()]
