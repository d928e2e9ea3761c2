"""Pictures of a study: the settings, their bands, and the ticks of the lengths."""

import numpy as np
from made_studies import made_study

from seqtasks.studies.curves import BANDS
from seqtasks.studies.plots import lengths_figure, save_plots, seeds_figure

SEEDS = 30


def quantiles(diverged=()):
    """Return the quantiles of the scores of `made_study`; who diverged has 0."""
    return np.quantile(
        [0.0 if seed in diverged else 1 - seed / 100 for seed in range(SEEDS)], BANDS
    )


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_at_one_length_the_seeds_of_each_setting_are_bars_beside_the_others():
    (axes,) = lengths_figure(made_study(SEEDS)).axes
    bars = [bar.get_segments()[0] for bar in axes.collections]
    for place, diverged in enumerate([(), (2,)]):
        outer, inner = bars[2 * place : 2 * place + 2]
        found = quantiles(diverged)
        np.testing.assert_allclose(outer[:, 1], found[[0, 4]])
        np.testing.assert_allclose(inner[:, 1], found[[1, 3]])
        assert set(outer[:, 0]) == set(inner[:, 0]) == set(axes.lines[place].get_xdata())
        np.testing.assert_allclose(axes.lines[place].get_ydata(), found[2])
    first, second = (line.get_xdata()[0] for line in axes.lines[:2])
    assert 9.5 < first < 10 < second < 10.5
    assert list(axes.get_xticks()) == [10]


def test_a_single_setting_stands_at_its_length():
    (axes,) = lengths_figure(made_study(SEEDS, cells=("gru",))).axes
    assert list(axes.lines[0].get_xdata()) == [10]


def test_over_several_lengths_the_seeds_are_areas_and_no_curve_is_moved():
    lengths = (10, 20, 40)
    (axes,) = lengths_figure(made_study(SEEDS, lengths=lengths)).axes
    for line in axes.lines[:2]:
        assert tuple(line.get_xdata()) == lengths
    outer = axes.collections[0].get_paths()[0].vertices
    found = quantiles()
    assert set(outer[:, 0]) == set(lengths)
    np.testing.assert_allclose([outer[:, 1].min(), outer[:, 1].max()], found[[0, 4]])
    assert all(tick == round(tick) for tick in axes.get_xticks())


def test_a_single_setting_needs_a_legend_only_if_the_title_does_not_name_it():
    study = made_study(SEEDS, cells=("gru",))
    (axes,) = seeds_figure(study).axes
    assert labels(axes) == ["gru"]
    named = study.name
    assert "gru" not in named
    study = made_study(SEEDS, cells=("made",))
    (axes,) = seeds_figure(study).axes
    assert axes.get_legend() is None


def test_no_finished_run_is_no_obstacle(tmp_path):
    study = made_study(0)
    save_plots(study, tmp_path)
    for name in ("seeds.png", "lengths.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
