"""`seqtasks bench cells`: what it measures and how it is shown, not how fast this machine is."""

import json
import runpy
from pathlib import Path

import pytest

MINE = """
import torch, seqtasks

class Fast(seqtasks.Cell):
    def __init__(self, input_size, hidden_size, decay=0.5):
        super().__init__(input_size, hidden_size)
        self.linear, self.decay = torch.nn.Linear(input_size, hidden_size), decay

    def forward(self, x, state):
        return self.decay * state + self.linear(x)

class Mixing(seqtasks.Cell):
    def forward(self, x, state):
        return state + x.mean(0)
"""


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    return "./mine.py"


def test_each_named_cell_has_a_row_with_its_engine_ratio_and_compilation(seqtasks, mine):
    cells = f"{mine}:Fast:decay=[0.5,0.25],{mine}:Mixing"
    options = ["--size", "tiny", "--repeats", "1", "--json"]
    done = seqtasks("bench", "cells", "--cell", cells, "--cell", f"{mine}:Mixing", *options)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert {"processor", "compiler", "load", "command"} <= set(document["machine"])
    one, two, plain = document["rows"]
    assert [row["cell"] for row in document["rows"]] == [
        f"{mine}:Fast:decay=0.5",
        f"{mine}:Fast:decay=0.25",
        f"{mine}:Mixing",
    ]
    for row in (one, two):
        assert (row["size"], row["engine"], row["reason"]) == ("tiny", "native", "")
        assert row["ratio"] == pytest.approx(row["plain_ms"] / row["ms"])
        assert row["ratio"] > 1  # it is some 500
        assert 0.1 < row["compile_seconds"] < row["prepare_seconds"]
    assert plain["engine"] == "plain"
    assert "batch" in plain["reason"]
    assert (plain["ratio"], plain["compile_seconds"]) == (1, 0)
    assert plain["ms"] == plain["plain_ms"] > 0
    assert f"{mine}:Mixing at tiny: not native: " in done.stderr
    assert f"{mine}:Fast:decay=0.5 at tiny: making its program\n" in done.stderr


def test_the_table_keeps_80_columns(seqtasks):
    options = ["--size", "tiny", "--size", "small", "--repeats", "1"]
    done = seqtasks("bench", "cells", "--cell", "nn-gru", *options)
    assert done.returncode == 0, done.stderr
    header, *rows = done.stdout.splitlines()
    titles = ["size", "engine", "ms", "plain ms", "plain / engine", "compile s", "cell"]
    assert " ".join(header.split()) == " ".join(titles)
    assert [[*row.split()[:2], row.split()[-1]] for row in rows] == [
        ["tiny", "plain", "nn-gru"],
        ["small", "plain", "nn-gru"],
    ]
    assert max(map(len, [header, *rows])) <= 80


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--size", "midle"], ["unknown size 'midle'", "Did you mean 'middle'?"]),
        (["--cell", "gru,gru-concta"], ["gru-concta", "Did you mean 'gru-concat'?"]),
        (["--cell", "gru:gates=4"], ["gru", "no parameter 'gates'"]),
        (["--cell", ","], ["cell", "the list is empty"]),
        (["--cell", "./none.py:Mine"], ["none.py"]),
        (["--repeats", "0"], ["--repeats"]),
        (["--hidden", "0"], ["--hidden"]),
        (["--inputs", "real"], ["'real'", "tokens", "reals"]),
    ],
)
def test_mistakes_are_named_before_anything_is_measured(refused, arguments, words):
    refused(["bench", "cells", *arguments], *words)


def test_a_hidden_size_takes_the_place_of_the_size_s_own(monkeypatch):
    from click.testing import CliRunner

    from seqtasks.benchmark import cell_speed
    from seqtasks.cli.bench_cells import cells

    sizes = []

    def measured(problem, repeats, tell):
        sizes.append(problem.size)
        assert problem.model().cells[0].hidden_size == problem.size.width
        raise ValueError("that is enough")

    monkeypatch.setattr(cell_speed, "measure_cell", measured)
    options = ["--cell", "gru", "--size", "small", "--hidden", "5", "--hidden", "7"]
    done = CliRunner().invoke(cells, options)
    assert done.exit_code == 0, done.output
    assert [(s.name, s.batch, s.time, s.width) for s in sizes] == [
        ("small, 5 wide", 64, 10, 5),
        ("small, 7 wide", 64, 10, 7),
    ]


def test_without_names_every_registered_cell_is_measured_and_a_broken_one_left_out(monkeypatch):
    from click.testing import CliRunner

    from seqtasks.benchmark import cell_speed
    from seqtasks.benchmark.measuring import Timing
    from seqtasks.cli.bench_cells import cells
    from seqtasks.registry.discovery import current_registry

    def measured(problem, repeats, tell):
        assert problem.size.name == "middle"
        if problem.cell == "gru":
            raise ValueError("it breaks")
        if problem.cell == "slstm":
            raise KeyboardInterrupt
        timings = [Timing(name, name, 2.0, low, 3.0) for name, low in (("auto", 1.5), ("plain", 3))]
        return cell_speed.CellSpeed(problem, "native", "", *timings, 1.0, 2.0)

    monkeypatch.setattr(cell_speed, "measure_cell", measured)
    done = CliRunner().invoke(cells, ["--json"])
    assert done.exit_code == 1  # as click ends a command by itself after an interrupt
    rows = json.loads(done.stdout[: done.stdout.rindex("}") + 1])["rows"]
    names = current_registry().names("cell")
    before = names[: names.index("slstm")]
    assert [row["cell"] for row in rows] == [name for name in before if name != "gru"]
    assert {row["ratio"] for row in rows} == {2}
    assert "left out: gru at middle: ValueError: it breaks" in done.stderr


def test_the_tables_of_the_page_are_written_from_what_it_prints():
    path = Path(__file__).parents[2] / "docs" / "make_cell_tables.py"
    make = runpy.run_path(str(path))
    row = {"engine": "native", "ms": 0.51234, "plain_ms": 7.6, "ratio": 14.83, "reason": ""}
    row |= {"size": "middle", "compile_seconds": 1.26, "prepare_seconds": 1.5}
    pages = "a\n<!-- cells: own -->\nold\n<!-- end -->\nb\n<!-- cells: torchrecurrent -->\n"
    own, theirs = ({"rows": [{"cell": name, **row}]} for name in ("gru", "torchrecurrent.MGUCell"))
    written = make["with_tables"](f"{pages}<!-- end -->\nc\n", [own, theirs])
    assert "old" not in written
    assert "\n| `gru` | native | 0.512 | 7.6 | 14.8 | 1.3 |\n" in written
    assert "\n| `MGUCell` | native | 0.512 | 7.6 | 14.8 | 1.3 |\n\n<!-- end -->\nc\n" in written
    assert make["with_tables"](written, [own, theirs]) == written
    with pytest.raises(SystemExit, match="no mark"):
        make["with_tables"]("a page", [own])
    assert all(
        f"<!-- cells: {mark} -->" in path.with_name("performance.md").read_text()
        for mark in make["MARKS"]
    )
