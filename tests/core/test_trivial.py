"""What learns nothing scores what closed forms say; it is chosen and scored on different inputs."""

import math
from itertools import product

import numpy as np
import pytest

from seqtasks.errors import UsageError
from seqtasks.registry.discovery import current_registry
from seqtasks.scoring.baselines import (
    baselines,
)
from seqtasks.tasks import Task
from seqtasks.tasks.alphabets import (
    IGNORE,
    Reals,
    Tokens,
    TokenSets,
)
from seqtasks.tasks.lengths import AllowedLengths
from seqtasks.tasks.metrics import Metric, mean_squared_error, token_accuracy
from seqtasks.tasks.settings import Settings


def scores(task, length=None):
    """Return the metrics of each strategy, by its first word."""
    return {row.strategy.split()[0]: row.metrics for row in baselines(task, length).rows}


def near(value, expected, deviation):
    """Say whether a mean lies within five of its deviations."""
    return abs(value - expected) < 5 * deviation


class Drawn(Task):
    """A stranger's task: any string of two symbols, and one answer."""

    inputs = targets = Tokens("ab")

    def generate(self, rng, batch_size, length):
        return rng.integers(self.inputs.size, size=(batch_size, length))

    def encode(self, inputs):
        return inputs


@pytest.mark.parametrize("length", [1, 4, 10])
def test_parity_is_a_coin(length):
    found = baselines("parity", length)
    assert (found.length, found.sequences, found.exhaustive) == (length, 2**length, True)
    assert [row.strategy for row in found.rows] == [
        "chance: guess each symbol",
        "always the commonest, 0",
        "repeat the last symbol",
    ]
    coin = {"token_accuracy": 0.5, "sequence_accuracy": 0.5**length}
    assert [row.metrics for row in found.rows[:2]] == [coin, coin]
    # A bit is the parity where those before it are even: at the first step, then at every second.
    repeated = {
        "token_accuracy": (1 + (length - 1) / 2) / length,
        "sequence_accuracy": 2 / 2**length,
    }
    assert found.rows[2].metrics == repeated


def test_shifted_bits_are_zeros_more_often():
    found = scores("bitshift:shift=4", 10)
    assert found["always"] == {"token_accuracy": 0.7, "sequence_accuracy": 2**4 / 2**10}
    same = [
        [bit == shifted for bit, shifted in zip(bits, (0,) * 4 + bits[:6], strict=True)]
        for bits in product((0, 1), repeat=10)
    ]
    assert found["repeat"] == {
        "token_accuracy": float(np.mean(same)),
        "sequence_accuracy": float(np.mean(np.all(same, axis=1))),
    }


def test_always_the_mean_is_a_sixth_off_in_adding():
    found = baselines("adding")
    assert [row.strategy for row in found.rows] == ["always the mean"]
    assert found.length == 50
    deviation = math.sqrt((1 / 15 - 1 / 36) / found.sequences)
    assert near(found.rows[0].metrics["mean_squared_error"], 1 / 6, deviation)


def test_pulses_that_are_repeated_are_right_where_there_is_one():
    found = scores("n-bit-flip-flop:channels=1,rate=0.25", 50)
    assert near(found["always"]["mean_squared_error"], 1, 0.002)
    expected = 49 / 50 * 0.75
    deviation = math.sqrt(0.75 * 0.25 / (49 * 5000))
    assert near(found["repeat"]["mean_squared_error"], expected, deviation)


def test_symbols_over_blanks_are_the_last_of_the_string():
    found = scores("copy:symbols=3", 4)
    assert found["chance:"] == pytest.approx({"token_accuracy": 1 / 3, "sequence_accuracy": 1 / 27})
    assert found["always"] == pytest.approx({"token_accuracy": 1 / 3, "sequence_accuracy": 1 / 27})
    repeated = {"token_accuracy": (1 + 2 / 3) / 3, "sequence_accuracy": 3 / 27}
    assert found["repeat"] == pytest.approx(repeated)


def test_alphabets_that_share_one_symbol_or_none_have_no_answer_to_repeat():
    assert set(scores("cycle-navigation")) == {"chance:", "always"}
    assert set(scores("memorization")) == {"chance:", "always"}
    assert scores("cycle-navigation")["chance:"]["sequence_accuracy"] == pytest.approx(0.2)


def test_an_answer_is_repeated_from_the_last_symbol_that_can_be_one():
    class Marked(Drawn):
        inputs = Tokens("ab-")
        targets = Tokens("ba")

        def generate(self, rng, batch_size, length):
            return np.tile([2, 0, 2, 1], (batch_size, 1))

        def encode(self, inputs):
            return np.tile([1, 1, 1, 0], (len(inputs), 1))

    # Before the first answer stands the commonest, a, then a, a and b: all right.
    assert scores(Marked(), 4)["repeat"] == {"token_accuracy": 1.0, "sequence_accuracy": 1.0}


def test_sets_are_guessed_by_a_coin_for_each_symbol_or_are_always_the_commonest():
    class Sets(Drawn):
        targets = TokenSets("abcdefghi")

        def generate(self, rng, batch_size, length):
            return np.tile([0, 1, 0, 0], (batch_size, 1))

        def encode(self, inputs):
            answers = np.zeros((*inputs.shape, 9), dtype=bool)
            answers[:, :, 8] = True
            answers[..., 0] = inputs == 0
            answers[:, 3] = False  # not scored
            return answers

    first, second, place = baselines(Sets(), 4).rows
    assert place.strategy == "the commonest of each place"
    assert place.metrics == {"token_accuracy": 1.0, "sequence_accuracy": 1.0}
    assert first.strategy == "chance: guess each set"
    assert first.metrics == {"token_accuracy": 0.5**9, "sequence_accuracy": 0.5**27}
    assert second.strategy == "always the commonest set, {ai}"
    assert second.metrics == pytest.approx({"token_accuracy": 2 / 3, "sequence_accuracy": 0.0})


def test_what_is_chosen_on_some_inputs_is_scored_on_others():
    class Many(Drawn):
        inputs = targets = Tokens(map(str, range(5000)))
        layout = "end"

        def encode(self, inputs):
            return inputs[:, 0]

    # On the inputs it was chosen on, the commonest of 5000 answers would come five times or more.
    found = baselines(Many(), 1)
    assert found.sequences == 5000
    assert scores(Many(), 1)["always"]["token_accuracy"] < 0.001
    assert scores(Many(), 1)["chance:"]["token_accuracy"] == 1 / 5000


def test_a_metric_of_ones_own_is_measured_for_every_strategy():
    def counted(predictions, targets):
        return (predictions == 1).mean(axis=1), np.ones(len(targets))

    class Own(Drawn):
        metrics = (token_accuracy, Metric("share_of_b", counted))

        def encode(self, inputs):
            return np.where(inputs == 0, IGNORE, inputs)

    found = scores(Own(), 40)
    assert found["always"] == {"token_accuracy": 1.0, "share_of_b": 1.0}
    assert found["chance:"]["token_accuracy"] == 0.5
    assert near(found["chance:"]["share_of_b"], 0.5, 0.5 / math.sqrt(200_000))
    assert near(found["repeat"]["share_of_b"], 0.5, 0.5 / math.sqrt(200_000))


def test_the_length_is_the_longest_that_is_trained_and_allowed():
    class Even(Drawn):
        lengths = AllowedLengths(2, 2)
        settings = Settings(length="3..9")

    class Never(Even):
        settings = Settings(length="3")

    assert baselines(Even()).length == 8
    assert baselines(Never()).length == 2
    with pytest.raises(UsageError, match="cannot have length 5: it has even lengths from 2"):
        baselines(Even(), 5)


def test_a_task_that_scores_nothing_has_no_share_of_rights():
    class Silent(Drawn):
        def encode(self, inputs):
            return np.full(inputs.shape, IGNORE)

    for metrics in scores(Silent(), 5).values():
        assert math.isnan(metrics["token_accuracy"]) or metrics["token_accuracy"] == 0.5
        assert metrics["sequence_accuracy"] == 1.0

    class SilentReals(Silent):
        targets = Reals(2)
        metrics = (mean_squared_error,)

        def encode(self, inputs):
            return np.full((*inputs.shape, 2), np.nan)

    assert math.isnan(scores(SilentReals(), 5)["always"]["mean_squared_error"])


def test_the_same_seed_scores_the_same_and_no_other_random_state_is_touched():
    before = np.random.get_state()[1].tolist()
    assert baselines("flip-flop", 30) == baselines("flip-flop", 30)
    assert baselines("flip-flop", 30) != baselines("flip-flop", 30, seed=1)
    assert np.random.get_state()[1].tolist() == before


@pytest.mark.parametrize("entry", current_registry().entries("task"), ids=lambda entry: entry.name)
def test_every_registered_task_has_scores_to_compare_with(entry):
    found = baselines(entry.name)
    for row in found.rows:
        for name, value in row.metrics.items():
            if name == "mean_squared_error":
                assert 0 <= value <= 9
            else:  # a guess may leave more than the variance unexplained, so R² may be negative
                assert (-9 if name == "r_squared" else 0) <= value <= 1
    constant = next(row for row in found.rows if row.strategy.startswith("always"))
    assert constant.metrics


def test_torch_is_not_needed(python):
    code = "import sys, seqtasks as st; st.baselines('parity'); print('torch' in sys.modules)"
    done = python("-c", code)
    assert (done.stdout, done.stderr) == ("False\n", "")
