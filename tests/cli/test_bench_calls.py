"""`seqtasks bench calls`: what it measures and how it is shown, not how fast this machine is."""

import json


def test_a_cell_has_its_passes_as_a_program_a_module_and_the_plain_loop(seqtasks):
    options = ["--cell", "elman", "--size", "tiny", "--repeats", "1", "--json"]
    done = seqtasks("bench", "calls", *options)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    (row,) = document["rows"]
    assert (row["size"], row["cell"]) == ("tiny", "elman")
    assert 0 < row["program_ms"] < row["module_ms"] < row["plain_ms"]
    assert 0 < row["run_ms"] < row["module_ms"]  # a run's steps are made within C
    assert 0 < row["program_ms"] + row["beside_ms"] <= row["module_ms"] + 1e-9  # each at its best
    assert document["decay"]["normal_ms"] > 0
    assert document["decay"]["denormal_ms"] > 0


def test_an_unknown_cell_is_named_before_anything_is_measured(seqtasks):
    done = seqtasks("bench", "calls", "--cell", "elmann")
    assert done.returncode == 2
    assert "elmann" in done.stderr
