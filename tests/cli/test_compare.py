"""`seqtasks compare`: settings on the same seeds, pair by pair."""

import json
from pathlib import Path

import pytest

TINY = ("--steps", "4", "--batch-size", "2", "--eval-length", "3", "--engine", "plain")
QUIET = ("--quiet", "--backend", "threads", "--jobs", "1")


def record(seqtasks, *arguments: str) -> dict:
    """Return the `study.json` of a comparison."""
    process = seqtasks("compare", *arguments, *TINY, *QUIET)
    assert process.returncode == 0, process.stderr
    return json.loads((seqtasks.folder / process.stdout.strip() / "study.json").read_text())


def summary(seqtasks, *arguments: str) -> dict:
    """Return what a comparison prints with --json."""
    process = seqtasks("compare", *arguments, *TINY, *QUIET[1:], "--json")
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def test_every_setting_has_the_same_seeds(seqtasks, tmp_path):
    (tmp_path / "mine.py").write_text("from seqtasks.cells import GRU\n\nclass Mine(GRU): pass\n")
    study = record(seqtasks, "bitflip", "--cell", "concat,sum,./mine.py:Mine", "--seeds", "3,5,8")
    assert [one["label"] for one in study["settings"]] == ["concat", "sum", "Mine"]
    assert [row["seeds"] for row in study["points"]] == [[3, 5, 8]] * 3
    assert (study["name"], study["face"]) == ("bitflip-compare", "compare")
    assert "compare bitflip --cell concat,sum,./mine.py:Mine" in study["command"]


def test_optimisers_readouts_and_rates_are_lists_too(seqtasks):
    study = record(
        seqtasks, "bitflip", "--cell", "concat", "--readout", "concat,sum", "--seeds", "1",
        "--optimizer", "sgd:momentum=0.9,nesterov=true,adam",
    )  # fmt: skip
    assert [one["changes"] for one in study["settings"]] == [
        {"readout": readout, "optimizer": optimizer}
        for readout in ("concat", "sum")
        for optimizer in ("sgd:momentum=0.9,nesterov=true", "adam")
    ]


def test_several_tasks_are_compared_in_one_study(seqtasks):
    study = record(seqtasks, "--tasks", "parity,bitflip", "--cell", "concat,sum", "--seeds", "1")
    assert [one["label"] for one in study["settings"]] == [
        "parity, concat", "parity, sum", "bitflip, concat", "bitflip, sum",
    ]  # fmt: skip
    assert study["name"] == "compare"


def test_learning_rates_are_chosen_for_each_cell_on_other_seeds(seqtasks):
    study = record(
        seqtasks, "bitflip", "--cell", "concat,sum", "--lr", "best:1e-6..1e-1:log2",
        "--seeds", "4",
    )  # fmt: skip
    assert [row["seeds"] for row in study["points"]] == ["4..7"] * 4 + ["0..3"] * 2
    chosen = [study["settings"][row["setting"]]["changes"] for row in study["points"][4:]]
    assert [one["cell"] for one in chosen] == ["concat", "sum"]


def test_matched_sizes_are_printed_with_their_trained_numbers(seqtasks):
    arguments = ["--cell", "gru,lstm", "--hidden-size", "16", "--match", "parameters"]
    process = seqtasks("compare", "parity", *arguments, "--seeds", "1", *TINY, *QUIET[1:])
    assert process.returncode == 0, process.stderr
    lines = [line for line in process.stderr.splitlines() if "trained numbers" in line]
    assert lines[0].startswith("gru, hidden size 16: hidden size 16, 1,")
    assert "trained numbers (+0.0%)" in lines[0]
    assert lines[1].startswith("lstm, hidden size 14: hidden size 14, 1,")


def test_the_json_has_pairs_words_and_the_chosen_settings_alone(seqtasks):
    found = summary(
        seqtasks, "bitflip", "--cell", "concat,sum", "--lr", "best:0.1,0.2", "--seeds", "8",
    )  # fmt: skip
    assert [one["changes"]["cell"] for one in found["settings"]] == ["concat", "sum"]
    assert [one["runs"] for one in found["settings"]] == [8, 8]
    assert found["selection"]["chosen_on"] == "8..15"
    assert "chosen on the seeds 8..15" in found["words"][0]
    labels = [one["label"] for one in found["settings"]]
    assert {(one["a"], one["b"]) for one in found["pairs"]} == {tuple(labels)}
    assert {one["n"] for one in found["pairs"]} == {8}
    assert {"measure", "difference", "interval", "p_value", "p_holm", "better",
            "better_interval"} <= set(found["pairs"][0])  # fmt: skip


def test_a_cell_and_itself_under_another_name_are_equal(seqtasks, tmp_path):
    (tmp_path / "mine.py").write_text("from seqtasks.cells import GRU\n\nclass Mine(GRU): pass\n")
    found = summary(seqtasks, "bitflip", "--cell", "gru,./mine.py:Mine", "--seeds", "5")
    assert {one["difference"] for one in found["pairs"]} == {0.0}
    assert {tuple(one["interval"]) for one in found["pairs"]} == {(0.0, 0.0)}
    assert {one["p_holm"] for one in found["pairs"]} == {1.0}
    assert all("no spread" in one["note"] for one in found["pairs"])


def test_seeds_are_added_until_the_differences_are_sure(seqtasks):
    until = ("bitflip", "--cell", "concat,sum", "--seeds", "30", "--until-sure")
    found = summary(seqtasks, *until, "--most-seeds", "60", "--width", "0.001")
    assert {one["runs"] for one in found["settings"]} == {60}
    found = summary(seqtasks, *until, "--width", "1.5")
    assert {one["runs"] for one in found["settings"]} == {30}
    decided = [one for one in found["pairs"] if one["measure"] == "steps_to_solve"]
    assert ["after 30 seeds: narrow" in one["note"] for one in decided] == [True]
    assert [one["verdict"] for one in decided] == ["narrow"]


def test_csv_goes_to_a_file_or_in_place_of_the_table(seqtasks):
    arguments = ("compare", "bitflip", "--cell", "concat,sum", "--seeds", "2", *TINY, *QUIET[1:])
    written = seqtasks(*arguments, "--csv", "runs.csv")
    assert written.returncode == 0, written.stderr
    assert "study" in written.stdout
    text = (seqtasks.folder / "runs.csv").read_text()
    printed = seqtasks(*arguments, "--csv", "-")
    assert (printed.returncode, len(printed.stdout.splitlines())) == (0, 5)
    assert not (seqtasks.folder / "-").exists()
    header, *rows = (line.split(",") for line in printed.stdout.splitlines())
    keep = [place for place, name in enumerate(header) if name != "seconds"]
    wanted = [line.split(",") for line in text.splitlines()]
    assert [[row[k] for k in keep] for row in (header, *rows)] == [
        [row[k] for k in keep] for row in wanted
    ]
    refused = seqtasks(*arguments, "--csv", "-", "--json")
    assert refused.returncode == 2
    assert "--json and --csv - both write to standard output" in refused.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_csv_file_on_a_full_disk_costs_no_table(seqtasks):
    arguments = ("compare", "bitflip", "--cell", "concat,sum", "--seeds", "2", *TINY, *QUIET[1:])
    process = seqtasks(*arguments, "--csv", "/dev/full")
    assert process.returncode == 1
    assert "study    runs/bitflip-compare-1" in process.stdout
    assert "cannot write /dev/full: No space left on device" in process.stderr
