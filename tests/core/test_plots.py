"""Pictures of runs: what is drawn, and when there is little to draw."""

import pytest

import seqtasks as st
from seqtasks.runs.curves import MOST_ERROR_BARS, Drawn
from seqtasks.runs.plots import (
    drawn_of,
    learning_figure,
    lengths_figure,
    write_figure,
)
from seqtasks.scoring.baselines import Baseline
from seqtasks.scoring.evaluate import Score
from seqtasks.scoring.intervals import Interval
from seqtasks.scoring.over_range import RangeScore
from seqtasks.tasks.lengths import LengthRange
from seqtasks.tasks.metrics import sequence_accuracy, token_accuracy


def scores(lengths):
    share = {"token_accuracy": 0.9, "sequence_accuracy": 0.4}
    ends = {"token_accuracy": Interval(0.8, 0.95), "sequence_accuracy": Interval(0.3, 0.5)}
    return [Score(length, 100, False, share, ends) for length in lengths]


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


ACCURACIES = (token_accuracy, sequence_accuracy)


TRAINED = LengthRange(1, 3)


def drawing(lengths, trained=TRAINED, **others):
    return Drawn(scores(lengths), trained, ACCURACIES, **others)


def curve(axes, label):
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return line


@pytest.mark.parametrize("count", [1, MOST_ERROR_BARS, MOST_ERROR_BARS + 1])
def test_every_metric_the_untrained_score_and_the_trained_range_are_drawn(count):
    lengths = range(1, count + 1)
    (axes,) = lengths_figure(drawing(lengths, untrained=scores(lengths)), "title").axes
    assert sorted(labels(axes)) == [
        "sequence accuracy",
        "token accuracy",
        "token accuracy, untrained",
        "trained lengths",
    ]
    assert axes.get_title() == "title"
    untrained = curve(axes, "token accuracy, untrained")
    assert list(untrained.get_xdata()) == list(range(1, count + 1))


def test_untrained_scores_beyond_the_lengths_shown_are_left_out():
    drawn = drawing([5, 10], LengthRange(5, 5), untrained=scores([10, 500]))
    (axes,) = lengths_figure(drawn).axes
    assert list(curve(axes, "token accuracy, untrained").get_xdata()) == [10]


def test_chance_and_the_best_rule_that_learns_nothing_are_drawn():
    rules = {str(n): Baseline("rule", {"token_accuracy": n / 100}) for n in (5, 10)}
    drawn = drawing([5, 10], without_learning=rules, chance={"token_accuracy": 0.2})
    (axes,) = lengths_figure(drawn).axes
    assert list(curve(axes, "best without learning").get_ydata()) == [0.05, 0.1]
    assert set(curve(axes, "chance").get_ydata()) == {0.2}


def test_the_scores_of_a_range_are_drawn_length_by_length():
    by_length = {n: {"token_accuracy": 1 / n, "sequence_accuracy": 0.0} for n in (41, 42, 43)}
    means = {"token_accuracy": 0.024, "sequence_accuracy": 0.0}
    over = RangeScore("41..43", 3, 64, False, means, {}, by_length=by_length)
    for lengths in ([5, 10], []):
        (axes,) = lengths_figure(drawing(lengths, over_range=over)).axes
        line = curve(axes, "mean 41..43: 2.4 %")
        assert list(line.get_xdata()) == [41, 42, 43]
        assert list(line.get_ydata()) == [1 / 41, 1 / 42, 1 / 43]


def test_an_error_and_a_share_of_variance_have_axes_of_their_own():
    result = st.run("adding", cell="gru", steps=3, evaluation_lengths=(10, 50))
    error, share = lengths_figure(drawn_of(result)).axes
    assert (error.get_ylabel(), share.get_ylabel()) == ("mean squared error", "r squared")
    assert "best without learning" in labels(error)
    assert len(result.plot().axes) == 3  # loss, and these two; there was no validation
    result.history.append({"step": 3, "validation": {"mean_squared_error": 0.2}})
    assert len(result.plot().axes) == 4


def test_a_loss_of_zero_leaves_the_axis_logarithmic():
    result = st.run("bitflip", steps=2, evaluation_lengths=(10,))
    result.history[:] = [{"step": k, "loss": loss} for k, loss in enumerate((0.7, 1e-4, 0.0), 1)]
    figure = learning_figure(result)
    figure.canvas.draw()
    assert figure.axes[0].get_yscale() == "log"
    result.history[:] = [{"step": k, "loss": 0.0} for k in (1, 2)]
    assert learning_figure(result).axes[0].get_yscale() == "linear"


@pytest.mark.parametrize(("steps", "lengths"), [(5, (10,)), (13, (3, 4))])
def test_ticks_of_steps_and_lengths_are_whole_numbers(steps, lengths):
    result = st.run("bitflip", steps=steps, length="3..10", evaluation_lengths=lengths)
    for figure in (result.plot(), lengths_figure(drawn_of(result))):
        figure.canvas.draw()
        for axes in figure.axes:
            assert all(float(tick).is_integer() for tick in axes.get_xticks())


@pytest.mark.parametrize("losses", [(0.5, 0.04), (3.0, 0.01), (9.0, 1e-7)])
def test_a_logarithmic_axis_shows_more_than_one_number(losses):
    result = st.run("bitflip", steps=2, evaluation_lengths=(10,))
    result.history[:] = [{"step": 1 + k, "loss": loss} for k, loss in enumerate(losses)]
    figure = learning_figure(result)
    figure.canvas.draw()
    axes = figure.axes[0]
    low, high = axes.get_ylim()
    shown = [
        text.get_text()
        for tick, text in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
        if low <= tick <= high
    ]
    assert axes.get_yscale() == "log"
    assert len([text for text in shown if text]) >= 2


def test_nothing_is_cut_off_at_the_right_of_small_errors():
    few = {"hidden_size": 4, "validation_sequences": 10, "evaluation_sequences": 10}
    result = st.run("adding", cell="gru", steps=2, evaluation_lengths=(50,), **few)
    result.history[:] = [
        {"step": 1 + k, "validation": {"mean_squared_error": value}}
        for k, value in enumerate((0.00012, 0.00023))
    ]
    figure = learning_figure(result)
    figure.canvas.draw()
    label = figure.axes[1].yaxis.label.get_window_extent()
    assert label.x1 <= figure.bbox.width


def test_a_notebook_shows_the_picture_of_a_result():
    result = st.run("bitflip", steps=2, evaluation_lengths=(10,))
    assert result.plot()._repr_png_().startswith(b"\x89PNG")


def test_a_result_is_one_line_where_it_is_shown():
    result = st.run("bitflip", steps=60, evaluation_lengths=(10, 20))
    shown = repr(result)
    assert shown.startswith("<Result of bitflip-concat, seed 0: steps at step 60, ")
    assert "token_accuracy at 10: " in shown
    assert len(shown) < 200
    assert "\n" not in shown


def test_a_run_without_scores_can_be_drawn():
    (axes,) = lengths_figure(drawing([])).axes
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
    write_figure(lengths_figure(drawing([5])), path)
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending]
    assert path.read_bytes().startswith(start)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
