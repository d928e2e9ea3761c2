"""`seqtasks bench tasks`: what it measures and how it is shown, not how fast this machine is."""

import json

import pytest

import seqtasks as st
from seqtasks.registry.discovery import current_registry
from seqtasks.registry.variants import task_choices
from seqtasks.tasks.block_steps import block_steps
from seqtasks.tasks.lengths import LengthRange
from seqtasks.tasks.speed import measure_task
from seqtasks.training import BatchSource

NEGATIVES = ("near", "random", "mixed")


def test_named_tasks_are_measured_at_the_nearest_allowed_lengths(answer):
    document = json.loads(answer("bench", "tasks", "parity", "modular-arithmetic", "--json"))
    rows = document["tasks"]
    measured = [(row["task"], row["length"]) for row in rows]
    assert measured == [
        ("parity", 40),
        ("parity", 500),
        ("modular-arithmetic", 39),
        ("modular-arithmetic", 499),
    ]
    for row in rows:
        low, high = row["quartiles"]
        assert 0 < low <= row["symbols_per_second"] <= high
        assert row["batch_size"] == 128
        assert row["symbols"] == row["batches"] * 128 * row["length"]
        assert row["input_symbols"] == row["symbols"]
        assert row["blocks"] >= 9


def test_a_task_with_modes_is_measured_in_each_that_its_spec_leaves_open(answer):
    document = json.loads(answer("bench", "tasks", "anbn", "tomita:number=4", "mqar", "--json"))
    assert list(dict.fromkeys(row["task"] for row in document["tasks"])) == [
        *(f"anbn:mode=recognise,negatives={kind}" for kind in NEGATIVES),
        "anbn:mode=predict",
        *(f"tomita:number=4,mode=recognise,negatives={kind}" for kind in NEGATIVES),
        "tomita:number=4,mode=predict",
        "mqar:random_filler=true",
        "mqar:random_filler=false",
    ]


def test_the_choices_of_a_task_are_all_combinations_of_which_one_can_be_made():
    choices = task_choices("tomita")
    assert len(choices) == 7 * (1 + len(NEGATIVES))
    near = "tomita:number=4,mode=recognise,negatives=near"
    assert choices[near] == st.task("tomita:number=4,mode=recognise")
    assert list(task_choices("group-word:generators=[(123)]")) == [
        f"group-word:generators=[(123)],group={group}"  # the others do not permute three points
        for group in ("S3", "S4", "A4", "S5", "A5", "A4xZ5")
    ]
    for fixed in ("parity", "dyck:mode=predict", "bitshift:shift=2"):
        assert list(task_choices(fixed)) == [fixed]


def test_every_mode_of_every_registered_language_is_among_those_measured():
    choices = {spec for name in current_registry().names("task") for spec in task_choices(name)}
    for name in ("dyck", "shuffle-dyck", "anbn", "anbncn", "reber", "embedded-reber"):
        recognised = {f"{name}:mode=recognise,negatives={kind}" for kind in NEGATIVES}
        assert {*recognised, f"{name}:mode=predict"} <= choices


def test_the_table_names_each_task_and_keeps_80_columns(answer):
    longest = "tomita:number=4,mode=predict"
    text = answer("bench", "tasks", "modular-arithmetic-brackets", longest)
    header, *rows = text.splitlines()
    assert header.split("  ")[0] == "task"
    assert [row.split()[:2] for row in rows] == [
        [name, length]
        for name in ("modular-arithmetic-brackets", longest)
        for length in ("40", "500")
    ]
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("bench tsks", "'tsks'"),
        ("bench tasks bitflop", "did you mean 'bitflip'"),
        ("bench tasks bitshift:shft=2", "no parameter 'shft'"),
    ],
)
def test_what_does_not_exist_is_named(refused, arguments, words):
    refused(arguments.split(), *words.split("|"))


def test_without_a_command_the_help_is_shown(seqtasks):
    process = seqtasks("bench")
    assert process.returncode == 2
    assert process.stderr.startswith("Usage: seqtasks bench")
    assert "\n  tasks  " in process.stderr


def test_it_starts_without_torch(seqtasks):
    done = seqtasks.fresh("bench", "tasks", "parity", interpreter=("-X", "importtime"))
    assert done.returncode == 0
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "seqtasks.tasks.speed" in imported
    assert "torch" not in imported


@pytest.mark.parametrize(("batch_size", "length"), [(128, 40), (128, 500), (1, 1), (5000, 900)])
def test_a_block_is_as_large_as_those_of_training(batch_size, length):
    source = BatchSource(st.task("parity"), LengthRange(1, length), batch_size, "sampled", 0)
    assert source.block_steps == block_steps(batch_size, length)


def test_the_places_of_answers_after_the_input_are_counted():
    speed = measure_task(st.task("duplicate-string"), 10, batch_size=4)
    assert speed.symbols == speed.batches * 4 * (10 + 20)
    assert speed.input_symbols == speed.batches * 4 * 10
    assert speed.input_rate == pytest.approx(speed.rate / 3)
    assert len(speed.seconds) >= 9
