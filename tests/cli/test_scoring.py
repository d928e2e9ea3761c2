"""The commands that read runs: eval, predict and runs."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest


def test_eval_scores_a_range_of_lengths_and_draws_it(answer, trained, tmp_path):
    text = answer("eval", trained.path, "--length", "1..5", "--plot", "over.png")
    header, *rows = text.splitlines()
    assert header.split("  ")[0] == "length"
    assert [row.split()[0] for row in rows[:5]] == ["1", "2", "3", "4", "5"]
    assert all("100.00 % [exact]" in row for row in rows[:5])
    assert rows[-1] == "plot  over.png"
    assert (tmp_path / "over.png").read_bytes().startswith(b"\x89PNG")


def test_eval_scores_the_runs_own_lengths_as_the_run_did(answer, trained):
    assert answer("eval", trained.path).splitlines()[:4] == trained.stdout.splitlines()[:4]
    result = json.loads((trained.path / "result.json").read_text())
    shown = json.loads(answer("eval", trained.path, "--json"))
    assert shown["scores"] == result["scores"]
    assert (shown["status"], shown["step"]) == ("finished", 100)
    options = ("--length", "12", "--sequences", "50", "--seed", "3", "--json")
    (score,) = json.loads(answer("eval", trained.path, *options))["scores"]
    assert (score["length"], score["sequences"], score["exhaustive"]) == (12, 50, False)


def test_eval_draws_svg_and_pdf_too(answer, trained, tmp_path):
    for name, start in (("a.svg", b"<?xml"), ("a.pdf", b"%PDF")):
        answer("eval", trained.path, "--length", "3", "--plot", name)
        assert (tmp_path / name).read_bytes().startswith(start)


def test_predict_answers_arguments_and_lines_of_stdin_alike(answer, trained):
    expected = "input       0 1 0 1\nprediction  1 0 1 0\nright       1 0 1 0\n"
    assert answer("predict", trained.path, "0101") == expected
    both = answer("predict", trained.path, stdin="0101\n\n 1 1 1 \n")
    assert both.startswith(expected + "\ninput       1 1 1\n")
    assert both == answer("predict", trained.path, "0101", "111")


def test_predict_marks_wrong_answers_and_shows_states(answer, untrained):
    text = answer("predict", untrained.path, "01101", "--states")
    lines = text.splitlines()
    rows = {line.split()[0]: line[12:].split() for line in lines[:3]}
    assert rows["right"] == list("01001")
    wrong = [p != r for p, r in zip(rows["prediction"], rows["right"], strict=True)]
    assert any(wrong)
    marks = lines[3]
    assert marks.startswith("wrong")
    assert [index for index, mark in enumerate(marks) if mark == "^"] == [
        12 + 2 * place for place, bad in enumerate(wrong) if bad
    ]
    states = [line.split() for line in lines[4:]]
    assert [state[:3] for state in states] == [
        ["state", str(step), symbol] for step, symbol in enumerate("01101", start=1)
    ]
    assert all(len(state) == 3 + 4 for state in states)
    (document,) = json.loads(answer("predict", untrained.path, "01101", "--states", "--json"))
    assert document["input"] == list("01101")
    assert document["prediction"] == rows["prediction"]
    assert document["answer"] == rows["right"]
    assert np.shape(document["states"]) == (5, 4)
    assert f"{document['states'][4][3]:.3f}" == states[4][-1]


@pytest.fixture
def two_runs(trained, untrained, tmp_path: Path) -> Path:
    """A folder `runs` with two runs, one damaged one and something else."""
    for run, seconds in ((trained.path, 2.5), (untrained.path, 1.5)):
        copy = shutil.copytree(run, tmp_path / "runs" / run.name)
        result = json.loads((copy / "result.json").read_text()) | {"seconds": seconds}
        (copy / "result.json").write_text(json.dumps(result))
    (tmp_path / "runs" / "broken-1").mkdir()
    (tmp_path / "runs" / "broken-1" / "experiment.json").write_text("{")
    (tmp_path / "runs" / "notes").mkdir()
    return tmp_path / "runs"


def test_runs_lists_a_folder_of_runs_sorted_as_asked(answer, two_runs):
    header, *rows = answer("runs").splitlines()
    assert header.split() == ["run", "status", "step", "parameters", "scores"]
    assert [row.split()[:2] for row in rows] == [
        ["bitflip-concat-1", "finished"],
        ["broken-1", "damaged"],
        ["parity-gru-1", "finished"],
    ]
    assert "100.0 % at 10, 100.0 % at 20" in rows[0]
    assert "broken-1/experiment.json is not JSON" in rows[1]

    def names(*options: str) -> list[str]:
        return [run["name"] for run in json.loads(answer("runs", *options, "--json"))]

    assert names() == ["bitflip-concat-1", "broken-1", "parity-gru-1"]
    assert names("--reverse") == ["parity-gru-1", "broken-1", "bitflip-concat-1"]
    for key in ("accuracy", "parameters", "step", "seconds"):
        assert names("--sort", key) == ["parity-gru-1", "bitflip-concat-1", "broken-1"]
