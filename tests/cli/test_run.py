"""`seqtasks run`: what it prints, what it writes, and how an experiment is said."""

import json
import re
import shlex
import struct
from importlib.util import find_spec

import pytest
from safetensors.numpy import load_file

import seqtasks as st
from seqtasks.cli.run import run as run_command
from seqtasks.cli.study_options import STUDY_GROUP

QUICK = ("--cell", "concat", "--steps", "2", "--eval-length", "5")

OPTIONS = {  # option: how it is given, and the value the experiment then has
    "cell": ("lstm", "lstm"),
    "readout": ("concat:activation=tanh", "concat:activation=tanh"),
    "hidden_size": ("6", 6),
    "embedding": ("learned", "learned"),
    "embedding_size": ("5", 5),
    "layers": ("2", 2),
    "initialization": ("haiku", "haiku"),
    "length": ("3..7", "3..7"),
    "curriculum": ("fixed:length=5", "fixed:length=5"),
    "ponder": ("2", 2),
    "steps": ("1_3", 13),
    "batch_size": ("9", 9),
    "learning_rate": ("1e-3", 0.001),
    "lr_schedule": ("warmup:steps=9", "warmup:steps=9"),
    "optimizer": ("sgd:momentum=0.9", "sgd:momentum=0.9"),
    "clip": ("none", None),
    "loss_reduction": ("sum", "sum"),
    "training_inputs": ("100", 100),
    "holdout": ("0.25", 0.25),
    "seed": ("7", 7),
    "score": ("41..50", "41..50"),
    "evaluation_lengths": ("4,9..11", [4, 9, 10, 11]),
    "device": ("cpu", "cpu"),
    "dtype": ("float64", "float64"),
    "engine": ("plain", "plain"),
    "checkpoint_every": ("7", 7),
}
OUTPUT = {"out", "dry_run", "as_json", "quiet", "tensorboard"}
FLAGS = {"blank_before_answer", "zeros_after_end"}
NOT_OF_THE_EXPERIMENT = {"task", "protocol", "trust", *FLAGS, *OUTPUT}


def planned(seqtasks, *arguments: str) -> dict:
    """Return the experiment that a dry run shows."""
    process = seqtasks("run", *arguments, "--dry-run", "--json")
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)["experiment"]


def test_the_table_shows_scores_with_intervals_and_what_comes_next(trained):
    lines = trained.stdout.splitlines()
    headers = ["length", "per symbol", "whole sequence", "untrained", "trivial"]
    assert re.split(r"  +", lines[0]) == headers
    assert re.fullmatch(
        r" +10\*  100.00 % \[exact\] +100.00 % \[exact\] +0.00 % +50.00 %", lines[1]
    )
    low_and_high = r"100.00 % \[99.62, 100.00\]"
    assert re.fullmatch(rf" +20   ?{low_and_high} +{low_and_high} +0.00 % +\d\d.\d\d %", lines[2])
    assert lines[3] == "* trained lengths: 10; in brackets the 95 % interval"
    assert re.fullmatch(r"step 100 of 100 reached; \d+\.\d s of training, 186 parameters", lines[5])
    assert lines[6] == "run   runs/bitflip-concat-1"
    assert lines[7] == (
        "next  seqtasks eval runs/bitflip-concat-1 --length 1..20 --plot lengths.png"
    )
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in trained.stdout + trained.stderr


def test_progress_goes_to_stderr(trained):
    first, *_, last = trained.stderr.splitlines()
    assert first == "training up to step 100 in runs/bitflip-concat-1"
    assert re.fullmatch(r"step 100: loss 0\.\d{4}, accuracy 100.0 %, \d+ steps/s", last)


def test_a_run_not_solved_says_how_to_go_on(untrained):
    end, run, following = untrained.stdout.splitlines()[-3:]
    assert "not solved" in end
    assert run == "run   runs/parity-gru-1"
    assert following == "next  seqtasks resume runs/parity-gru-1 --steps 2"


def test_a_solved_run_stops_early_and_its_next_command_works(seqtasks, tmp_path):
    options = ["--eval-length", "10", "--steps", "2000", "--out", "my runs"]
    process = seqtasks("run", "bitflip", *options)
    lines = process.stdout.splitlines()
    assert re.match(r"solved: stopped early at step \d+00 of at most 2000; ", lines[-3])
    following = shlex.split(lines[-1])
    assert following[:2] == ["next", "seqtasks"]
    assert seqtasks(*following[2:]).returncode == 0
    assert (tmp_path / "lengths.png").read_bytes().startswith(b"\x89PNG")


def test_solved_is_said_of_the_trained_length_alone(seqtasks):
    """One symbol is easily right by chance; the run is at length 10."""
    options = ["--eval-length", "1,10", "--steps", "1", "--hidden-size", "4", "--seed", "2"]
    process = seqtasks("run", "parity", "--cell", "concat", *options)
    assert " 100.00 % [exact]" in process.stdout.splitlines()[1], process.stdout
    assert "not solved" in process.stdout


def test_a_run_keeps_everything_in_its_directory(trained):
    names = sorted(path.name for path in trained.path.iterdir())
    assert names == [
        "checkpoint.safetensors",
        "experiment.json",
        "learning.png",
        "lengths.png",
        "lock",
        "metrics.jsonl",
        "model.safetensors",
        "result.json",
    ]
    record = json.loads((trained.path / "experiment.json").read_text())
    assert {"python", "seqtasks", "torch", "numpy", "plugins"} <= set(record["versions"])
    assert record["experiment"]["task"] == "bitflip"
    lines = [json.loads(line) for line in (trained.path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [0, 25, 50, 75, 100, 100]
    assert [next(iter(set(line) - {"step", "seconds"})) for line in lines] == [
        "untrained",
        *["loss"] * 4,
        "validation",
    ]
    result = json.loads((trained.path / "result.json").read_text())
    assert [score["length"] for score in result["scores"]] == [10, 20]
    assert result["parameters"] == 186
    weights = load_file(trained.path / "model.safetensors")
    assert sum(values.size for values in weights.values()) == 186
    for picture in ("learning.png", "lengths.png"):
        content = (trained.path / picture).read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        width, height = struct.unpack(">II", content[16:24])
        assert min(width, height) >= 400
        assert content.endswith(b"IEND\xaeB`\x82")


def test_the_result_is_written_last_so_that_a_run_with_one_is_whole(trained):
    times = {path.name: path.stat().st_mtime_ns for path in trained.path.iterdir()}
    assert max(times, key=lambda name: times[name]) == "result.json"


def test_json_prints_one_document_and_quiet_only_the_path(seqtasks, tmp_path):
    process = seqtasks("run", "bitflip", *QUICK, "--json")
    assert process.returncode == 0, process.stderr
    written = json.loads((tmp_path / "runs/bitflip-concat-1/result.json").read_text())
    assert json.loads(process.stdout) == written
    process = seqtasks("run", "bitflip", *QUICK, "--quiet")
    assert process.stdout == "runs/bitflip-concat-2\n"
    assert process.stderr == ""


def test_runs_started_at_once_get_numbers_of_their_own(seqtasks, tmp_path):
    processes = [seqtasks.start("run", "bitflip", *QUICK, "-q", "--out", "o") for _ in range(4)]
    assert [process.wait().returncode for process in processes] == [0] * 4
    paths = sorted(process.stdout.strip() for process in processes)
    assert paths == [f"o/bitflip-concat-{number}" for number in (1, 2, 3, 4)]
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == [p[2:] for p in paths]


def test_every_option_reaches_the_experiment(seqtasks):
    known = {parameter.name: parameter.opts[0] for parameter in run_command.params}
    assert set(known) - NOT_OF_THE_EXPERIMENT - {"seeds", *STUDY_GROUP} == set(OPTIONS)
    arguments = [word for name, (text, _) in OPTIONS.items() for word in (known[name], text)]
    experiment = planned(seqtasks, "bitflip", *arguments)
    assert {name: experiment[name] for name in OPTIONS} == {
        name: value for name, (_, value) in OPTIONS.items()
    }


@pytest.mark.parametrize("flag", sorted(FLAGS))
def test_a_flag_is_set_and_unset_whatever_the_protocol_says(seqtasks, flag):
    option = flag.replace("_", "-")
    protocol = ("binary-addition", "--protocol", "published")
    assert planned(seqtasks, "binary-addition")[flag] is False
    assert planned(seqtasks, "binary-addition", f"--{option}")[flag] is True
    assert planned(seqtasks, *protocol)[flag] is True
    assert planned(seqtasks, *protocol, f"--no-{option}")[flag] is False


def test_a_dry_run_shows_the_plan_and_writes_nothing(seqtasks, tmp_path):
    process = seqtasks("run", "bitflip", "--cell", "gru", "--hidden-size", "4", "--dry-run")
    assert process.returncode == 0, process.stderr
    shown = dict(re.split(r" {2,}", line, maxsplit=1) for line in process.stdout.splitlines()[:-2])
    assert shown["task"] == "bitflip"
    assert shown["hidden_size"] == "4"
    assert shown["evaluation_lengths"] == "10, 20, 50, 100, 500"
    assert shown["parameters"] == str(2 * 4 + 2 * (3 * 4 * 4 + 3 * 4) + 2 * 8 + 2)
    assert process.stdout.endswith("runs/bitflip-gru-N\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "lengths"),
    [
        (["7"], [7]),
        (["7,3"], [7, 3]),
        (["3..5"], [3, 4, 5]),
        (["3..5,4,20"], [3, 4, 5, 20]),
        (["7", "3..4"], [7, 3, 4]),
    ],
)
def test_evaluation_lengths_are_numbers_ranges_and_lists(seqtasks, given, lengths):
    options = [word for text in given for word in ("--eval-length", text)]
    assert planned(seqtasks, "bitflip", *options)["evaluation_lengths"] == lengths


def test_a_training_length_brings_its_own_evaluation_lengths(seqtasks):
    assert planned(seqtasks, "bitflip", "--length", "2..4")["evaluation_lengths"] == [
        4,
        8,
        20,
        40,
        200,
    ]


def test_an_experiment_file_is_run_and_options_go_before_it(seqtasks, trained, tmp_path):
    (tmp_path / "mine.json").write_text(
        json.dumps({"task": "bitshift:shift=2", "cell": "elman", "steps": 30, "name": "try"})
    )
    experiment = planned(seqtasks, "mine.json", "--steps", "3", "--seed", "4")
    assert (experiment["task"], experiment["cell"]) == ("bitshift:shift=2", "elman")
    assert (experiment["steps"], experiment["seed"], experiment["name"]) == (3, 4, "try")
    process = seqtasks("run", "mine.json", "--steps", "1", "--eval-length", "4", "-q")
    assert process.stdout == "runs/try-1\n"
    again = planned(seqtasks, str(trained.path / "experiment.json"))
    assert again == json.loads((trained.path / "experiment.json").read_text())["experiment"]


def test_a_named_experiment_shows_its_published_figures(seqtasks):
    process = seqtasks("run", "notebook-bitflip", "--steps", "2")
    assert process.returncode == 0, process.stderr
    assert "published  measured" in process.stdout
    assert "published in: a 2017 PyTorch notebook" in process.stdout
    assert max(map(len, process.stdout.splitlines())) <= 80
    assert "run   runs/notebook-bitflip-1" in process.stdout


def test_an_experiment_without_evaluation_lengths_ends_well(seqtasks, tmp_path):
    text = json.dumps({"task": "bitflip", "evaluation_lengths": [], "steps": 1})
    (tmp_path / "none.json").write_text(text)
    process = seqtasks("run", "none.json")
    assert "Traceback" not in process.stderr, process.stderr.splitlines()[-1]
    assert process.returncode in (0, 2)


def test_tensorboard_writes_events_or_says_what_to_install(seqtasks, tmp_path):
    process = seqtasks("run", "bitflip", *QUICK, "--tensorboard")
    if find_spec("tensorboard"):
        assert process.returncode == 0, process.stderr
        events = (tmp_path / "runs" / "bitflip-concat-1" / "tensorboard").iterdir()
        assert all("tfevents" in path.name for path in events)
    else:
        assert process.returncode == 2
        assert "pip install 'seqtasks[tensorboard]'" in process.stderr
        assert list(tmp_path.iterdir()) == []


def test_a_score_that_a_rule_that_learns_nothing_reaches_is_marked(seqtasks, tmp_path):
    options = ("--steps", "5", "--hidden-size", "4", "--length", "12", "--score", "20..22")
    process = seqtasks("run", "bucket-sort", *options, "--eval-length", "12,20")
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["12*!", "20!", "20..22!"]
    assert "! perhaps no better than the best rule that learns nothing (column trivial)" in lines
    assert max(map(len, lines)) <= 80
    [run] = (tmp_path / "runs").iterdir()
    written = json.loads((run / "result.json").read_text())["without_learning"]
    assert set(written) == {"12", "20", "20..22"}
    assert written["20"]["strategy"] == "the commonest of each place"
    shown = seqtasks("eval", str(run), "--length", "12,20").stdout.splitlines()
    assert [line.split()[0] for line in shown[1:3]] == ["12*!", "20!"]
    assert st.load(run).without_learning["20"].metrics == written["20"]["metrics"]
