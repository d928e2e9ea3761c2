"""Networks that draw in each step learn a task natively, with the numbers of the plain loop."""

import json
from pathlib import Path

import pytest
import torch
from drawing_networks import GumbelStack, RateNetwork
from truth import ENGINES

import seqtasks as st
from seqtasks.errors import UsageError
from seqtasks.runs.prepare import prepare

NAMED_ENGINES_ARE_HELD_TO_THEIR_NAMES = True
TASKS = {
    RateNetwork: ("flip-flop", {"hidden_size": 20, "learning_rate": 3e-3}),
    GumbelStack: ("reverse-string", {"hidden_size": 12, "learning_rate": 5e-3}),
}
CELLS = list(TASKS)
SHORT = {
    "length": "2..6",
    "batch_size": 4,
    "evaluation_lengths": (6,),
    "evaluation_sequences": 20,
    "validation_sequences": 10,
    "log_every": 1,
}


def experiment_of(cell, **settings):
    task, own = TASKS[cell]
    return st.Experiment.for_task(st.task(task), cell=cell, **own, **settings)


def trained(cell, engine, steps, threads=None, **settings):
    """Return the losses and the weights after some steps, by a trainer of its own."""
    settings = {"dtype": "float64", "engine": engine} | SHORT | settings
    run, trainer = prepare(experiment_of(cell, steps=steps, **settings), threads=threads)
    losses = torch.tensor(trainer.advance(steps), dtype=torch.float64)
    assert trainer.engine == engine
    trainer.close()
    return losses, torch.cat([p.detach().double().flatten() for p in run.model.parameters()])


@pytest.mark.parametrize("engine", ["native", pytest.param("torch", marks=pytest.mark.slow)])
@pytest.mark.parametrize("cell", CELLS)
def test_two_hundred_steps_are_those_of_the_plain_loop(cell, engine):
    losses, weights = trained(cell, engine, 200)
    expected, expected_weights = trained(cell, "plain", 200)
    torch.testing.assert_close(losses, expected, rtol=0, atol=1e-8)
    torch.testing.assert_close(weights, expected_weights, rtol=0, atol=1e-7)
    assert losses[-20:].mean() < losses[:20].mean()


@pytest.mark.parametrize("cell", CELLS)
def test_threads_draw_what_one_thread_draws(cell):
    losses, weights = trained(cell, "native", 30, threads=1, batch_size=40)
    others, other_weights = trained(cell, "native", 30, threads=3, batch_size=40)
    torch.testing.assert_close(others, losses, rtol=0, atol=1e-9)
    torch.testing.assert_close(other_weights, weights, rtol=0, atol=1e-8)


@pytest.mark.parametrize("cell", CELLS)
def test_in_float32_the_curves_are_the_same_within_noise(cell):
    losses, _ = trained(cell, "native", 60, dtype="float32")
    expected, _ = trained(cell, "plain", 60, dtype="float32")
    torch.testing.assert_close(losses[:10], expected[:10], rtol=0, atol=1e-4)
    assert abs(losses[-20:].mean() - expected[-20:].mean()) < 0.2


@pytest.mark.slow
def test_a_rate_network_learns_to_remember():
    result = st.run(experiment_of(RateNetwork, steps=2000, batch_size=32, evaluation_lengths=(20,)))
    assert result.model.engines.name == "native"
    assert result.untrained[0].metrics["token_accuracy"] < 0.8
    assert result.metrics[20]["token_accuracy"] > 0.95


@pytest.mark.slow
def test_a_gumbel_stack_learns_to_reverse():
    settings = {"length": "1..5", "batch_size": 32, "evaluation_lengths": (5,)}
    result = st.run(experiment_of(GumbelStack, steps=4000, **settings))
    assert result.model.engines.name == "native"
    assert result.untrained[0].metrics["token_accuracy"] < 0.7
    assert result.metrics[5]["token_accuracy"] > 0.85


def stopped_run(folder, engine, **settings):
    """Return a run on disk that was stopped halfway, and the same run made at once."""
    asked = experiment_of(RateNetwork, steps=24, engine=engine, checkpoint_every=4, **SHORT)
    whole = st.run(asked, out=folder / "whole")
    halves = iter([False] * 9)
    with pytest.raises(st.RunInterruptedError):
        st.run(asked, out=folder / "half", stop=lambda: next(halves, 15))
    (path,) = (folder / "half").iterdir()
    return path, whole


def weights_of(result):
    return torch.cat([p.detach().flatten() for p in result.model.parameters()])


@pytest.mark.parametrize("engine", ["plain", *ENGINES])
def test_a_resumed_run_goes_on_to_the_same_bits(engine, tmp_path):
    path, whole = stopped_run(tmp_path, engine)
    resumed = st.resume(path, cell=RateNetwork)
    assert resumed.model.engines.name == engine
    assert torch.equal(weights_of(resumed), weights_of(whole))
    assert resumed.metrics == whole.metrics
    assert [line.get("loss") for line in resumed.history] == [
        line.get("loss") for line in whole.history
    ]
    assert json.loads((path / "experiment.json").read_text())["draws"] == "by place"


def as_of_before(path: Path):
    """Make a run one of the time when torch's streams gave all random numbers."""
    record = json.loads((path / "experiment.json").read_text())
    del record["draws"]
    (path / "experiment.json").write_text(json.dumps(record))


def test_a_run_that_began_by_torchs_streams_goes_on_by_them(tmp_path):
    asked = experiment_of(RateNetwork, steps=24, engine="plain", **SHORT)
    _, by_streams = prepare(asked, counted_draws=False)
    _, by_place = prepare(asked)
    of_streams, of_places = by_streams.advance(24), by_place.advance(24)
    assert of_streams != of_places
    path, _ = stopped_run(tmp_path, "plain")
    as_of_before(path)
    (path / "checkpoint.safetensors").unlink()  # the checkpoint's steps drew by place
    (path / "metrics.jsonl").unlink(missing_ok=True)
    resumed = st.resume(path, cell=RateNetwork)
    losses = [line["loss"] for line in resumed.history if "loss" in line]
    assert losses == pytest.approx(of_streams, abs=1e-6)


def test_another_engine_for_a_run_of_torchs_streams_is_refused_by_name(tmp_path):
    path, _ = stopped_run(tmp_path, "plain")
    as_of_before(path)
    with pytest.raises(UsageError, match="torch's own streams"):
        st.resume(path, cell=RateNetwork, engine="native")


@pytest.mark.parametrize("engine", ENGINES)
def test_scores_draw_the_same_whatever_the_engine(engine):
    run, trainer = prepare(experiment_of(RateNetwork, steps=8, engine="plain", **SHORT))
    trainer.advance(8)
    trainer.close()
    scores = []
    for name in ("plain", engine):
        run.model.use_engine(name)
        scores.append(st.evaluate(run.model, run.task, (6, 30), 50, 0))
        assert run.model.engines.name == name
    assert [score.metrics for score in scores[0]] == [score.metrics for score in scores[1]]
