"""Pictures of runs: what is drawn, and when there is little to draw."""

import pytest

import seqtasks as st
from seqtasks.evaluation import Score
from seqtasks.intervals import Interval
from seqtasks.lengths import LengthRange
from seqtasks.plots import MOST_ERROR_BARS, lengths_figure, write_figure


def scores(lengths):
    share = {"token_accuracy": 0.9, "sequence_accuracy": 0.4}
    ends = {"token_accuracy": Interval(0.8, 0.95), "sequence_accuracy": Interval(0.3, 0.5)}
    return [Score(length, 100, False, share, ends) for length in lengths]


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


@pytest.mark.parametrize("count", [1, MOST_ERROR_BARS, MOST_ERROR_BARS + 1])
def test_every_metric_the_untrained_score_and_the_trained_range_are_drawn(count):
    drawn = scores(range(1, count + 1))
    (axes,) = lengths_figure(drawn, drawn, LengthRange(1, 3), "title").axes
    assert sorted(labels(axes)) == [
        "sequence accuracy",
        "token accuracy",
        "token accuracy, untrained",
        "trained lengths",
    ]
    assert axes.get_title() == "title"
    (curve,) = [line for line in axes.lines if line.get_label() == "token accuracy, untrained"]
    assert list(curve.get_xdata()) == list(range(1, count + 1))


def test_untrained_scores_beyond_the_lengths_shown_are_left_out():
    (axes,) = lengths_figure(scores([5, 10]), scores([10, 500]), LengthRange(5, 5)).axes
    (curve,) = [line for line in axes.lines if line.get_label() == "token accuracy, untrained"]
    assert list(curve.get_xdata()) == [10]


def test_a_run_without_scores_can_be_drawn():
    (axes,) = lengths_figure([], [], LengthRange(5, 5)).axes
    assert axes.get_title() == "not scored yet"


def test_a_result_is_drawn_as_learning_beside_lengths():
    result = st.run("bitflip", steps=100, evaluation_lengths=(10, 20))
    by_label = {axes.get_ylabel() or axes.get_xlabel(): axes for axes in result.plot().axes}
    losses, scored = by_label["training loss"], by_label["validation token accuracy"]
    assert [list(line.get_xdata()) for line in losses.lines] == [[25, 50, 75, 100]]
    assert [list(line.get_xdata()) for line in scored.lines] == [[100]]
    assert "token accuracy" in labels(by_label["length"])


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_a_figure_is_written_as_its_name_says(tmp_path, ending):
    path = tmp_path / f"picture.{ending}"
    write_figure(lengths_figure(scores([5]), [], LengthRange(5, 5)), path)
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending]
    assert path.read_bytes().startswith(start)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
