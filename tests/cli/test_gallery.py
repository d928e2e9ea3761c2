"""`seqtasks gallery`: pages of tasks and cells, their pictures, and results measured elsewhere."""

import json
import re
import xml.etree.ElementTree as ET

import pytest
from click.testing import CliRunner

import seqtasks as st
from seqtasks.cli.gallery.markdown import code, paragraphs
from seqtasks.cli.gallery.measured import measurements, tables
from seqtasks.cli.gallery.pages import Gallery, gallery_files
from seqtasks.cli.gallery.pictures import drawn
from seqtasks.cli.gallery.speeds import Speed, Speeds, read_speeds
from seqtasks.cli.main import cli
from seqtasks.errors import UsageError
from seqtasks.randomness.streams import stream
from seqtasks.registry.discovery import current_registry, use_registry
from seqtasks.registry.registrations import Entry

LINK = re.compile(r"\]\(([^)]+\.(?:md|svg))\)")
SPEEDS = Speeds(
    {"processor": "A <b>chip</b>"},
    {"name": "small", "batch": 64, "time": 10, "width": 10},
    {"gru": Speed("native", 0.25, 4.0)},
)


def asked(*arguments):
    return CliRunner().invoke(cli, ["gallery", *map(str, arguments)])


def refused(*arguments):
    error = asked(*arguments).exception
    assert isinstance(error, UsageError)
    return str(error)


def entry(kind, name):
    return current_registry().entry(kind, name)


@pytest.fixture(scope="module")
def files():
    """The files of a gallery of two tasks and a cell."""
    tasks = [entry("task", "parity"), entry("task", "dyck")]
    return gallery_files(Gallery(tasks, [entry("cell", "gru")], speeds=SPEEDS))


def test_every_thing_has_a_page_and_every_link_leads_to_a_file(files):
    assert set(files) == {
        "index.md",
        *(f"tasks/{name}.{kind}" for name in ("parity", "dyck") for kind in ("md", "svg")),
        "cells/gru.md",
    }
    assert set(LINK.findall(files["index.md"])) == {n for n in files if n[-3:] == ".md"} - {
        "index.md"
    }
    for name in ("parity", "dyck"):
        assert LINK.findall(files[f"tasks/{name}.md"]) == [f"{name}.svg"]


def test_a_tasks_page_has_its_definition_scores_without_learning_and_settings(files):
    page = files["tasks/parity.md"]
    assert "Say at each step whether the number of ones so far is odd (1) or even (0)." in page
    assert "| chance: guess each symbol | 50.00 % | 0.10 % |" in page
    assert "at most 2000 steps of 64, adam at 0.015" in page
    assert "- `depth (a whole number, default 8)`" in files["tasks/dyck.md"]


def test_a_cells_page_has_its_equations_its_engine_and_its_speed(files):
    page = files["cells/gru.md"]
    assert re.search(r"z = σ\(W\\_iz x [^\n]*  \nn = tanh", page), "the equations are two lines"
    assert "| in loop | 3 product 32x32" in page
    assert "0.25 ms by the native engine and 4 ms by the plain loop, 16 times as long" in page
    assert "<b>" not in page


@pytest.mark.parametrize("name", ["parity", "reverse-string", "dyck", "adding", "n-bit-flip-flop"])
def test_a_picture_shows_each_symbol_of_an_instance_in_its_order(name):
    task = st.task(name)
    batch = task.batch(stream(0, "picture"), 1, task.lengths.nearest(8))
    root = ET.fromstring(drawn(batch, task))
    texts = {}
    for one in root.iter("{http://www.w3.org/2000/svg}text"):
        texts.setdefault(float(one.get("y")), []).append((float(one.get("x")), one.text))
    (_, first), (_, second) = sorted(texts.items())
    shown = [[text for _, text in sorted(line)] for line in (first, second)]
    for side, label, words in (
        (shown[0], "input", task.inputs.words(batch.inputs[0])),
        (shown[1], "target", task.targets.words(batch.targets[0])),
    ):
        assert side == [label, *(word for word in words if word not in "._")]


def test_a_long_instance_is_drawn_in_rows_that_fit_a_page():
    task = st.task("parity")
    batch = task.batch(stream(0, "picture"), 1, 100)
    root = ET.fromstring(drawn(batch, task))
    assert float(root.get("width")) <= 724
    assert sum(one.text == "input" for one in root.iter("{http://www.w3.org/2000/svg}text")) == 5


def test_text_from_others_stays_text(site):
    site.plugin(
        "stranger",
        "import numpy as np\n"
        "from seqtasks.tasks import Task, Tokens\n"
        "class Odd(Task):\n"
        '    """A <script>alert(1)</script> *star* | bar [x](y) \\x1b[2J\n\n    - no list"""\n'
        "    inputs = targets = Tokens(['<i>', '|'])\n"
        "    def generate(self, rng, batch_size, length):\n"
        "        return rng.integers(2, size=(batch_size, length))\n"
        "    def encode(self, inputs):\n"
        "        return inputs\n"
        "@hookimpl\n"
        "def register_tasks(register):\n"
        "    register('odd', Odd, 'a | <b>bold</b> task')\n",
    )
    use_registry()
    try:
        made = gallery_files(Gallery([entry("task", "odd")], []))
    finally:
        use_registry()
    page = made["tasks/odd.md"]
    for raw in ("<script>", "<b>", " *star*", "\x1b", "\n- no list"):
        assert raw not in page
    rows = [line for line in made["index.md"].splitlines() if "odd" in line]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [3]
    ET.fromstring(made["tasks/odd.svg"])


def test_backticks_in_code_and_lines_that_end_on_purpose():
    assert code("a `b` c") == "`` a `b` c ``"
    text = "h' = W h\nThe next state is a product of a matrix, the weights, and a vector, here"
    assert paragraphs(text) == text.replace("h\nThe", "h  \nThe")
    assert paragraphs(f"{'long ' * 15}\nline") == f"{'long ' * 15}".strip() + "\nline"


def test_rows_of_a_page_are_found_by_the_command_they_hold(tmp_path):
    page = tmp_path / "results.md"
    page.write_text(
        "| command | score |\n| --- | ---: |\n"
        "| `seqtasks run parity --cell 'gru'` | 99 |\n"
        "| `seqtasks run mqar:pairs=4` | a \\| b |\n"
        "| `seqtasks show parity` | 1 |\n\ntext\n"
        "| seconds | command |\n| --- | --- |\n| 3 | `seqtasks run parity` |\n"
    )
    found = measurements([page], [])
    assert [(set(one.tasks), set(one.cells)) for one in found] == [
        ({"parity"}, {"gru"}),
        ({"mqar"}, set()),
        ({"parity"}, set()),
    ]
    written = tables(one for one in found if "parity" in one.tasks)
    assert written.count("| --- | --- |") == 2
    assert "| `seqtasks run parity --cell 'gru'` | 99 |" in written
    with pytest.raises(UsageError, match="cannot read"):
        measurements([tmp_path / "none.md"], [])


def test_scores_of_runs_stand_on_the_pages_of_their_task_and_cell(tmp_path):
    st.run(
        "parity", cell="gru", steps=2, evaluation_lengths=[5], engine="plain", out=tmp_path / "runs"
    )
    (one,) = measurements([], [tmp_path / "runs"])
    assert (set(one.tasks), set(one.cells)) == ({"parity"}, {"gru"})
    assert one.row[:4] == ("`parity`", "`gru`", "0", "2")
    assert re.fullmatch(r"[\d.]+ % at 5", one.row[4])
    with pytest.raises(UsageError, match="no folder"):
        measurements([], [tmp_path / "elsewhere"])


def test_the_command_writes_a_plugins_pages_and_nothing_over_others_files(tmp_path):
    out = tmp_path / "gallery"
    first = asked("bits", "--out", out)
    assert (first.exit_code, first.output) == (0, f"3 tasks and 2 cells: {out / 'index.md'}\n")
    assert {one.name for one in (out / "tasks").glob("*.md")} == {
        "bitflip.md",
        "bitshift.md",
        "parity.md",
    }
    assert "--overwrite" in refused("bits", "--out", out)
    (out / "mine.txt").write_text("mine")
    (out / "index.md").write_text("old")
    assert asked("bits", "--out", out, "--overwrite").exit_code == 0
    assert (out / "mine.txt").read_text() == "mine"
    assert (out / "index.md").read_text().startswith("# Gallery")


def test_a_wrong_name_a_file_and_damaged_figures_are_named(tmp_path):
    assert "Did you mean 'bits'?" in refused("bitz", "--out", tmp_path / "g")
    assert not (tmp_path / "g").exists()
    (tmp_path / "file").write_text("")
    assert "is a file" in refused("bits", "--out", tmp_path / "file")
    (tmp_path / "speeds.json").write_text(
        '{"machine": {}, "size": {}, "cells": {"gru": {"ms": 1}}}'
    )
    assert "speeds.json is damaged" in refused("bits", "--out", tmp_path, "--overwrite")


def test_kept_figures_are_read_as_they_were_written(tmp_path):
    assert read_speeds(tmp_path / "speeds.json") is None
    (tmp_path / "speeds.json").write_text(json.dumps(SPEEDS.document()))
    assert read_speeds(tmp_path / "speeds.json") == SPEEDS


def test_a_registered_thing_that_fails_is_named(monkeypatch):
    broken = Entry("task", "nowhere", "nowhere:Gone", "", "p", "d")
    with pytest.raises(UsageError, match="nowhere"):
        gallery_files(Gallery([broken], []))
