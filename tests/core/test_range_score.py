"""The mean score over a range of lengths, each of which counts alike, and its interval."""

import itertools
import json

import numpy as np
import pytest
import torch
from torch import nn

import seqtasks as st
from seqtasks.models.build import build_model
from seqtasks.randomness.streams import stream
from seqtasks.tasks.holdout import Holdout


class Guess(nn.Module):
    """A model of bits that is right until a step, and wrong at that and those after it."""

    def __init__(self, until):
        super().__init__()
        self.until = until

    def forward(self, ids):
        answers = 1 - ids
        answers[:, self.until :] = ids[:, self.until :]
        return nn.functional.one_hot(answers, 2).float()


def model(task, seed=1):
    return build_model(st.task(task), "elman", "state", 4, seed=seed)


def test_it_is_the_mean_of_the_lengths_and_not_of_the_symbols():
    score = st.evaluate_range(Guess(4), "bitflip", "3..10", sequences=5)
    lengths = range(3, 11)
    assert score.metrics["token_accuracy"] == pytest.approx(
        sum(min(4, length) / length for length in lengths) / 8
    )
    assert score.metrics["sequence_accuracy"] == pytest.approx(2 / 8)
    assert (score.lengths, score.count, score.sequences) == ("3..10", 8, 5)


def test_it_is_that_of_a_loop_over_the_instances_of_its_own_stream():
    task, trained = st.task("parity"), model("parity")
    score = st.evaluate_range(trained, task, "30..34", sequences=7, seed=3)
    means = []
    for length in range(30, 35):
        batch = task.batch(stream(3, "score", length), 7, length)
        said = trained(torch.from_numpy(batch.inputs))[0].argmax(-1).numpy()
        means.append((said == batch.targets).mean())
    assert score.metrics["token_accuracy"] == pytest.approx(np.mean(means))
    assert not score.exhaustive
    for name, (low, high) in score.intervals.items():
        assert 0 <= low <= score.metrics[name] <= high <= 1
        assert low < high


def test_the_lengths_are_those_the_task_can_have():
    score = st.evaluate_range(model("modular-arithmetic"), "modular-arithmetic", "4..10", 3)
    assert score.count == 3
    with pytest.raises(st.UsageError, match="modular-arithmetic cannot have length 4"):
        st.evaluate_range(model("modular-arithmetic"), "modular-arithmetic", "4")


def test_small_domains_are_scored_whole_and_exactly():
    score = st.evaluate_range(model("parity"), "parity", "1..5", sequences=64)
    exact = [s.metrics for s in st.evaluate(model("parity"), "parity", "1..5")]
    for name, value in score.metrics.items():
        assert value == pytest.approx(np.mean([metrics[name] for metrics in exact]))
        assert tuple(score.intervals[name]) == (value, value)
    assert score.exhaustive


def test_it_counts_at_how_many_lengths_all_there_are_was_scored():
    # Lengths 1 to 4 have 2, 4, 8 and 16 inputs, of which no more than 16 are all scored.
    score = st.evaluate_range(model("parity"), "parity", "1..6", sequences=10)
    assert (score.sequences, score.fewest, score.most) == (10, 2, 16)
    assert (score.exhaustive, score.whole, score.held_out) == (False, 4, 0)
    holdout = Holdout(st.task("parity"), range(1, 5), 0.25, 0)
    score = st.evaluate_range(model("parity"), "parity", "1..6", sequences=10, holdout=holdout)
    # Of lengths 2, 3 and 4 a quarter is held out: 1, 2 and 4 inputs.
    assert (score.fewest, score.most, score.whole, score.held_out) == (1, 10, 4, 3)


def test_one_that_was_written_without_these_counts_is_read():
    score = st.evaluate_range(model("parity"), "parity", "1..6", sequences=10)
    data = score.to_json()
    for name in ("fewest", "most", "whole", "held_out"):
        del data[name]
    assert type(score).from_json(data).fewest is None


def test_errors_of_reals_have_a_mean_and_an_interval_too():
    score = st.evaluate_range(model("adding"), "adding", "10..20", sequences=20)
    assert set(score.metrics) == {"mean_squared_error", "r_squared"}
    for name, (low, high) in score.intervals.items():
        assert low < score.metrics[name] < high


def test_it_goes_through_plain_data_and_back():
    for sequences in (1, 9):  # an interval of one real instance has no ends
        score = st.evaluate_range(model("adding"), "adding", "10..12", sequences)
        assert st.RangeScore.from_json(json.loads(json.dumps(score.to_json()))) == score


def test_a_run_has_it_in_its_result_and_keeps_it(tmp_path):
    result = st.run("bitflip", cell="concat", steps=2, evaluation_lengths=(5,), score="20..29",
                    score_sequences=6, out=tmp_path, seed=4)  # fmt: skip
    assert (result.score.count, result.score.sequences) == (10, 6)
    again = st.evaluate_range(result.model, "bitflip", "20..29", 6, seed=4)
    assert again == result.score == st.load(result.path).score
    written = json.loads((result.path / "result.json").read_text())["score"]
    assert st.RangeScore.from_json(written) == result.score
    without = st.run("bitflip", steps=1, evaluation_lengths=(5,))
    assert without.score is None
    assert without.to_json()["score"] is None


def test_a_run_can_be_stopped_between_two_lengths(tmp_path):
    asked = itertools.count()
    experiment = st.Experiment.for_task(
        "bitflip", cell="concat", steps=1, evaluation_lengths=(5,), score="20..29"
    )
    st.run(experiment, out=tmp_path / "whole", stop=lambda: next(asked) and 0)
    total = next(asked)
    left = itertools.count()
    with pytest.raises(st.RunInterruptedError):
        st.run(experiment, out=tmp_path, stop=lambda: 15 if next(left) == total - 5 else 0)
    (path,) = (tmp_path).glob("bitflip*")
    assert not (path / "result.json").exists()
    resumed = st.resume(path)
    assert resumed.score == st.load(tmp_path / "whole" / path.name).score


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("500..41", "the range 500..41 is reversed"),
        ("far", "'far' is not a length"),
        ("0..5", "a length must be at least 1"),
    ],
)
def test_a_range_that_is_none_is_refused_before_the_run(wrong, message):
    with pytest.raises(st.UsageError, match=message):
        st.Experiment(task="bitflip", score=wrong)
    with pytest.raises(st.UsageError, match="cannot have length 4"):
        st.Experiment(task="modular-arithmetic", length="5", score="4")
    with pytest.raises(st.UsageError, match="score_sequences must be at least 1, got 0"):
        st.Experiment(task="bitflip", score_sequences=0)


@pytest.mark.parametrize(
    ("cell", "lengths"),
    [
        ("stack-rnn", "9..16"),  # its stacks have two depths for these eight lengths
        pytest.param("tape-rnn:jump=1/2", "2..4", marks=pytest.mark.slow),  # a program for each
    ],
)
def test_lengths_that_share_programs_have_the_scores_of_the_plain_loop(cell, lengths):
    result = st.run("reverse-string", cell=cell, steps=8, engine="plain", evaluation_lengths=(3,))
    scores = {}
    for engine in ("plain", "native"):
        engines = result.model.use_engine(engine)
        scores[engine] = st.evaluate_range(result.model, result.task, lengths, sequences=40)
        assert engines.name == engine
    assert scores["native"].by_length == scores["plain"].by_length
    values = [one["token_accuracy"] for one in scores["plain"].by_length.values()]
    assert len(set(values)) > 1  # the scores tell the lengths apart
