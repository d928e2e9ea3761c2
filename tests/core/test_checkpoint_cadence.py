"""Checkpoints by steps or by the clock: as often as asked, and no number changes by them."""

import math
import time

import pytest
import torch

import seqtasks as st
from seqtasks.errors import RunInterruptedError, UsageError
from seqtasks.runs import active_run, training_loop
from seqtasks.runs.checkpoint import read_checkpoint

SETTINGS = {
    "cell": "gru",
    "hidden_size": 4,
    "length": "3..6",
    "steps": 40,
    "log_every": 20,
    "evaluate_every": 40,
    "evaluation_lengths": (5,),
    "evaluation_sequences": 20,
    "validation_sequences": 20,
    "solved_after": 0,
}


class Seen:
    def __init__(self):
        self.told = []

    @st.hookimpl
    def run_advanced(self, run, steps, losses):
        self.told.append((run.step, steps, list(losses)))


def without_seconds(history):
    return [{key: value for key, value in line.items() if key != "seconds"} for line in history]


@pytest.fixture
def saves(monkeypatch):
    """The steps at which checkpoints are written."""
    steps = []
    real = active_run.write_checkpoint

    def write(path, checkpoint):
        steps.append(checkpoint.progress["step"])
        real(path, checkpoint)

    monkeypatch.setattr(active_run, "write_checkpoint", write)
    return steps


@pytest.fixture
def each_step_takes(monkeypatch):
    """Let the run's clock show some seconds more at each look."""

    def let(seconds):
        clock = iter(range(10**9))

        class Clock:
            perf_counter = staticmethod(time.perf_counter)
            monotonic = staticmethod(lambda: seconds * next(clock))

        monkeypatch.setattr(training_loop, "time", Clock)

    return let


# A compiled program is asked whether to stop every 50 ms alone.
@pytest.mark.parametrize(("engine", "log_every"), [("plain", 20), ("auto", 1_000)])
def test_checkpoints_by_the_clock_change_no_number(
    tmp_path, saves, each_step_takes, engine, log_every
):
    steps = 2 * log_every
    cadence = {"log_every": log_every, "evaluate_every": steps, "steps": steps}
    settings = {**SETTINGS, **cadence, "engine": engine, "checkpoint_every": steps}
    plain, often = Seen(), Seen()
    whole = st.run("parity", **settings, out=tmp_path / "a", observers=[plain])
    assert saves == [steps]
    saves.clear()
    each_step_takes(20)
    clocked = st.run(
        "parity", **{**settings, "checkpoint_every": "1m"}, out=tmp_path / "b", observers=[often]
    )
    assert len(saves) > 2
    assert any(step % log_every for step in saves)  # in the middle of a stretch
    assert often.told == plain.told  # stretches fall on steps, never on the clock
    assert without_seconds(clocked.history) == without_seconds(whole.history)
    for name, weights in whole.model.state_dict().items():
        assert torch.equal(weights, clocked.model.state_dict()[name])


@pytest.mark.parametrize("killed_at", [3, 17, 25])
def test_a_run_goes_on_from_a_checkpoint_by_the_clock_to_the_same_bits(
    tmp_path, monkeypatch, each_step_takes, killed_at
):
    settings = {**SETTINGS, "engine": "plain"}
    whole = st.run("parity", **settings, out=tmp_path / "whole")
    real = active_run.write_checkpoint

    def kill(path, checkpoint):
        real(path, checkpoint)
        if checkpoint.progress["step"] >= killed_at:
            raise KeyboardInterrupt

    monkeypatch.setattr(active_run, "write_checkpoint", kill)
    each_step_takes(20)
    with pytest.raises(KeyboardInterrupt):
        st.run("parity", **settings, checkpoint_every="30s", out=tmp_path / "killed")
    monkeypatch.undo()
    path = tmp_path / "killed" / "parity-gru-1"
    step = read_checkpoint(path / "checkpoint.safetensors").progress["step"]
    assert killed_at <= step < 40
    assert st.load(path).step == step
    resumed = st.resume(path)
    assert without_seconds(resumed.history) == without_seconds(whole.history)
    for name, weights in whole.model.state_dict().items():
        assert torch.equal(weights, resumed.model.state_dict()[name])


def test_a_resumed_run_takes_another_cadence_and_records_it(tmp_path, saves):
    asked = iter(range(1000))
    with pytest.raises(RunInterruptedError):
        st.run(
            "parity",
            **{**SETTINGS, "engine": "plain"},
            out=tmp_path,
            stop=lambda: 15 if next(asked) >= 5 else 0,
        )
    path = tmp_path / "parity-gru-1"
    begun = saves[-1]
    saves.clear()
    st.resume(path, checkpoint_every=7)
    assert saves == [step for step in range(begun + 1, 41) if step % 7 == 0 or step == 40]
    assert st.load(path).experiment.checkpoint_every == 7


@pytest.mark.parametrize("value", ["5m", "1.5h", "30s", 7, "7"])
def test_steps_and_times_are_taken(value):
    made = st.Experiment(task="parity", checkpoint_every=value)
    assert made.checkpoint_every == (7 if value == "7" else value)
    assert made.with_changes(steps=10_000).checkpoint_every == made.checkpoint_every


@pytest.mark.parametrize(
    "value", ["0s", "5 m", "-5m", "m", "5d", "", "1e3s", "inf", 2.5, True, math.inf, [], "0", 0]
)
def test_what_is_neither_steps_nor_a_time_is_refused(value):
    with pytest.raises(UsageError, match="checkpoint_every must be "):
        st.Experiment(task="parity", checkpoint_every=value)
