"""What `seqtasks show TASK`, and the plan of a run, say of settings, lengths and parameters."""

import dataclasses
import json
import re

import pytest
from click.testing import CliRunner

import seqtasks as st
from seqtasks.cli.main import cli
from seqtasks.cli.show_settings import trained_with
from seqtasks.registry.discovery import current_registry


def row(text: str, label: str) -> str:
    """Return what `show` says under a label, on one line or more."""
    (found,) = re.findall(rf"^{label} +(.*(?:\n {{18}}.*)*)$", text, re.MULTILINE)
    return " ".join(found.split())


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("mqar", ["layers 2", "evaluation lengths 16 32 64"]),
        ("tomita:number=6,mode=recognise", ["curriculum increasing:every=100"]),
        ("parity-check", ["clip 0.1", "loss reduction sum", "solved after 10"]),
        ("parity", ["readout concat", "solved after 4"]),
        ("reber", []),
    ],
)
def test_show_says_each_setting_that_is_not_as_usual(answer, spec, said):
    parts = row(answer("show", spec), "trained with").split(", ")
    assert [part.split()[0] for part in parts[:5]] == ["cell", "hidden", "length", "at", "adam"]
    assert set(said) <= set(parts[5:])
    assert len(parts) == 5 or said


def test_no_setting_that_is_not_as_usual_is_left_out():
    other = {
        "cell": "lstm",
        "readout": "sum",
        "hidden_size": 31,
        "embedding": "one-hot",
        "embedding_size": 17,
        "layers": 3,
        "initialization": "haiku",
        "length": "4..29",
        "curriculum": "fixed",
        "ponder": 2,
        "blank_before_answer": True,
        "zeros_after_end": True,
        "steps": 1234,
        "batch_size": 77,
        "learning_rate": 0.25,
        "lr_schedule": "warmup:steps=9",
        "optimizer": "rmsprop",
        "clip": None,
        "loss_reduction": "sum",
        "data": "epochs",
        "holdout": 0.125,
        "evaluation_lengths": (41, 43),
        "solved_after": 9,
    }
    both = {"data", "training_inputs"}  # which do not go together
    assert set(other) | both == {field.name for field in dataclasses.fields(st.Settings)}

    class Other(st.Task):
        inputs = targets = st.Tokens("01")
        settings = st.Settings(**other)

    assert trained_with(Other()) == (
        "cell lstm, hidden size 31, length 4..29, at most 1234 steps of 77, rmsprop at 0.25, "
        "readout sum, embedding one-hot, embedding size 17, layers 3, initialization haiku, "
        "curriculum fixed, ponder 2, blank before answer True, zeros after end True, "
        "lr schedule warmup:steps=9, clip none, "
        "loss reduction sum, data epochs, holdout 0.125, evaluation lengths 41 43, solved after 9"
    )


@pytest.mark.parametrize(
    ("spec", "lengths"),
    [
        ("stack-manipulation", "2..40"),
        ("missing-duplicate", "2..40"),
        ("modular-arithmetic", "odd 1..39"),
        ("dyck", "even 2..20"),
        ("anbncn", "3..60 in steps of 3"),
        ("mqar", "16"),
    ],
)
def test_show_says_the_lengths_that_are_trained(answer, spec, lengths):
    assert f"length {lengths}, " in row(answer("show", spec), "trained with")


def test_a_run_says_the_lengths_that_were_trained(answer, seqtasks):
    sizes = ("--steps", "1", "--hidden-size", "2", "--eval-length", "5", "--engine", "plain")
    done = seqtasks("run", "modular-arithmetic", *sizes, "--length", "2..8")
    assert "\n* trained lengths: odd 3..7; in brackets" in done.stdout, done.stderr


def test_a_plan_says_none_as_a_person_does(answer):
    text = answer("run", "bitflip", "--dry-run", "--clip", "none")
    assert "None" not in text
    rows = dict(line.split(maxsplit=1) for line in text.splitlines()[:-2])
    assert (rows["clip"], rows["score"]) == ("none", "none")
    assert (rows["embedding_size"], rows["name"]) == ("as hidden_size", "of task and cell")
    assert rows["evaluation_lengths"].split(", ")[:2] == ["10", "20"]
    plan = json.loads(answer("run", "bitflip", "--dry-run", "--clip", "none", "--json"))
    assert plan["experiment"]["clip"] is None
    assert "None" not in answer("show", "notebook-bitflip")


def test_show_counts_one_as_one(answer):
    assert "\nover the one input of that length\n" in answer("show", "anbn")
    text = answer("show", "adding")
    assert (row(text, "input alphabet"), row(text, "target alphabet")) == (
        "2 real numbers a step",
        "1 real number a step",
    )


def test_an_example_has_the_length_nearest_to_8(answer):
    for spec, length in (
        ("mqar", 16),
        ("anbncn", 9),
        ("modular-arithmetic", 7),
        ("embedded-reber", 9),
        ("bitflip", 8),
    ):
        lines = answer("sample", spec, "-n", "20", "--format", "jsonl").splitlines()
        assert {len(json.loads(line)["inputs"]) for line in lines} == {length}, spec
        assert json.loads(answer("show", spec, "--json"))["example"]["length"] == length


def test_every_task_can_be_sampled_without_a_length():
    for entry in current_registry().entries("task"):
        done = CliRunner().invoke(cli, ["sample", entry.name, "-n", "1"])
        assert (done.exit_code, done.output.split()[0]) == (0, "input"), entry.name


def test_arrays_go_to_stdout_only_if_asked_to(seqtasks, refused, tmp_path):
    refused(["sample", "parity-check", "--format", "npz"], "-o FILE.npz", "-o -")
    refused(["sample", "parity-check", "--format", "npz", "--length", "3"], "npz is binary")
    done = seqtasks.fresh("sample", "parity-check", "--format", "npz", "-o", "-", text=False)
    assert done.stdout.startswith(b"PK")
    assert list(tmp_path.iterdir()) == []
    text = seqtasks.fresh("sample", "parity-check", "-o", "-")
    assert text.stdout == seqtasks.fresh("sample", "parity-check").stdout != ""


LANGUAGES = ["anbn", "anbncn", "dyck", "embedded-reber", "reber", "shuffle-dyck", "tomita"]
OF_MODES = {
    "predict": ("END is in the set if", "first symbol is not predicted", "nothing is scored"),
    "recognise": ("member with probability 1/2", "near miss", "exchange the symbols of two"),
}


@pytest.mark.parametrize("name", LANGUAGES)
def test_show_says_what_the_modes_mean_that_the_spec_leaves_open(answer, name):
    for given in (None, "predict", "recognise"):
        spec = name if given is None else f"{name}:mode={given}"
        text = " ".join(answer("show", spec).split())
        parameters = json.loads(answer("show", spec, "--json"))["parameters"]
        (found,) = [one["meanings"] for one in parameters if one["name"] == "mode"]
        for mode, phrases in OF_MODES.items():
            said = given in (None, mode)
            assert (mode in found) == said
            assert all((phrase in found.get(mode, "")) == said for phrase in phrases)
            assert all((phrase in text) == said for phrase in phrases), (spec, mode)
            assert (f"mode={mode}" in text) == said
    assert "mode=predict (the default): " in answer("show", name)
    assert "in every language" not in answer("show", name)


def test_show_says_how_a_language_makes_near_misses_of_its_own(answer):
    assert "a^(n+1) b^(n-1)" in answer("show", "anbn:mode=recognise")
    assert "a^(n+1)" not in answer("show", "anbn:mode=predict")
    for mode, said in (("predict", False), ("recognise", True)):
        assert ("put T for P, or P for T" in answer("show", f"embedded-reber:mode={mode}")) == said


INHERITED = '''
from dataclasses import dataclass
import seqtasks as st

@dataclass(frozen=True, kw_only=True)
class Base(st.Task):
    order: int = 1
    strict: bool = False
    inputs = targets = st.Tokens("01")
    meanings = {
        "order": {"1": "Alone.", "2": """
            In pairs,
            side by side.
        """},
        "strict": {"true": "To the letter."},
    }
    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))
    def encode(self, inputs):
        return inputs

class Mine(Base):
    """Say the same."""
'''


def test_what_a_base_class_says_of_values_is_shown_of_its_tasks(answer, tmp_path):
    (tmp_path / "mine.py").write_text(INHERITED)

    def said(parameters):
        text = answer("show", f"./mine.py:Mine{parameters}")
        return text.split("\n\n")[1 : text[: text.index("parameter  ")].count("\n\n")]

    both = ["order=1 (the default): Alone.", "order=2: In pairs, side by side."]
    strict = "strict=true: To the letter."
    assert said("") == ["Say the same.", *both, strict]
    assert said(":order=2") == ["Say the same.", both[1], strict]
    assert said(":order=3,strict=false") == ["Say the same."]
    assert said(":order=1,strict=true") == ["Say the same.", "order=1: Alone.", strict]


def test_show_says_the_version_that_a_task_states(seqtasks, answer):
    (seqtasks.folder / "mine.py").write_text(
        "from seqtasks_bits.parity import Parity\nclass Mine(Parity):\n    version = 3\n"
    )
    assert "version           3" in answer("show", "./mine.py").splitlines()
    assert json.loads(answer("show", "./mine.py", "--json"))["version"] == 3
    assert json.loads(answer("show", "gru", "--json"))["version"] == 1
