"""What cannot fit into memory is refused before any of it is made."""

import resource
import time

import pytest
import torch

import seqtasks as st
from seqtasks.errors import UsageError
from seqtasks.experiment import Experiment
from seqtasks.fitting import _parameters, check_model_fits
from seqtasks.lookup import task as find_task
from seqtasks.memory import memory_there
from seqtasks.running import parameter_count


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
