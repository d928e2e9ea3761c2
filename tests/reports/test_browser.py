"""Pages in a real browser: drawn, filtered, read by everyone, and silent to the outside.

Long, because a browser takes seconds to start: these tests are slow, and share one.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("altair", reason="the extra `report` is not installed")

from browser import Open, browser, why_no_browser
from synthetic import compared, study
from test_hostile_pages import HOSTILE

import seqtasks as st
from seqtasks.reports.render import rendered
from seqtasks.reports.study_page import About, study_page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(why_no_browser()), reason=why_no_browser()),
]
WIDTHS = (360, 800, 1300, 2000)
PAGES = ("study", "comparison", "run", "folder")
SERIOUS = ("serious", "critical")
CLICK_A_LINE = """() => {
    // The lines of runs are thin; the median is thick.
    const line = document.querySelector('#figure-learning-0 .mark-line path[stroke-width="1.1"]');
    const middle = line.getPointAtLength(line.getTotalLength() / 2);
    const {x, y} = middle.matrixTransform(line.getScreenCTM());
    const options = {bubbles: true, clientX: x, clientY: y, view: window};
    line.dispatchEvent(new MouseEvent('click', options));
}"""


@pytest.fixture(scope="module")
def opened() -> Iterator[Open]:
    """Open files in one browser."""
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of each kind."""
    folder = tmp_path_factory.mktemp("pages")
    command = "seqtasks run bitflip --cell concat --steps 1000 --seeds 1000"
    about = About("run", command, {"seqtasks": "0.1.0"}, notes=["3 of 1,000 runs have not ended."])
    texts = {
        "study": rendered(study_page(study(seeds=1000), about)),
        "comparison": rendered(study_page(compared(), About("compare", command))),
    }
    run = st.run(
        "parity",
        cell="gru",
        hidden_size=4,
        steps=200,
        evaluation_lengths=(5, 10, 20),
        out=folder / "runs",
    )
    texts["run"] = st.report(run).html
    texts["folder"] = st.report(folder / "runs").html
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text)
    return {name: folder / f"{name}.html" for name in texts}


@pytest.mark.parametrize("name", PAGES)
def test_charts_are_drawn_and_nothing_leaves_the_page_or_fails(opened, pages, name):
    with opened(pages[name]) as page:
        places = page.count(".plot:visible")
        assert places == {"study": 4, "comparison": 9, "run": 4, "folder": 0}[name]
        assert page.count(".plot:visible svg.marks") == places
        assert page.count(".plot.failed") == 0
        assert page.noticed == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_scrolls_sideways_at_any_width(opened, pages, name, width):
    with opened(pages[name], width) as page:
        wide, seen = page.value("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= seen == width
        charts = "[...document.querySelectorAll('.plot svg.marks')]"
        for end in page.value(f"{charts}.map(one => one.getBoundingClientRect().right)"):
            assert end <= width + 1


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1300])
def test_axe_finds_no_serious_fault(opened, pages, name, dark, width):
    from axe_playwright_python.sync_playwright import Axe

    with opened(pages[name], width, dark) as page:
        page.page.add_style_tag(content="details::details-content{content-visibility:visible}")
        page.value("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        found = Axe().run(page.page).response["violations"]
        faults = [
            (one["id"], [node["html"] for node in one["nodes"]][:3])
            for one in found
            if one["impact"] in SERIOUS
        ]
        assert faults == []


def test_dark_and_light_and_print_have_their_own_colours_in_charts_too(opened, pages):
    colour = """() => {
        const style = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
        return [style("body", "backgroundColor"), style("svg .role-axis-label text", "fill"),
                style(".mark-line.role-mark path", "stroke")];
    }"""
    with opened(pages["study"]) as page:
        light = page.value(colour)
        page.page.emulate_media(media="print", color_scheme="dark")
        printed = page.value(colour)
        page.page.emulate_media(media="screen", color_scheme="dark")
        dark = page.value(colour)
    assert light[0] == printed[0] == "rgb(255, 255, 255)"
    assert dark[0] == "rgb(15, 20, 25)"
    assert len({light[1], printed[1], dark[1]}) == 3
    assert light[2] == printed[2] != dark[2]


def test_filters_hide_settings_in_tables_charts_and_panels(opened, pages):
    with opened(pages["comparison"]) as page:
        lines = "[...document.querySelectorAll('#figure-solving .mark-line path')]"
        drawn = f"{lines}.filter(one => one.getAttribute('d')).length"
        assert page.value(drawn) == 4
        page.page.locator("#filters input[value='3']").uncheck()
        page.page.wait_for_function(f"{drawn} === 3")
        assert "3 of 4 settings shown" in page.text("#filter-count")
        assert page.count(".panel:visible") == 3
        assert page.count("#solved-table tbody tr:visible") == 3
        assert "600 runs" in page.text("#page-number")
        page.page.get_by_role("button", name="Show all").click()
        page.page.wait_for_function(f"{drawn} === 4")
        assert page.noticed == []


def test_runs_are_sorted_searched_and_chosen_by_keyboard(opened, pages):
    with opened(pages["study"]) as page:
        row = "#runs-table tbody tr:first-child"
        page.page.get_by_role("button", name="steps to solve", exact=True).press("Enter")
        first = int(page.page.locator(f"{row} td").nth(1).inner_text())
        page.page.get_by_role("button", name="steps to solve", exact=True).press("Enter")
        assert int(page.page.locator(f"{row} td").nth(1).inner_text()) > first
        page.page.locator("#run-state").select_option("diverged")
        assert page.count("#runs-table tbody tr") == 1
        page.page.locator("#run-state").select_option("all")
        page.page.locator("#seed-choice").fill("17, 4")
        assert page.count("#runs-table tbody tr") == 2
        page.page.get_by_role("button", name="Numbers of seed 17").press("Enter")
        assert "Seed 17" in page.text("#one-run")
        assert "result(seed=17)" in page.text("#one-run")
        assert page.value("document.activeElement.id") == "one-run"
        assert page.value("location.hash") == "#run=0/17"
        page.page.wait_for_function(
            "document.querySelectorAll('#figure-learning-0 .mark-symbol path').length > 10"
        )
        assert page.noticed == []


def test_a_line_leads_to_the_numbers_of_its_run(opened, pages):
    with opened(pages["study"]) as page:
        page.value(CLICK_A_LINE)
        page.page.wait_for_selector("#one-run:visible")
        assert page.text("#one-run h3").startswith("Seed ")


def test_the_address_of_a_run_opens_it(opened, pages):
    with opened(pages["comparison"], at="#run=2/5") as page:
        assert page.text("#one-run h3") == "Seed 5 of gru"


def test_the_pair_that_is_chosen_is_drawn_and_said(opened, pages):
    with opened(pages["comparison"]) as page:
        page.page.locator("#pair-b").select_option("lstm")
        page.page.locator("#pair-measure").select_option("token_accuracy at 20")
        page.page.wait_for_function(
            "document.querySelector('#figure-seeds svg').textContent.includes('length 20, lstm')"
        )
        words = page.text("#pair-words")
        assert "of 200 seeds" in words
        assert page.noticed == []


def test_the_measure_of_the_learning_curves_is_chosen(opened, pages):
    with opened(pages["study"]) as page:
        page.page.locator("input[name=measure][value=loss]").check()
        page.page.wait_for_selector("#figure-learning-0-loss svg.marks")
        assert page.count("#figure-learning-0:visible") == 0
        assert page.noticed == []


def test_a_folder_is_filtered(opened, tmp_path):
    for cell in ("concat", "sum"):
        st.run("parity", cell=cell, steps=2, evaluation_lengths=(3,), out=tmp_path / "runs")
    made = st.report(tmp_path / "runs", tmp_path / "page.html")
    with opened(made.path) as page:
        assert page.count("#folder-table tbody tr:visible") == 2
        page.page.locator("#folder-filters select[name=cell]").select_option("sum")
        assert page.count("#folder-table tbody tr:visible") == 1
        assert page.text("#filter-count") == "1 of 2 runs shown"


def test_hostile_texts_execute_nothing(opened, tmp_path):
    cells = ("concat", "sum", "gru", "lstm")
    labels = dict(zip(cells, HOSTILE, strict=False))
    made = compared(cells, seeds=20)
    made.settings = [
        type(one)(
            labels[str(one.changes["cell"])],
            {"cell": labels[str(one.changes["cell"])]},
            one.experiment,
        )
        for one in made.settings
    ]
    for pair in made.pairs:
        pair.update(a=labels[pair["a"]], b=labels[pair["b"]])
    made.words = HOSTILE
    (tmp_path / "page.html").write_text(rendered(study_page(made, About("compare", HOSTILE[0]))))
    with opened(tmp_path / "page.html", at="#run=0/3") as page:
        assert page.count("img") == 0
        assert page.count(".plot:visible svg.marks") == page.count(".plot:visible") > 8
        page.page.hover("#figure-solving .mark-symbol path:last-child", force=True)
        assert page.text("#one-run h3").startswith("Seed 3 of </script>")
        assert page.noticed == []
