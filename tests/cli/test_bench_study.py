"""`seqtasks bench study`: what it measures and how it is shown, not how fast this machine is."""

import json
import math

import pytest

from seqtasks.benchmark.sizes import SIZES
from seqtasks.studies.benchmark import RATIOS, StudyTimes, experiment_of
from seqtasks.studies.own_processes import OwnProcesses


def test_other_sizes_are_refused(refused):
    refused(["bench", "study", "--size", "middle"], "tiny and small, not at middle")


def test_ratios_divide_the_medians_and_lack_what_was_not_measured():
    times = StudyTimes(SIZES["tiny"], 10, 5)
    times.seconds = {"nn": [2.0, 1.0, 9.0], "one thread": [8.0], "two threads": [5.0, 3.0, 4.0]}
    ratios = times.to_json()["ratios"]
    assert list(ratios) == list(RATIOS)
    assert list(ratios.values()) == [2.0, 2.0, None]
    assert times.ceiling is None
    times.seconds |= {"half": [3.0], "two halves": [4.0]}
    assert times.to_json()["ceiling"] == 1.5


def test_the_study_is_of_the_size_and_validates_as_any_run_does():
    experiment = experiment_of(SIZES["small"], 1000)
    assert (experiment.batch_size, experiment.length, experiment.hidden_size) == (64, "10", 10)
    assert (experiment.evaluate_every, experiment.validation_sequences) == (100, 256)
    assert (experiment.solved_after, experiment.evaluation_lengths) == (0, (10,))


@pytest.mark.slow
def test_a_study_is_measured_beside_torch_and_jax(seqtasks):
    options = ("--size", "tiny", "--seeds", "5", "--steps", "20", "--repeats", "2", "--json")
    process = seqtasks("bench", "study", *options)
    assert process.returncode == 0, process.stderr
    document = json.loads(process.stdout)
    (measured,) = document["sizes"]
    contenders = {"nn", "one thread", "two threads", "jax", "half", "two halves"}
    assert set(measured["seconds"]) | set(measured["left_out"]) == contenders
    assert all(len(rounds) == 2 for rounds in measured["seconds"].values())
    assert all(min(rounds) > 0 for rounds in measured["seconds"].values())
    assert document["machine"]["cores"] >= 1


def root_of(number):
    return lambda: math.sqrt(number)


@pytest.mark.slow  # each process starts a Python
def test_processes_of_their_own_say_what_went_wrong():
    with OwnProcesses(2, root_of, 4.0) as processes:
        processes.run(1)
        processes.run(2)
    with OwnProcesses(1, root_of, -1.0) as processes, pytest.raises(RuntimeError, match="domain"):
        processes.run(1)
    with pytest.raises(RuntimeError, match="argument"):
        OwnProcesses(1, root_of)
