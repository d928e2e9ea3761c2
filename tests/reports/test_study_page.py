"""The page of a study is one file that says what the study found."""

import numpy as np
import pytest

pytest.importorskip("altair", reason="the extra `report` is not installed")

from page_reader import PageReader
from synthetic import Synthetic, compared, study

from seqtasks.reports.charts.thinning import lines_drawn, places_drawn
from seqtasks.reports.render import rendered
from seqtasks.reports.study_page import About, study_page

MOST = 5_000_000
ABOUT = About("compare", "seqtasks compare bitflip --cell concat,sum,gru,lstm --seeds 200")


@pytest.fixture(scope="module")
def thousand() -> tuple[Synthetic, str]:
    """A study of a thousand seeds, and its page."""
    made = study(seeds=1000)
    return made, rendered(study_page(made, About("run", "seqtasks run bitflip --seeds 1000")))


@pytest.fixture(scope="module")
def four_cells() -> tuple[Synthetic, PageReader]:
    """A comparison of four cells, and its page."""
    made = compared(seeds=60)
    return made, PageReader(rendered(study_page(made, ABOUT)))


def test_a_page_of_a_thousand_seeds_is_smaller_than_five_megabytes_and_half_of_it_is_the_library(
    thousand,
):
    _, html = thousand
    assert len(html.encode()) < MOST
    library = max(PageReader(html).scripts, key=len)
    assert "vegaEmbed" in library
    assert len(html) - len(library) < MOST / 3


def test_a_page_names_no_address_outside_itself_and_allows_no_request(thousand):
    page = PageReader(thousand[1])
    assert [one for one in page.addresses if not one.startswith(("#", "data:"))] == []
    assert page.handlers == []
    assert "default-src 'none'" in page.policy
    assert "unsafe-eval" not in page.policy
    scripts = page.policy.partition("script-src ")[2].partition(";")[0]
    assert scripts.count("sha256-") == len(page.scripts) == 2
    assert "unsafe" not in scripts
    assert "http" not in scripts


def test_the_data_of_a_page_are_the_numbers_of_the_study(thousand):
    made, html = thousand
    (setting,) = PageReader(html).data["page-data"]["settings"]
    runs, outcomes = setting["runs"], made.found[0]
    assert runs["seed"] == outcomes.seeds.tolist()
    assert runs["step"] == outcomes.steps.tolist()
    solved = [np.inf if step is None else step for step in runs["solved_at"]]
    np.testing.assert_array_equal(solved, outcomes.solved_at)
    for length, metrics in outcomes.scores.items():
        for name, values in metrics.items():
            found = [np.nan if one is None else one for one in runs["scores"][length][name]]
            np.testing.assert_array_equal(found, values)
    assert runs["state"].count("solved") == int(np.isfinite(outcomes.solved_at).sum())
    assert runs["state"].count("diverged") == 1


def test_each_seed_has_its_curve_in_the_page_with_its_last_value(thousand):
    made, html = thousand
    curves = PageReader(html).data["page-data"]["settings"][0]["curves"]["metric"]
    outcomes = made.found[0]
    accuracy = outcomes.validation["token_accuracy"]
    assert len(curves["lines"]) == 1000
    for run in (0, 3, 999):  # the run of seed 3 diverged early
        values, (last,) = curves["lines"][str(run)]
        known = np.flatnonzero(np.isfinite(accuracy[run]))
        assert last == (known[-1] + 1) * outcomes.evaluate_every
        steps = [*curves["steps"][: len(values) - 1], last]
        expected = [accuracy[run, step // outcomes.evaluate_every - 1] for step in steps]
        np.testing.assert_allclose(values, expected, rtol=1e-4)


def test_the_median_and_the_bands_of_a_chart_are_those_of_all_runs(thousand):
    made, html = thousand
    chart = PageReader(html).data["charts-data"]["learning-0"]
    rows = chart["layer"][0]["data"]
    rows = rows["values"] if "values" in rows else chart["datasets"][rows["name"]]
    accuracy = made.found[0].validation["token_accuracy"].copy()
    accuracy[3, np.isnan(accuracy[3])] = 0.0  # a diverged run answers nothing right
    for row in rows:
        column = accuracy[:, row["step"] // 20 - 1]
        expected = np.quantile(column, (0.05, 0.25, 0.5, 0.75, 0.95))
        found = [row[name] for name in ("low", "lower", "median", "upper", "high")]
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_comparison_says_its_words_its_shares_and_its_pairs(four_cells):
    made, page = four_cells
    for sentence in made.words:
        assert sentence in page.text
    assert ABOUT.command in page.text
    for setting in made.summary()["settings"]:
        solved = setting["solved"]
        assert f"{100 * solved['share']:.1f} %" in page.text
        assert f"{solved['count']} of {solved['of']}" in page.text
    assert "concat − sum" in page.text
    assert "p after Holm" in page.text
    charts = page.data["charts-data"]
    assert {"solving", "seeds", "differences-steps_to_solve", "learning-3"} <= set(charts)


def test_settings_differ_in_more_than_colour(four_cells):
    layers = four_cells[1].data["charts-data"]["solving"]["layer"]
    dashes = [layer["mark"]["strokeDash"] for layer in layers if layer["mark"]["type"] == "line"]
    assert len(dashes) == len({tuple(one) for one in dashes}) == 4
    marks = [layer for layer in layers if layer["mark"]["type"] == "point"]
    shapes = marks[0]["encoding"]["shape"]["scale"]["range"]
    assert len(set(shapes)) == 4


def test_each_chart_says_what_it_shows_to_who_cannot_see_it(four_cells):
    for name, chart in four_cells[1].data["charts-data"].items():
        assert len(chart["description"]) > 30, name


@pytest.mark.slow
def test_a_sweep_of_many_settings_draws_the_best_and_has_all_in_its_table():
    made = study(["gru"] * 15, seeds=8)
    made.settings = [
        type(one)(f"gru {index}", {"hidden_size": 4 + index}, one.experiment)
        for index, one in enumerate(made.settings)
    ]
    page = PageReader(rendered(study_page(made, About("sweep"))))
    drawn = [name for name in page.data["charts-data"] if name.startswith("learning-")]
    assert len({name.split("-")[1] for name in drawn}) == 12
    assert "Charts show the 12 settings" in page.text
    assert len(page.data["page-data"]["settings"]) == 15
    assert page.text.count("gru 14") > 1


def test_settings_of_two_tasks_share_no_chart_and_look_alike_by_cell():
    made = study(["gru", "lstm", "gru", "lstm"], seeds=8)
    parity = made.settings[0].experiment.with_changes(task="parity")
    made.settings = [
        type(one)(
            f"{task}, {one.label}",
            {"task": task, "cell": one.label},
            parity.with_changes(cell=one.label) if task == "parity" else one.experiment,
        )
        for one, task in zip(made.settings, ("bitflip", "bitflip", "parity", "parity"), strict=True)
    ]
    charts = PageReader(rendered(study_page(made, About("compare")))).data["charts-data"]
    for number, task in enumerate(("bitflip", "parity")):
        colours = charts[f"solving-{number}"]["layer"][-1]["encoding"]["color"]["scale"]
        assert colours["domain"] == [f"{task}, gru", f"{task}, lstm"]
        assert colours["range"] == ["var(--series-1)", "var(--series-2)"]
    assert "solving" not in charts


def test_a_study_of_which_nothing_has_ended_has_a_page():
    made = study(seeds=0, asked=5)
    page = PageReader(rendered(study_page(made, About("run"))))
    assert "5 unfinished" in page.text
    assert page.data["page-data"]["settings"][0]["runs"]["seed"] == []


def test_lines_are_chosen_evenly_over_ranks_and_hold_the_best_and_the_worst():
    rng = np.random.default_rng(0)
    for runs in (1, 7, 100, 1001):
        ranks = rng.permutation(runs).astype(float)
        chosen = lines_drawn(ranks, 100)
        assert len(set(chosen.tolist())) == len(chosen) == min(runs, 100)
        assert {0.0, runs - 1.0} <= set(ranks[chosen])
        gaps = np.diff(np.sort(ranks[chosen]))
        assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1
    assert places_drawn(1).tolist() == [0]
