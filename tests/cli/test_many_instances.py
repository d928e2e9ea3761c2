"""Many instances are drawn in little memory, and one is told how far it is."""

import json

import pytest

import seqtasks as st
from seqtasks.cli import progress


def test_progress_is_told_now_and_then_and_not_of_each_instance(monkeypatch, capsys):
    times = iter([0.0, 1.0, 11.0, 11.0, 12.0, 22.0, 22.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(times))
    told = progress.instances_progress(4000)
    for drawn in (1, 2000, 2001, 4000):
        told(drawn)
    assert capsys.readouterr().err == "2,000 of 4,000 instances\n4,000 of 4,000 instances\n"


def test_an_export_tells_of_every_instance(tmp_path):
    told = []
    st.export("parity", tmp_path / "a.jsonl", count=7, length=3, progress=told.append)
    assert told == list(range(1, 8))


@pytest.mark.parametrize("count", ["1", "3"])
def test_a_sample_is_the_same_to_read_and_for_programs(answer, count):
    text = answer("sample", "parity", "--count", count, "--seed", "4")
    lines = answer("sample", "parity", "--count", count, "--seed", "4", "--format", "jsonl")
    rows = [json.loads(line)["inputs"] for line in lines.splitlines()]
    shown = [block.splitlines()[0].split()[1:] for block in text.split("\n\n")]
    assert shown == rows
    assert len(rows) == int(count)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_instances_are_written_as_they_are_drawn(seqtasks):
    process = seqtasks.start("sample", "parity", "--count", "200000")
    while process.running() and process.said() < 2000:
        pass
    assert process.running()
    process.signal(15)
    assert process.wait().returncode in (-15, 143)
