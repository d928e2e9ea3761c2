"""What is drawn of the languages: members alike likely, labels in balance, misses that are near."""

import hashlib
import itertools
import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from test_languages_oracles import CASES, all_words, words_of_length

from seqtasks.errors import UsageError
from seqtasks.randomness.streams import stream
from seqtasks_languages.drawing import uniforms, whole_numbers
from seqtasks_languages.dyck import Dyck
from seqtasks_languages.shuffle_dyck import ShuffleDyck

NAMES = list(CASES)
MODES = ("predict", "recognise")
DIGESTS = Path(__file__).with_name("languages_digests.json")


def assert_as_likely(counts, outcomes):
    """Assert by a chi-square statistic that outcomes were drawn each as often as any other."""
    assert set(counts) <= set(outcomes)
    expected = sum(counts.values()) / len(outcomes)
    statistic = sum((counts[outcome] - expected) ** 2 / expected for outcome in outcomes)
    freedom = len(outcomes) - 1
    assert abs(statistic - freedom) <= 4.5 * math.sqrt(2 * freedom)


@pytest.mark.parametrize("name", NAMES)
def test_every_member_of_a_length_is_as_likely_as_any_other(name):
    task = CASES[name].make()
    words = words_of_length(name, CASES[name].draw)
    drawn = task.generate(stream(1, "test"), 100 * len(words), CASES[name].draw)
    assert_as_likely(Counter(task.inputs.decode(row) for row in drawn), words)


@pytest.mark.parametrize("name", NAMES)
def test_members_of_any_allowed_length_are_members(name):
    case = CASES[name]
    task, rng = case.make(), stream(2, "test")
    for length in [n for n in range(1, 40) if n in task.lengths] + [task.lengths.at_least(499)]:
        for row in task.generate(rng, 20, length):
            assert case.oracle(task.inputs.decode(row))


def test_members_are_as_deep_as_uniform_words_are():
    task = CASES["dyck-2-deep"].make()
    drawn = task.generate(stream(3, "test"), 20_000, 40)
    opens = np.where(drawn % 2 == 0, 1, -1)
    deep = int((opens.cumsum(axis=1)[:, 20] == 2).sum())
    # Paths on heights 0, 1, 2: after 21 steps an odd height, so exactly 1; after 20, 0 or 2.
    assert deep == 0
    deep = int((opens.cumsum(axis=1)[:, 19] == 2).sum())
    assert abs(deep - 10_000) < 4.5 * math.sqrt(5_000)


@pytest.mark.parametrize("name", NAMES)
def test_half_of_what_is_to_be_recognised_is_a_member(name):
    case = CASES[name]
    task = case.make("recognise")
    for wanted, count in ((1, 10_000), (60, 2_000)):
        length = task.lengths.at_least(wanted)
        batch = task.batch(stream(4, "test", length), count, length)
        assert not batch.scored[:, :-1].any()
        assert abs(int(batch.targets[:, -1].sum()) - count / 2) < 4.5 * math.sqrt(count) / 2
        for row, answer in zip(batch.inputs[:300], batch.targets[:300, -1], strict=True):
            assert case.oracle(task.inputs.decode(row)) == bool(answer)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_member_is_one_or_two_symbols_from_one(name):
    case = CASES[name]
    task = case.make("recognise")
    words = np.array([task.inputs.encode(word) for word in words_of_length(name, case.draw)])
    batch = task.batch(stream(5, "test"), 400, case.draw)
    misses = batch.inputs[batch.targets[:, -1] == 0]
    nearest = (misses[:, None] != words).sum(axis=2).min(axis=1)
    assert len(misses) > 100
    assert set(nearest.tolist()) <= {1, 2}


@pytest.mark.parametrize("name", ["dyck-2-deep", "tomita-4", "tomita-7"])
def test_misses_are_as_likely_as_their_definition_says(name):
    case = CASES[name]
    task, length = case.make("recognise"), case.draw
    chances = Counter()
    for word in words_of_length(name, length):
        for place, symbol in itertools.product(range(length), case.symbols):
            if symbol != word[place]:
                changed = word[:place] + symbol + word[place + 1 :]
                chances[changed] += 1 / 2 / length / (len(case.symbols) - 1)
        for first, second in itertools.product(range(length), repeat=2):
            letters = list(word)
            letters[first], letters[second] = letters[second], letters[first]
            chances["".join(letters)] += 1 / 2 / length**2
    members = all_words(name, length)
    chances = {text: chance for text, chance in chances.items() if text not in members}
    batch = task.batch(stream(6, "test"), 40_000, length)
    misses = batch.inputs[batch.targets[:, -1] == 0]
    counts = Counter(task.inputs.decode(row) for row in misses)
    assert set(counts) <= set(chances)
    total = sum(chances.values())
    expected = {text: len(misses) * chance / total for text, chance in chances.items()}
    likely = {text: number for text, number in expected.items() if number >= 5}
    statistic = sum((counts[text] - number) ** 2 / number for text, number in likely.items())
    assert abs(statistic - len(likely)) <= 4.5 * math.sqrt(2 * len(likely))


def test_misses_of_embedded_reber_often_end_with_the_wrong_letter():
    task = CASES["embedded-reber"].make("recognise")
    batch = task.batch(stream(7, "test"), 4_000, 20)
    texts = [task.inputs.decode(row) for row in batch.inputs[batch.targets[:, -1] == 0]]
    inner = CASES["reber"].oracle
    wrong = sum(inner(text[2:-2]) and text[1] + text[-2] in ("TP", "PT") for text in texts)
    assert 0.45 < wrong / len(texts) < 0.6


@pytest.mark.parametrize(("name", "letters"), [("anbn", "ab"), ("anbncn", "abc")])
def test_misses_of_blocks_often_differ_in_their_counts_alone(name, letters):
    task = CASES[name].make("recognise")
    batch = task.batch(stream(8, "test"), 4_000, 60)
    texts = [task.inputs.decode(row) for row in batch.inputs[batch.targets[:, -1] == 0]]
    sizes = Counter(
        tuple(text.count(x) for x in letters) for text in texts if "".join(sorted(text)) == text
    )
    size, borders = 60 // len(letters), len(letters) - 1
    assert len(sizes) == 2 * borders
    # Of the exchanges, a quarter of all tries, those of equal letters are drawn again.
    kept = 1 - 1 / 4 / len(letters)
    chance = (1 / 2 / (2 * borders) + 1 / 4 / 60 / borders) / kept
    for counts, times in sizes.items():
        assert sum(abs(count - size) for count in counts) == 2
        assert abs(times - len(texts) * chance) < 4.5 * math.sqrt(len(texts) * chance)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_a_generator_serves_many_calls_at_changing_lengths(name, mode):
    task, rng = CASES[name].make(mode), np.random.default_rng(5)
    first, second = task.lengths.at_least(12), task.lengths.at_least(30)
    drawn = [task.batch(rng, 16, length) for length in (first, second, first)]
    assert [batch.inputs.shape for batch in drawn] == [(16, n) for n in (first, second, first)]
    if mode == "recognise" or name not in ("anbn", "anbncn", "tomita-1", "tomita-2"):
        assert not np.array_equal(drawn[0].inputs, drawn[2].inputs)
    for batch in drawn:
        assert batch.inputs.min() >= 0
        assert batch.inputs.max() < task.inputs.size


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_draws_the_same_strings_as_in_earlier_versions(name, mode):
    task = CASES[name].make(mode)
    found = {}
    for wanted in (12, 300):
        length = task.lengths.at_least(wanted)
        batch = task.batch(stream(7, "training", 0, length), 40, length)
        octets = batch.inputs.astype(np.uint8).tobytes() + batch.targets.astype(np.int8).tobytes()
        found[str(length)] = hashlib.sha256(octets).hexdigest()[:16]
    assert found == json.loads(DIGESTS.read_text())[name][mode]


@pytest.mark.parametrize("name", NAMES)
def test_lengths_that_a_language_cannot_have_are_errors_that_say_so(name):
    for length in (0, *CASES[name].refused):
        task = CASES[name].make("recognise")
        with pytest.raises(UsageError, match=f"cannot have length {length}: it has .*lengths"):
            task.batch(stream(0, "test"), 3, length)


@pytest.mark.parametrize("name", NAMES)
def test_the_lengths_allowed_are_those_with_members_and_misses(name):
    case = CASES[name]
    for length in range(1, 9 if len(case.symbols) < 4 else 7):
        members = len(words_of_length(name, length))
        assert (length in case.make().lengths) == (members > 0)
        both = 0 < members < len(case.symbols) ** length
        assert (length in case.make("recognise").lengths) == both


@pytest.mark.parametrize("name", NAMES)
def test_members_that_can_be_enumerated_are_each_enumerated_once(name):
    case = CASES[name]
    task, length = case.make(), case.draw
    found = [task.inputs.decode(row) for row in task.enumerate(length)]
    assert sorted(found) == words_of_length(name, length)
    assert task.domain_size(length) == len(found)
    assert case.make("recognise").domain_size(length) is None
    with pytest.raises(UsageError, match="cannot enumerate its inputs"):
        case.make("recognise").enumerate(length)


@pytest.mark.parametrize("name", [n for n in NAMES if "dyck" in n])
def test_brackets_are_counted_and_enumerated_at_every_short_length(name):
    case = CASES[name]
    task = case.make()
    for length in range(2, 9 if len(case.symbols) < 5 else 7, 2):
        ids = task.enumerate(length).tolist()
        assert ids == sorted(ids)
        found = [task.inputs.decode(row) for row in ids]
        assert sorted(found) == words_of_length(name, length)
        assert task.domain_size(length) == len(found)


@pytest.mark.parametrize(
    ("task", "pairs", "count"),
    [
        (Dyck(kinds=1, depth=20), 12, 208012),  # a Catalan number
        (Dyck(kinds=3, depth=20), 5, 42 * 3**5),
        (Dyck(kinds=1, depth=1), 9, 1),
        (Dyck(kinds=1, depth=2), 9, 2**8),
        (ShuffleDyck(kinds=1), 12, 208012),
        # Walks from the corner and back, in a quadrant and in an octant: OEIS A005568 and A064037.
        (ShuffleDyck(kinds=2), 6, 132 * 429),
        (ShuffleDyck(kinds=3), 4, 4242),
    ],
)
def test_there_are_as_many_longer_brackets_as_is_known(task, pairs, count):
    assert task.domain_size(2 * pairs) == count
    inputs = task.enumerate(2 * pairs)
    assert inputs.shape == (count, 2 * pairs)
    assert len({row.tobytes() for row in inputs}) == count
    assert task.encode(inputs)[:, -1, -1].all()  # END may come, so each is a member


def test_random_numbers_are_uniform_and_below_their_bound():
    numbers = uniforms(stream(9, "test"), 100_000)
    assert numbers.min() >= 0
    assert numbers.max() < 1
    counts = np.bincount(whole_numbers(stream(9, "test"), 7, 70_000), minlength=7)
    assert_as_likely(Counter(dict(enumerate(counts.tolist()))), range(7))
