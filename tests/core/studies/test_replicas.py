"""A replica has the numbers of its seed's run alone, bit for bit."""

import threading
from typing import Any

import pytest
import torch

import seqtasks as st
from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.replicas import Replica, run_block
from seqtasks.studies.replicas.one_thread import one_thread

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


def alone(experiment: Experiment, seed: int) -> dict[str, Any]:
    """Return what an ordinary run says of a seed, in the form of a replica's line."""
    with one_thread():
        result = st.run(experiment.with_changes(seed=seed))
    losses = [line["loss"] for line in result.history if "loss" in line]
    validation = [line["validation"] for line in result.history if "validation" in line]
    scores = {str(score.length): score.metrics for score in result.scores}
    if result.score is not None:
        scores[result.score.lengths] = result.score.metrics
    names = list(validation[0]) if validation else []
    return {
        "seed": seed,
        "status": "ended",
        "step": result.step,
        "stopped": result.stopped,
        "scores": scores,
        "history": {
            "loss": losses,
            "validation": {name: [one[name] for one in validation] for name in names},
        },
        "weights": {k: v.clone() for k, v in result.model.state_dict().items()},
    }


def same(replica: Replica, wanted: dict[str, Any]) -> None:
    """Assert that a replica's line and weights are an ordinary run's."""
    line = {key: value for key, value in replica.line.items() if key != "seconds"}
    weights = wanted.pop("weights")
    assert hexed(line) == hexed(wanted)
    assert replica.tensors is not None
    assert set(replica.tensors) == set(weights)
    for name, tensor in weights.items():
        assert replica.tensors[name].dtype == tensor.dtype
        assert torch.equal(replica.tensors[name], tensor), name


@pytest.mark.parametrize("engine", ["plain", "torch", "native"])
def test_replicas_of_every_engine_equal_runs_alone(engine: str) -> None:
    experiment = tiny(engine=engine, steps=30)
    replicas = list(run_block(experiment, [3, 0], keep_weights=True))
    assert [replica.line["seed"] for replica in replicas] == [3, 0]
    for replica in replicas:
        same(replica, alone(experiment, replica.line["seed"]))


def test_stopping_drops_unfinished_replicas() -> None:
    asked = iter([False] * 2 + [True] * 10_000)
    assert list(run_block(tiny(steps=100_000), range(3), lambda: next(asked))) == []


def test_torchs_number_of_threads_is_restored() -> None:
    before = torch.get_num_threads()
    seen: list[int] = []

    def inside() -> None:
        with one_thread():
            seen.append(torch.get_num_threads())

    with one_thread():
        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        seen.append(torch.get_num_threads())
    assert seen == [1, 1]
    assert torch.get_num_threads() == before
