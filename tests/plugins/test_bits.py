"""The tasks on bits against the arithmetic of whole numbers."""

import hashlib
import itertools
import math

import numpy as np
import pytest
from grids import first_part_quick

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.randomness.streams import stream
from seqtasks.registry.find import task as find_task

TASKS = ("bitflip", "bitshift", "parity")
SHIFTS = (-500, -11, -10, -4, -1, 0, 1, 2, 4, 9, 10, 11, 500)
LENGTHS = sorted({*range(11, 500, 21), 31, 33, 63, 64, 65, 100, 127, 128, 129, 255, 256, 257, 500})
DRAW = f"""
import numpy as np, seqtasks as st
for name in {TASKS}:
    st.task(name).batch(np.random.default_rng(0), 2, 5)
"""


def number(bits):
    """Return the whole number that bits write, most significant first."""
    return int("".join(map(str, bits)), 2)


def bits(whole, length):
    """Return a whole number's last bits, most significant first."""
    return [whole >> place & 1 for place in reversed(range(length))]


def flipped(n, length):
    """Return the bits of a number inverted."""
    return bits((~n) & ((1 << length) - 1), length)


def shifted(n, length, shift):
    """Return the bits of a number shifted right, or left for a negative shift."""
    return bits(n >> shift if shift >= 0 else (n << -shift) & ((1 << length) - 1), length)


def parities(n, length):
    """Return whether the ones among a number's leading bits are odd, for each number of bits."""
    return [bin(n >> length - seen).count("1") % 2 for seen in range(1, length + 1)]


ORACLES = {
    "bitflip": flipped,
    "parity": parities,
    **{
        f"bitshift:shift={shift}": lambda n, length, shift=shift: shifted(n, length, shift)
        for shift in SHIFTS
    },
}


@pytest.mark.parametrize("spec", ORACLES)
def test_answers_to_every_number_up_to_ten_bits_are_those_of_arithmetic(spec):
    task, oracle = find_task(spec), ORACLES[spec]
    for length in range(1, 11):
        inputs = np.array([bits(n, length) for n in range(2**length)])
        expected = [oracle(n, length) for n in range(2**length)]
        assert task.batch_of(inputs).targets.tolist() == expected


@first_part_quick(4)
@pytest.mark.parametrize("spec", ORACLES)
def test_answers_to_drawn_numbers_up_to_500_bits_are_those_of_arithmetic(spec, part):
    task, oracle = find_task(spec), ORACLES[spec]
    for length in LENGTHS[part::4]:
        batch = task.batch(stream(1, "test", length), 60, length)
        expected = [oracle(number(row.tolist()), length) for row in batch.inputs]
        assert batch.targets.tolist() == expected


def test_bitshift_shifts_right_by_four_unless_told_otherwise():
    assert find_task("bitshift") == find_task("bitshift:shift=4")
    batch = find_task("bitshift").batch_of(np.array([[1, 0, 1, 1, 0, 1, 1, 1]]))
    assert batch.targets.tolist() == [[0, 0, 0, 0, 1, 0, 1, 1]]


@pytest.mark.parametrize("spec", ["bitflip", "bitshift:shift=2", "bitshift:shift=-2", "parity"])
def test_encoding_leaves_the_inputs_as_they_are(spec):
    inputs = np.array([[1, 0, 1, 1]])
    find_task(spec).encode(inputs)
    assert inputs.tolist() == [[1, 0, 1, 1]]


@pytest.mark.parametrize("name", TASKS)
def test_every_number_is_enumerated_once_in_order(name):
    task = find_task(name)
    for length in range(1, 11):
        expected = [list(row) for row in itertools.product((0, 1), repeat=length)]
        assert task.enumerate(length).tolist() == expected
        assert task.domain_size(length) == len(expected)
    assert task.domain_size(500) == 1 << 500


@pytest.mark.parametrize("name", TASKS)
def test_a_generator_serves_many_calls_at_changing_lengths(name):
    task, rng = find_task(name), np.random.default_rng(5)
    drawn = [task.generate(rng, 64, length) for length in (10, 500, 10, 1)]
    assert [array.shape for array in drawn] == [(64, 10), (64, 500), (64, 10), (64, 1)]
    for array in drawn:
        assert np.issubdtype(array.dtype, np.integer)
        assert set(np.unique(array).tolist()) == {0, 1}
    assert not np.array_equal(drawn[0], drawn[2])


def test_bits_are_fair_at_every_place():
    drawn = find_task("bitflip").generate(stream(0, "test"), 20_000, 13)
    spread = math.sqrt(drawn.size) / 2
    assert abs(int(drawn.sum()) - drawn.size / 2) < 4 * spread
    by_place = drawn.sum(0, dtype=np.int64) - 10_000
    assert np.abs(by_place).max() < 5 * math.sqrt(20_000) / 2


def test_bits_do_not_depend_on_their_neighbours():
    drawn = find_task("bitflip").generate(stream(0, "test"), 20_000, 13)
    for apart in (1, 7, 8, 12):
        equal = drawn[:, apart:] == drawn[:, :-apart]
        assert abs(int(equal.sum()) - equal.size / 2) < 4 * math.sqrt(equal.size) / 2
    below = drawn[1:] == drawn[:-1]
    assert abs(int(below.sum()) - below.size / 2) < 4 * math.sqrt(below.size) / 2


def test_every_number_is_as_likely_as_any_other():
    drawn = find_task("parity").generate(stream(0, "test"), 64_000, 5)
    counts = np.bincount([number(row) for row in drawn], minlength=32)
    share = 1 / 32
    assert np.abs(counts - 2000).max() < 5 * math.sqrt(64_000 * share * (1 - share))


@pytest.mark.parametrize(
    ("length", "digest"),
    [(10, "176db0710a37ef98"), (500, "ee409e0ed6eaf948")],
)
def test_the_same_seed_draws_the_same_bits_as_in_earlier_versions(length, digest):
    drawn = [
        find_task(name).batch(stream(7, "training", 0, length), 64, length).inputs
        for name in (*TASKS, "bitflip")
    ]
    for inputs in drawn:
        octets = inputs.astype(np.uint8).tobytes()
        assert hashlib.sha256(octets).hexdigest()[:16] == digest


@pytest.mark.parametrize("name", TASKS)
def test_another_seed_draws_other_bits(name):
    first, second = (find_task(name).batch(stream(seed, "test"), 8, 20).inputs for seed in (0, 1))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("name", TASKS)
def test_any_length_of_at_least_one_is_allowed_and_no_other(name):
    task = find_task(name)
    assert task.batch(stream(0, "test"), 3, 1).inputs.shape == (3, 1)
    with pytest.raises(UsageError, match="cannot have length 0: it has lengths from 1"):
        task.batch(stream(0, "test"), 3, 0)


@pytest.mark.parametrize("name", TASKS)
def test_each_task_recommends_settings_that_make_an_experiment(name):
    experiment = Experiment.for_task(name)
    assert experiment.evaluation_lengths == (10, 20, 50, 100, 500)


def test_a_shift_that_is_no_whole_number_is_refused():
    with pytest.raises(UsageError, match="shift must be a whole number, got 'far'"):
        find_task("bitshift:shift=far")


@pytest.mark.parametrize(
    "code",
    [
        "import seqtasks.registry.find",
        "import seqtasks.registry.discovery; seqtasks.registry.discovery.current_registry()",
        "import seqtasks_bits",
        DRAW,
    ],
)
def test_tasks_are_found_and_drawn_from_without_torch(python, code):
    done = python("-c", f"{code}\nimport sys; print('torch' in sys.modules)")
    assert (done.stdout, done.stderr) == ("False\n", "")
