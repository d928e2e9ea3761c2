"""Replicas of every registered task and cell have the numbers of runs alone."""

from typing import Any

import pytest
from replica_oracle import alone, in_groups, same, tiny

import seqtasks as st
from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.replicas import run_block

pytestmark = pytest.mark.slow

SHORT: dict[str, Any] = {
    "engine": "auto",
    "steps": 24,
    "log_every": 6,
    "evaluate_every": 8,
    "evaluation_sequences": 12,
    "evaluation_lengths": None,
    "solved_after": 1,
}
NOT_IN_GROUPS = {"nn-gru": "the plain loop runs it", "tape-rnn": "a step asks for the rows"}


def check(experiment: Experiment) -> None:
    replicas = list(run_block(experiment, range(5), keep_weights=True))
    for replica in replicas[2:4]:  # the first two are ordinary runs
        same(replica, alone(experiment, replica.line["seed"]))


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("name", st.names("task"))
def test_replicas_of_every_task_equal_runs_alone(name: str, several: bool) -> None:
    lengths = st.task(name).lengths
    length = lengths.nearest(6)
    wanted = f"{length}..{length + 2 * lengths.step}" if several else str(length)
    check(tiny(name, length=wanted, **SHORT))


@pytest.mark.parametrize("name", st.names("cell"))
def test_replicas_of_every_cell_equal_runs_alone(name: str) -> None:
    experiment = tiny(cell=name, hidden_size=4, embedding_size=4, **SHORT)
    check(experiment)
    if name in NOT_IN_GROUPS:
        assert not in_groups(experiment)
