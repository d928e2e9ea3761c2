"""What cannot fit into memory is refused before any of it is made."""

import resource
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import seqtasks as st
from seqtasks.available_memory import _in_groups, memory_there
from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.registry.find import task as find_task
from seqtasks.runs.training_run import parameter_count
from seqtasks.scoring.fitting import _parameters, check_model_fits


@pytest.mark.parametrize("cell", ["gru", "lstm", "stack-rnn", "min-gru"])
@pytest.mark.parametrize("layers", [1, 2, 5])
def test_parameters_are_counted_without_a_model(cell, layers):
    experiment = Experiment.for_task(
        "modular-sum", cell=cell, layers=layers, hidden_size=7, embedding_size=5
    )
    task = find_task(experiment.task)
    model = st.run(experiment, steps=1, evaluation_lengths=(3,), engine="plain").model
    assert _parameters(experiment, task) == parameter_count(model)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"layers": 10**6}, "1,000,000 layers are too many: choose 1,000 at most"),
        ({"layers": 900, "hidden_size": 2000, "batch_size": 1}, "a model of at least"),
        ({"layers": 900, "hidden_size": 10**5}, "GiB of memory"),
        ({"hidden_size": 10**9}, "GiB of memory"),
        ({"hidden_size": 10**6, "cell": "gru", "batch_size": 1}, "GiB of memory"),
        ({"embedding_size": 10**12}, "choose a smaller hidden size, embedding size"),
        ({"embedding_size": 10**20}, "GiB of memory"),
        ({"batch_size": 10**12}, "inputs of length"),
        ({"batch_size": 10**30}, "inputs of length"),
        ({"length": "1..1000000000000"}, "inputs of length"),
        ({"evaluation_lengths": (10**12,)}, "1 input of length"),
        ({"score": "1..1000000000000"}, "lengths are too many to score at"),
        ({"score": "999999999999..1000000000000"}, "1 input of length"),
        ({"ponder": 10**12}, "inputs of length"),
        ({"training_inputs": 10**13}, "inputs of length"),
    ],
)
def test_what_cannot_fit_is_refused_before_it_is_made(settings, words):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    with pytest.raises(UsageError, match=words):
        st.run("bitflip", steps=1, **settings)
    assert time.monotonic() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**17  # KiB


@pytest.mark.parametrize("lengths", ["1..1000000000", "1..9000,20..100000", "5,1000000000000"])
def test_lengths_are_counted_and_looked_at_before_any_is_scored(lengths):
    model = torch.nn.Embedding(2, 2)
    with pytest.raises(UsageError, match=r"too many|GiB of memory"):
        st.evaluate(model, "bitflip", lengths)


def test_a_mean_over_too_many_lengths_is_refused():
    model = torch.nn.Embedding(2, 2)
    with pytest.raises(UsageError, match="too many"):
        st.evaluate_range(model, "bitflip", "1..1000000000")


def test_a_large_model_that_fits_is_not_refused():
    check_model_fits(memory_there() // 100, 4)
    with pytest.raises(UsageError):
        check_model_fits(memory_there(), 4)


def test_a_share_of_the_memory_is_all_there_is():
    before = resource.getrlimit(resource.RLIMIT_AS)
    most = 2**41 if before[0] == resource.RLIM_INFINITY else before[0]
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    try:
        assert memory_there() <= most
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_what_is_in_use_already_is_not_there(monkeypatch):
    held = np.ones(2**27)  # 1 GiB, in use
    of_machine = int(Path("/proc/meminfo").read_text().split()[1]) * 1024
    assert memory_there() <= of_machine - held.nbytes


@pytest.mark.parametrize("limit", [resource.RLIMIT_AS, resource.RLIMIT_DATA])
def test_a_limit_leaves_what_is_not_taken_of_it(limit):
    before = resource.getrlimit(limit)
    pages = [int(part) for part in Path("/proc/self/statm").read_text().split()]
    used = (pages[0] if limit == resource.RLIMIT_AS else pages[5]) * resource.getpagesize()
    resource.setrlimit(limit, (used + 2**27, before[1]))
    try:
        there = memory_there()
        with pytest.raises(UsageError, match=r"GiB of memory, and 0\.1 are available"):
            st.run("parity", hidden_size=4000, steps=1)
    finally:
        resource.setrlimit(limit, before)
    assert 0 < there <= 2**27 + 2**24


def write(folder, **values):
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in values.items():
        (folder / name.replace("__", ".")).write_text(f"{value}\n")


def test_the_narrowest_control_group_counts(tmp_path):
    (tmp_path / "groups").write_text("0::/user/job\n")
    write(tmp_path / "fs", memory__max="max", memory__current=9000)
    stat = "anon 700\ninactive_file 50\n"
    write(tmp_path / "fs/user", memory__max=1000, memory__current=800, memory__stat=stat)
    write(tmp_path / "fs/user/job", memory__max="max", memory__current=700)
    found = list(_in_groups(tmp_path / "groups", tmp_path / "fs"))
    assert found == [1000 - 800 + 50]


def test_an_older_kind_of_control_group_counts_too(tmp_path):
    (tmp_path / "groups").write_text("5:cpu:/\n4:memory:/job\n0::/\n")
    known = {"memory__limit_in_bytes": 5000, "memory__usage_in_bytes": 4000}
    write(tmp_path / "fs/memory/job", **known, memory__stat="cache 1\ntotal_inactive_file 30")
    write(tmp_path / "fs/memory", memory__limit_in_bytes=2**63 - 4096, memory__usage_in_bytes=6000)
    found = list(_in_groups(tmp_path / "groups", tmp_path / "fs"))
    assert found == [1030, 2**63 - 4096 - 6000]


def test_the_group_of_a_container_may_be_mounted_as_the_root(tmp_path):
    (tmp_path / "groups").write_text("0::/docker/0a1b\n")
    write(tmp_path / "fs", memory__max=3000, memory__current=1000)
    assert list(_in_groups(tmp_path / "groups", tmp_path / "fs")) == [2000]


@pytest.mark.parametrize("text", ["", "nonsense", "0::/../../etc\n", "4:memory:\n", "a:b\n"])
def test_without_control_groups_nothing_is_known_of_them(tmp_path, text):
    (tmp_path / "groups").write_text(text)
    assert list(_in_groups(tmp_path / "groups", tmp_path / "fs")) == []
    assert list(_in_groups(tmp_path / "none", tmp_path / "fs")) == []
