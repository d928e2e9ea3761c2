"""Options of published protocols: curricula, pondering, held-out inputs, the score of a range."""

import json
import re

import pytest

SMALL = ("--cell", "concat", "--hidden-size", "4", "--steps", "4", "--eval-length", "5")


def test_the_score_of_a_range_is_in_the_table_the_result_and_the_json(seqtasks, tmp_path):
    process = seqtasks("run", "bitflip", *SMALL, "--score", "41..60")
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    interval = r"\d+\.\d\d % \[\d+\.\d\d, \d+\.\d\d\]"
    assert re.fullmatch(rf" *41\.\.60!? +{interval} +{interval} +\d\d\.\d\d %", lines[2]), lines
    assert "41..60: the mean over 20 lengths, 64 instances each" in lines
    assert max(map(len, lines)) <= 80
    written = json.loads((tmp_path / "runs/bitflip-concat-1/result.json").read_text())["score"]
    assert (written["lengths"], written["count"], written["sequences"]) == ("41..60", 20, 64)
    process = seqtasks("run", "bitflip", *SMALL, "--score", "41..60", "--json")
    assert json.loads(process.stdout)["score"] == written


def test_eval_takes_the_mean_of_a_range_alone_or_beside_lengths(answer, trained):
    text = answer("eval", trained.path, "--score", "11..20")
    assert [line.split()[0] for line in text.splitlines()] == ["length", "11..20", "in", "11..20:"]
    shown = json.loads(answer("eval", trained.path, "--score", "11..20", "--json"))
    assert shown["scores"] == []
    assert shown["score"]["metrics"] == {"token_accuracy": 1.0, "sequence_accuracy": 1.0}
    assert (shown["score"]["count"], shown["score"]["sequences"]) == (10, 64)
    options = ("--score", "11..20", "--length", "3,12", "--sequences", "30")
    text = answer("eval", trained.path, *options)
    assert [line.split()[0] for line in text.splitlines()[:4]] == ["length", "3", "12", "11..20"]
    assert text.splitlines()[-1] == "11..20: the mean over 10 lengths, 30 instances each"
    assert "score" not in json.loads(answer("eval", trained.path, "--length", "3", "--json"))


def test_a_held_out_share_is_said_under_the_table_and_scored_by_eval_too(seqtasks, answer):
    options = ("--length", "5", "--holdout", "0.25", "--eval-length", "5,6")
    process = seqtasks("run", "bitflip", *SMALL, *options)
    assert process.returncode == 0, process.stderr
    line = "** scored on the 25 % of the inputs that were held out of training"
    assert line in process.stdout.splitlines()
    assert "held out: 25 % of the inputs of length 5" in process.stderr.splitlines()
    assert [row.split()[0] for row in process.stdout.splitlines()[1:3]] == ["5**", "6"]
    scores = json.loads(answer("eval", "runs/bitflip-concat-1", "--json"))["scores"]
    assert [(s["held_out"], s["sequences"]) for s in scores] == [(True, 8), (False, 64)]
    assert line in answer("eval", "runs/bitflip-concat-1").splitlines()


def test_lengths_that_cannot_be_split_are_named_and_trained_on(seqtasks):
    line = (
        "held out: 10 % of the inputs of length 3..20; "
        "none of length 1..2 (too few) and of length 21..30 (more than 1048576)"
    )
    options = ("--length", "1..30", "--holdout", "0.1", "--eval-length", "2,3,30,31")
    process = seqtasks("run", "bitflip", *SMALL[:6], *options)
    assert process.returncode == 0, process.stderr
    assert line in process.stderr.splitlines()
    assert [row.split()[0] for row in process.stdout.splitlines()[1:5]] == [
        "2*",
        "3**",
        "30*",
        "31",
    ]
    process = seqtasks("run", "bitflip", *SMALL[:6], *options, "--dry-run")
    assert (process.returncode, process.stderr.splitlines()) == (0, [line])


@pytest.mark.parametrize(
    ("options", "mark", "says"),
    [
        # Lengths 1 to 5 have 2, 4, 8, 16 and 32 inputs.
        (("--score", "1..5"), "", [("1..5: the mean over 5 lengths, 2 to 32 instances each, "
         "all there are")]),
        # Length 6 has 64, and of 128 of length 7 there are 64 drawn.
        (("--score", "5..7"), "", ["5..7: the mean over 3 lengths, 32 to 64 instances each",
         "at 2 of these lengths all there are were scored"]),
        # A tenth of 256, 512 and 1024 inputs are 26, 51 and 102.
        (("--score", "8..10", "--holdout", "0.1", "--length", "8..10"), "**",
         ["8..10: the mean over 3 lengths, 26 to 64 instances each",
          "at 2 of these lengths all there are were scored",
          "at 3 of these lengths held-out inputs alone were scored"]),
    ],
)  # fmt: skip
def test_what_a_mean_over_a_range_is_of_is_said_as_it_is(seqtasks, answer, options, mark, says):
    process = seqtasks("run", "bitflip", *SMALL, *options)
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    assert lines[2].split()[0] == f"{options[1]}{mark}"
    first = lines.index(says[0])
    assert [*lines[first : first + len(says) + 1]] == [*says, ""]
    assert max(map(len, lines)) <= 80
    text = answer("eval", "runs/bitflip-concat-1", "--score", options[1])
    assert text.splitlines()[-len(says) :] == says
    assert ("** scored on the 10 % of the inputs" in text) == bool(mark)


def test_a_run_with_blanks_to_compute_over_answers_over_them(seqtasks, answer):
    options = ("--cell", "elman", "--hidden-size", "3", "--steps", "2", "--eval-length", "5")
    process = seqtasks("run", "parity", *options, "--ponder", "1", "-q")
    assert process.returncode == 0, process.stderr
    lines = answer("predict", "runs/parity-elman-1", "011").splitlines()
    assert lines[0] == "input       0 _ 1 _ 1 _"
    assert lines[2] == "right       . 0 . 1 . 0"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--score", "500..41"), ["500..41 is reversed; write 41..500"]),
        (("--score", "long"), ["'long' is not a length"]),
        (("--ponder", "-1"), ["ponder must be at least 0, got -1"]),
        (("--curriculum", "increasin"), ["unknown curriculum", "Did you mean 'increasing'?"]),
        (("--curriculum", "fixed:length=3"), ["one of the training lengths, 10, got 3"]),
        (("--holdout", "1"), ["a share from 0 to below 1, got 1"]),
        (("--holdout", "0.1", "--length", "30"), ["1048576 inputs of length 30", "3..20"]),
        (("--holdout", "0.1", "--length", "1..2"), ["too few inputs of length 1..2", "3..20"]),
    ],
)
def test_what_a_protocol_cannot_be_is_refused(refused, options, words):
    refused(["run", "bitflip", *options], *words)


def test_a_range_alone_is_drawn_length_by_length(answer, run_copy, tmp_path):
    answer("eval", run_copy, "--score", "5..9", "--plot", "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
