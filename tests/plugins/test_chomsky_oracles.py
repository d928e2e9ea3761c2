"""Slow and obvious answers to the fifteen tasks, as words, and the tasks' answers against them."""

import itertools

import numpy as np
import pytest
from grids import first_part_quick

from seqtasks.randomness.streams import stream
from seqtasks_chomsky.arithmetic import BinaryAddition, BinaryMultiplication, ComputeSqrt
from seqtasks_chomsky.brackets import ModularArithmeticBrackets, SolveEquation
from seqtasks_chomsky.copying import DuplicateString, MissingDuplicate, OddsFirst
from seqtasks_chomsky.regular import CycleNavigation, EvenPairs, ModularArithmetic, ParityCheck
from seqtasks_chomsky.sorting import BucketSort
from seqtasks_chomsky.stacks import ReverseString, StackManipulation

LONG = sorted({*range(21, 500, 24), 63, 64, 65, 127, 128, 129, 255, 256, 257, 499, 500})


def parity(words):
    return [str(words.count("1") % 2)]


def even_pairs(words):
    return [str(sum(a != b for a, b in itertools.pairwise(words)) % 2)]


def walk(words):
    place = 0
    for word in words:
        place = (place + int(word)) % 5
    return [str(place)]


def chain(words):
    """Add up the products between + and -."""
    blank = ["+" if place % 2 else "0" for place in range(len(words))]
    text = "".join(b if word == "_" else word for word, b in zip(words, blank, strict=True))
    total = 0
    for term in text.replace("-", "+-").split("+"):
        product = -1 if term.startswith("-") else 1
        for factor in term.removeprefix("-").split("*"):
            product *= int(factor)
        total += product
    return [str(total % 5)]


def bracketed(words):
    """Read a fully bracketed expression, strictly as it is defined, from the left."""
    value, end = _bracketed(words, 0)
    assert end == len(words)
    return [str(value % 5)]


def _bracketed(words, start):
    if words[start] == "-":
        return -int(words[start + 1]), start + 2
    if words[start] != "(":
        return int(words[start]), start + 1
    left, place = _bracketed(words, start + 1)
    if words[place] == ")":
        assert words[start + 1] != "("
        return left, place + 1
    right, end = _bracketed(words, place + 1)
    assert words[end] == ")"
    operations = {"+": left + right, "-": left - right, "*": left * right}
    return operations[words[place]], end + 1


def equation(words):
    """Try every value of x."""
    assert words[-2] == "="
    assert "*" not in words
    assert words.count("x") == 1
    solutions = [
        value
        for value in "01234"
        if bracketed([value if word == "x" else word for word in words[:-2]]) == words[-1:]
    ]
    assert len(solutions) == 1
    return solutions


def reverse(words):
    return list(reversed(words))


def stack(words):
    """Do what the actions say."""
    found = []
    for word in words:
        if word == "POP":
            found = found[:-1]
        else:
            found.append(word.removeprefix("PUSH"))
    return padded([*reversed(found)], len(words) + 1)


def padded(words, length):
    return [*words, "END", *["."] * (length - len(words) - 1)]


def duplicate(words):
    return words + words


def missing(words):
    """Try both bits."""
    text = "".join(words).removesuffix("-")
    found = [bit for bit in "01" if text.replace("x", bit) in (2 * w for w in halves(text, bit))]
    assert len(found) == 1
    return found


def halves(text, bit):
    return [text.replace("x", bit)[: len(text) // 2]]


def odds_first(words):
    places = range(len(words))
    return [words[p] for p in places if p % 2 == 1] + [words[p] for p in places if p % 2 == 0]


def numbers(words, operator):
    first, second = "".join(words).split(operator)
    return int(first[::-1], 2), int(second[::-1], 2)


def addition(words):
    first, second = numbers(words, "+")
    return padded([*f"{first + second:b}"[::-1]], len(words) + 1)


def multiplication(words):
    first, second = numbers(words, "*")
    return padded([*f"{first * second:b}"[::-1]], len(words))


def root(words):
    """Find the root bit by bit, from the highest."""
    number, places, found = int("".join(words), 2), (len(words) + 1) // 2, 0
    for place in reversed(range(places)):
        if (found + 2**place) ** 2 <= number:
            found += 2**place
    return [*f"{found:b}".zfill(places)]


ORACLES = {
    "parity-check": (ParityCheck(), parity),
    "even-pairs": (EvenPairs(), even_pairs),
    "cycle-navigation": (CycleNavigation(), walk),
    "modular-arithmetic": (ModularArithmetic(), chain),
    "modular-arithmetic-brackets": (ModularArithmeticBrackets(), bracketed),
    "solve-equation": (SolveEquation(), equation),
    "reverse-string": (ReverseString(), reverse),
    "stack-manipulation": (StackManipulation(), stack),
    "duplicate-string": (DuplicateString(), duplicate),
    "missing-duplicate": (MissingDuplicate(), missing),
    "odds-first": (OddsFirst(), odds_first),
    "binary-addition": (BinaryAddition(), addition),
    "binary-multiplication": (BinaryMultiplication(), multiplication),
    "compute-sqrt": (ComputeSqrt(), root),
    "bucket-sort": (BucketSort(), sorted),
}


def assert_right(task, oracle, inputs):
    """Compare a task's answers to inputs (batch, length) with an oracle's."""
    answers = task.encode(inputs)
    assert len(answers) == len(inputs)
    answers = answers.reshape(len(inputs), -1)
    for ids, answer in zip(inputs.tolist(), answers.tolist(), strict=True):
        assert task.targets.words(answer) == oracle(task.inputs.words(ids))


def encoded(task, texts):
    return np.array([task.inputs.encode(text) for text in texts])


@first_part_quick(4)
@pytest.mark.parametrize("name", ORACLES)
def test_answers_to_drawn_inputs_are_right_from_the_shortest_length_to_500(name, part):
    task, oracle = ORACLES[name]
    for length in range(1, 21)[part::4]:
        if length in task.lengths:
            assert_right(task, oracle, task.generate(stream(1, "test", length), 150, length))
    for length in LONG[part::4]:
        if length in task.lengths:
            assert_right(task, oracle, task.generate(stream(1, "test", length), 40, length))


@pytest.mark.parametrize("name", ORACLES)
def test_a_batch_holds_the_right_answers_where_the_layout_has_them(name):
    task, oracle = ORACLES[name]
    batch = task.batch(stream(2, "test"), 20, 9)
    for ids, targets in zip(batch.inputs, batch.targets, strict=True):
        answer = oracle(task.inputs.words(ids[:9]))
        before = 8 if task.layout == "end" else 9
        assert task.targets.words(targets) == ["."] * before + answer
        assert set(task.inputs.words(ids[9:])) <= {"_"}


ENUMERATED = {
    "parity-check": 10,
    "even-pairs": 10,
    "cycle-navigation": 7,
    "modular-arithmetic": 5,
    "reverse-string": 8,
    "duplicate-string": 8,
    "odds-first": 9,
    "compute-sqrt": 12,
    "binary-addition": 9,
    "binary-multiplication": 9,
    "missing-duplicate": 11,
    "bucket-sort": 5,
}


@pytest.mark.parametrize(("name", "longest"), ENUMERATED.items())
def test_every_input_is_enumerated_once_and_answered_right(name, longest):
    task, oracle = ORACLES[name]
    for length in range(1, longest + 1):
        if length in task.lengths:
            inputs = task.enumerate(length)
            assert inputs.shape == (task.domain_size(length), length)
            assert len({row.astype(np.uint8).tobytes() for row in inputs}) == len(inputs)
            assert_right(task, oracle, inputs)


@pytest.mark.parametrize("name", [name for name in ORACLES if name not in ENUMERATED])
def test_a_task_that_does_not_enumerate_its_inputs_says_so(name):
    assert ORACLES[name][0].domain_size(5) is None


def is_pair(text, between):
    """Say whether a text is two numbers above 0 of at least one digit with a symbol between."""
    numbers = text.split(between)
    return len(numbers) == 2 and all("1" in number for number in numbers)


def is_twice_with_one_missing(text):
    """Say whether a text is a word of 0 and 1 twice with one x in it, padded to its length."""
    half = len(text) // 2
    word, again, pad = text[:half], text[half : 2 * half], text[2 * half :]
    filled = {(word + again).replace("x", bit) for bit in "01"}
    right = any(both[:half] == both[half:] for both in filled)
    return right and (word + again).count("x") == 1 and "-" not in word + again and pad in ("", "-")


@pytest.mark.parametrize(
    ("name", "is_input"),
    [
        ("binary-addition", lambda text: is_pair(text, "+")),
        ("binary-multiplication", lambda text: is_pair(text, "*")),
        ("missing-duplicate", is_twice_with_one_missing),
    ],
)
def test_the_inputs_enumerated_are_those_among_all_strings_that_can_be_drawn(name, is_input):
    task = ORACLES[name][0]
    for length in range(task.lengths.minimum, 9):
        strings = map("".join, itertools.product(task.inputs.symbols, repeat=length))
        wanted = {text for text in strings if is_input(text)}
        assert {task.inputs.decode(row) for row in task.enumerate(length)} == wanted
        drawn = task.generate(np.random.default_rng(length), 400, length)
        assert {task.inputs.decode(row) for row in drawn} <= wanted


@pytest.mark.parametrize("name", ["binary-addition", "binary-multiplication"])
def test_results_of_every_pair_of_numbers_zero_too_are_right(name):
    task, oracle = ORACLES[name]
    for length in range(3, 11):
        bits = ParityCheck().enumerate(length - 1)
        for place in range(1, length - 1):
            assert_right(task, oracle, np.insert(bits, place, 2, axis=1))


def test_every_stack_of_up_to_six_symbols_is_right():
    task, oracle = ORACLES["stack-manipulation"]
    for length in range(2, 7):
        for height in range(length + 1):
            kinds = [range(2)] * height + [range(2, 5)] * (length - height)
            assert_right(task, oracle, np.array([*itertools.product(*kinds)]))


def test_every_word_with_a_bit_missing_of_up_to_eleven_symbols_is_right():
    task, oracle = ORACLES["missing-duplicate"]
    for length in range(2, 12):
        half = length // 2
        words = np.tile(ParityCheck().enumerate(half), 2)
        for place in range(2 * half):
            inputs = np.pad(words, ((0, 0), (0, length % 2)), constant_values=3)
            inputs[:, place] = 2
            assert_right(task, oracle, inputs)
