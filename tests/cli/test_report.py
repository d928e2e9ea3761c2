"""`seqtasks report` makes a page of a run, a study or a folder, and refuses what is none."""

import os
import shutil
from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.skipif(
    not all(find_spec(name) for name in ("altair", "jinja2", "vl_convert")),
    reason="the extra report is not installed",
)
CELL = """
import torch
from torch import nn
from seqtasks import Cell

class Mine(Cell):
    "h' = tanh(W x + h)"
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)
    def forward(self, x, h):
        return torch.tanh(self.linear(x) + h)
"""


def test_the_page_of_a_run_has_its_name_and_lies_in_the_current_folder(trained, answer, seqtasks):
    assert answer("report", trained.path) == f"page  {trained.path.name}.html\n"
    html = (seqtasks.folder / f"{trained.path.name}.html").read_text()
    assert html.startswith("<!doctype html>")
    assert "Worked examples" in html
    answer("report", trained.path)  # a page may take the place of a page


def test_a_file_that_is_no_page_is_not_overwritten_by_its_name_alone(trained, refused, seqtasks):
    (seqtasks.folder / f"{trained.path.name}.html").write_text("<p>my own notes")
    refused(["report", trained.path], "is no page of seqtasks", "--out")


@pytest.mark.slow
def test_a_page_is_written_where_it_is_asked_for_or_to_stdout(trained, answer, seqtasks):
    assert answer("report", trained.path, "--out", "page.html") == "page  page.html\n"
    assert answer("report", trained.path, "--out", "-").startswith("<!doctype html>")


def test_a_folder_has_a_page_with_links_to_its_runs(trained, untrained, answer, seqtasks):
    for run in (trained, untrained):
        shutil.copytree(run.path, seqtasks.folder / "runs" / run.path.name)
    answer("report", "runs")
    html = (seqtasks.folder / "runs.html").read_text()
    for run in (trained, untrained):
        assert f'href="runs/{run.path.name}/"' in html
    assert len(html) < 100_000  # without charts the page has no library


@pytest.mark.slow
def test_the_page_of_an_untrusted_run_leaves_out_what_its_code_would_show(answer, seqtasks):
    (seqtasks.folder / "mine.py").write_text(CELL)
    quick = ("--steps", "4", "--hidden-size", "3", "--eval-length", "4", "--length", "4", "-q")
    run = answer("run", "parity", "--cell", "./mine.py:Mine", *quick).strip()
    page = seqtasks.folder / "page.html"
    answer("report", run, "--out", page)
    assert "Worked examples" in page.read_text()
    stranger = {"SEQTASKS_STATE": str(seqtasks.folder / "strangers-state")}
    process = seqtasks("report", run, "--out", page, **stranger)
    assert (process.returncode, process.stderr) == (0, "")
    html = page.read_text()
    assert "Worked examples, accuracy by place, the engine and the C program are left" in html
    assert "brings code that you have not run or allowed before" in html
    assert "The program in C" not in html
    assert 'id="examples"' not in html
    assert "100" in html  # its scores
    process = seqtasks("report", run, "--out", page, "--trust", **stranger)
    assert (process.returncode, process.stderr) == (0, "")
    assert 'id="examples"' in page.read_text()


@pytest.mark.slow
def test_the_page_of_an_untrusted_study_executes_none_of_its_code(answer, seqtasks):
    marker = seqtasks.folder / "executed"
    (seqtasks.folder / "mine.py").write_text(CELL + f"open({str(marker)!r}, 'w')\n")
    quick = ("--steps", "4", "--hidden-size", "3", "--eval-length", "4", "--length", "4", "-q")
    made = seqtasks("compare", "parity", "--cell", "./mine.py:Mine,gru", "--seeds", "3", *quick)
    assert made.returncode == 0, made.stderr
    study = made.stdout.strip()
    page = seqtasks.folder / "page.html"
    answer("report", study, "--out", page)
    trusted = page.read_text()
    marker.unlink()
    (seqtasks.folder / "mine.py").unlink()  # as on another machine
    stranger = {"SEQTASKS_STATE": str(seqtasks.folder / "strangers-state")}
    process = seqtasks("report", study, "--out", page, **stranger)
    assert (process.returncode, process.stderr) == (0, "")
    assert not marker.exists()
    html = page.read_text()
    assert "The code that came with the study was not executed" in html
    assert "not executed" not in trusted
    assert len(html) > 0.95 * len(trusted)  # nothing else is missing
    record = next(seqtasks.folder.glob("**/study.json"))
    (seqtasks.folder / "evil.py").write_text(f"open({str(marker)!r}, 'w')\n")
    edited = record.read_text().replace('"cell": "gru"', '"cell": {"class": "evil:Cell"}')
    assert edited != record.read_text()
    record.write_text(edited)
    paths = os.pathsep.join([str(seqtasks.folder), *os.environ.get("PYTHONPATH", "").split(":")])
    seqtasks("report", study, "--out", page, PYTHONPATH=paths, **stranger)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], ["nothing", "no such folder"]),
        (["empty"], ["holds neither runs nor studies"]),
        (["empty", "--out", "."], ["is a folder"]),
        (["empty", "--out", "no/page.html"], ["there is no folder"]),
        (["empty", "--out", "-", "--open"], ["--open needs a file"]),
        (["a-file"], ["it is no folder"]),
    ],
)
def test_what_cannot_be_reported_is_refused(refused, seqtasks, arguments, words):
    (seqtasks.folder / "empty").mkdir()
    (seqtasks.folder / "a-file").write_text("")
    refused(["report", *arguments], *words)


def test_a_damaged_run_is_named(run_copy, refused):
    (run_copy / "result.json").write_text("{")
    refused(["report", run_copy], "result.json")
