"""What an ordinary run says of a seed, to hold a replica against it."""

from typing import Any

import torch

import seqtasks as st
from seqtasks.errors import DivergedError
from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.replicas import Replica
from seqtasks.studies.replicas.one_thread import one_thread
from seqtasks.studies.replicas.ways import way_of

TINY: dict[str, Any] = {
    "cell": "concat",
    "hidden_size": 3,
    "embedding_size": 3,
    "batch_size": 4,
    "length": "5",
    "steps": 60,
    "log_every": 20,
    "evaluate_every": 30,
    "evaluation_lengths": (5, 20),
    "evaluation_sequences": 20,
    "validation_sequences": 16,
    "solved_after": 0,
}


def tiny(task: Any = "bitflip", **changes: Any) -> Experiment:
    return Experiment.for_task(task, **{**TINY, **changes})


def hexed(value: Any) -> Any:
    """Return plain data with every float as hexadecimal text, which shows every bit."""
    if isinstance(value, dict):
        return {key: hexed(part) for key, part in value.items()}
    if isinstance(value, list):
        return [hexed(part) for part in value]
    return value.hex() if isinstance(value, float) else value


class Seen:
    """Keeps the run that it observes, which outlives an error."""

    @st.hookimpl
    def run_started(self, run: Any) -> None:
        self.run = run


def alone(experiment: Experiment, seed: int) -> dict[str, Any]:
    """Return what an ordinary run says of a seed, in the form of a replica's line."""
    seen = Seen()
    line: dict[str, Any] = {"seed": seed, "status": "ended", "step": 0, "stopped": None}
    line |= {"scores": {}, "weights": None}
    try:
        with one_thread():
            result = st.run(experiment.with_changes(seed=seed), observers=[seen])
    except DivergedError as error:
        line |= {"status": "diverged", "problem": str(error).split(";")[0]}
    else:
        line["stopped"] = result.stopped
        line["scores"] = {str(score.length): score.metrics for score in result.scores}
        if result.score is not None:
            line["scores"][result.score.lengths] = result.score.metrics
        line["weights"] = {k: v.clone() for k, v in result.model.state_dict().items()}
    line["step"], history = seen.run.step, seen.run.history
    losses = [line["loss"] for line in history if "loss" in line]
    validation = [line["validation"] for line in history if "validation" in line]
    names = list(validation[0]) if validation else []
    curves = {name: [one[name] for one in validation] for name in names}
    line["history"] = {"loss": losses, "validation": curves}
    return line


def in_groups(experiment: Experiment) -> bool:
    """Say whether replicas were trained in groups, and not by ordinary runs."""
    return way_of(experiment).pattern is not None


def same(replica: Replica, wanted: dict[str, Any]) -> None:
    """Assert that a replica's line and weights are an ordinary run's."""
    line = {key: value for key, value in replica.line.items() if key != "seconds"}
    wanted = dict(wanted)
    weights = wanted.pop("weights")
    assert hexed(line) == hexed(wanted)
    assert (replica.tensors is None) == (weights is None)
    for name, tensor in (weights or {}).items():
        kept = (replica.tensors or {})[name]
        assert kept.dtype == tensor.dtype
        assert torch.equal(kept, tensor), name
