"""Observers are told of a run's moments as they happen, and none can spoil the run or another."""

import logging
import math
import sys

import pytest
import torch

import seqtasks as st
from seqtasks.hookspecs import hookimpl
from seqtasks.registry.discovery import use_registry
from seqtasks.runs.observers import MetricsLog, Observers, TensorBoard

MOMENTS = ("run_started", "run_advanced", "run_evaluated", "run_finished")


def run(*observers, **settings):
    """Run 30 steps of a small network, evaluated at every tenth."""
    small = {
        "cell": "concat",
        "hidden_size": 4,
        "length": "5",
        "steps": 30,
        "batch_size": 8,
        "log_every": 5,
        "evaluate_every": 10,
        "validation_sequences": 8,
        "evaluation_sequences": 8,
        "evaluation_lengths": (3, 5),
        "solved_after": 0,
    }
    return st.run("bitflip", observers=observers, **{**small, **settings})


class Recorder:
    """Keeps what it is told, and the step the run was at."""

    def __init__(self):
        self.told = []

    @hookimpl
    def run_started(self, run):
        self.told.append(("run_started", run.step, run))

    @hookimpl
    def run_advanced(self, run, steps, losses):
        self.told.append(("run_advanced", run.step, (steps, list(losses))))

    @hookimpl
    def run_evaluated(self, run, step, metrics):
        self.told.append(("run_evaluated", run.step, (step, dict(metrics))))

    @hookimpl
    def run_finished(self, run, result):
        self.told.append(("run_finished", run.step, result))

    def of(self, moment):
        """Return what was told at the moments of one kind, in order."""
        return [told for kind, _, told in self.told if kind == moment]


def failing(moment):
    """Return an observer that records, and raises at a moment."""

    class Failing(Recorder):
        pass

    def fail(self, run):
        self.told.append((moment, run.step, None))
        raise ValueError(f"no more at {run.step}\nand a second line")

    setattr(Failing, moment, hookimpl(fail))
    return Failing()


RAISES = failing.__code__.co_firstlineno + 8


def outcome(result):
    """Return what must not depend on who observes: history without times, scores and weights."""
    lines = [{k: v for k, v in line.items() if k != "seconds"} for line in result.history]
    weights = {key: value.tolist() for key, value in result.model.state_dict().items()}
    return lines, result.scores, weights


@pytest.fixture(scope="module")
def alone():
    """The outcome of the run that nobody observes."""
    return outcome(run())


@pytest.fixture(scope="module")
def watched():
    """A recorder, and the result of the run it observed."""
    recorder = Recorder()
    return recorder, run(recorder)


def test_an_observer_hears_of_the_start_first_and_of_the_end_last(watched):
    recorder, result = watched
    assert [told[0] for told in recorder.told].count("run_started") == 1
    assert recorder.told[0][:2] == ("run_started", 0)
    assert recorder.told[-1][:2] == ("run_finished", 30)
    assert recorder.of("run_finished") == [result]
    (started,) = recorder.of("run_started")
    assert (started.experiment, started.task) == (result.experiment, result.task)
    assert started.model is result.model
    assert started.path is None


def test_an_observer_is_told_the_loss_of_every_step(watched):
    recorder, result = watched
    advances = [told for told in recorder.told if told[0] == "run_advanced"]
    made = 0
    for _, step, (steps, losses) in advances:
        made += steps
        assert (step, len(losses)) == (made, steps)
    assert made == 30
    losses = [loss for _, _, (_, some) in advances for loss in some]
    assert all(math.isfinite(loss) and loss > 0 for loss in losses)
    means = {line["step"]: line["loss"] for line in result.history if "loss" in line}
    assert means == {
        step: pytest.approx(math.fsum(losses[step - 5 : step]) / 5) for step in range(5, 31, 5)
    }


def test_an_observer_is_told_the_scores_of_every_evaluation(watched):
    recorder, result = watched
    assert [step for step, _ in recorder.of("run_evaluated")] == [10, 20, 30]
    logged = [(line["step"], line["validation"]) for line in result.history if "validation" in line]
    assert recorder.of("run_evaluated") == logged
    assert set(logged[0][1]) == {"token_accuracy", "sequence_accuracy"}


def test_an_observer_may_take_fewer_arguments_than_there_are():
    class Counter:
        steps = 0

        @hookimpl
        def run_advanced(self, steps):
            self.steps += steps

    counter = Counter()
    run(counter)
    assert counter.steps == 30


def test_a_resumed_run_starts_at_the_step_it_was_stopped_at(tmp_path):
    before, after = Recorder(), Recorder()
    with pytest.raises(st.RunInterruptedError) as stopped:
        run(before, out=tmp_path, stop=lambda: 2 * bool(before.of("run_evaluated")))
    assert before.of("run_finished") == []
    st.resume(stopped.value.path, observers=[after])
    assert after.told[0][:2] == ("run_started", before.told[-1][1])
    both = before.of("run_advanced") + after.of("run_advanced")
    assert sum(steps for steps, _ in both) == 30


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_observer_that_raises_is_named_once_and_hears_no_more(moment, alone, caplog):
    observer = failing(moment)
    with caplog.at_level(logging.WARNING, logger="seqtasks"):
        result = run(observer)
    (message,) = [record.getMessage() for record in caplog.records]
    step = {"run_started": 0, "run_advanced": 5, "run_evaluated": 10, "run_finished": 30}[moment]
    assert message == (
        f"observer Failing failed in {moment} and is dropped: ValueError: no more at {step}"
        f" (test_observers.py, line {RAISES})"
    )
    assert observer.told[-1] == (moment, step, None)
    assert len(observer.of(moment)) == 1
    assert outcome(result) == alone


def test_observers_beside_one_that_raises_hear_everything(watched):
    before, after = Recorder(), Recorder()
    run(before, failing("run_started"), failing("run_advanced"), after)
    for recorder in (before, after):
        assert [told[:2] for told in recorder.told] == [told[:2] for told in watched[0].told]


def test_an_observer_that_meddles_with_modes_and_random_states_changes_nothing():
    class Meddler:
        @hookimpl
        def run_started(self, run):
            run.model.eval()

        @hookimpl
        def run_advanced(self, run):
            torch.manual_seed(run.step)
            run.model.eval()

    def weights(*observers):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            parts = (torch.nn.Embedding(2, 4), torch.nn.Dropout(0.5), torch.nn.Linear(4, 2))
            return outcome(run(*observers, model=torch.nn.Sequential(*parts)))

    assert weights(Meddler()) == weights()


PLUGIN = """
told = []

@hookimpl
def run_started(run):
    told.append(run.step)

@hookimpl
def run_finished(run, result):
    told.append(result.step)
    raise OSError("cannot phone home")
"""


def test_a_plugin_is_told_and_named_with_its_distribution(site, monkeypatch, caplog):
    monkeypatch.setattr("seqtasks.registry.discovery._current", None)
    site.plugin("watcher", PLUGIN)
    site.plugin("unheard", PLUGIN)
    use_registry(["unheard"])
    run()
    assert sys.modules["watcher_plugin"].told == [0, 30]
    assert "unheard_plugin" not in sys.modules
    (message,) = [record.getMessage() for record in caplog.records]
    who = "observer watcher of watcher-dist failed in run_finished and is dropped: "
    assert message == who + "OSError: cannot phone home (watcher_plugin.py, line 12)"


def test_a_plugin_set_aside_is_not_told(site, monkeypatch):
    monkeypatch.setattr("seqtasks.registry.discovery._current", None)
    site.plugin("broken", PLUGIN + "\n@hookimpl\ndef register_tasks(register):\n    1 / 0\n")
    assert use_registry().warnings
    run()
    assert sys.modules["broken_plugin"].told == []


def test_an_observer_that_takes_what_there_is_not_is_refused_before_anything_is_written(tmp_path):
    class Misspelt:
        @hookimpl
        def run_advanced(self, run, lossess): ...

    with pytest.raises(st.UsageError, match="lossess"):
        run(Misspelt(), out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_log_that_cannot_be_written_ends_the_run(tmp_path):
    class Obstacle:
        @hookimpl
        def run_started(self, run):
            (run.path / "metrics.jsonl").mkdir()

    with pytest.raises(st.RunError, match=r"cannot write .*metrics\.jsonl"):
        run(Obstacle(), out=tmp_path)


def test_a_log_is_dropped_like_any_observer_unless_it_is_essential(tmp_path, watched, caplog):
    (started,) = watched[0].of("run_started")
    lost = MetricsLog(tmp_path / "nowhere" / "metrics.jsonl", 0)
    told = Observers([lost])
    told.tell("run_started", run=started)
    assert [record.getMessage() for record in caplog.records if "MetricsLog" in record.message]
    observers = Observers()
    observers.add_essential(lost)
    with pytest.raises(st.RunError, match="cannot write"):
        observers.tell("run_started", run=started)


def test_tensorboard_shows_every_loss_and_score_once_even_of_a_run_that_was_cut_off(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    class CutOff(Recorder):
        @hookimpl
        def run_advanced(self, run, steps, losses):
            super().run_advanced(run, steps, losses)
            if run.step == 15:  # five steps past the checkpoint
                raise KeyboardInterrupt

    first, second, before, after = TensorBoard(), TensorBoard(), CutOff(), Recorder()
    with pytest.raises(KeyboardInterrupt):
        run(first, before, out=tmp_path, checkpoint_every=10)
    first.close()
    (path,) = tmp_path.iterdir()
    st.resume(path, observers=[second, after])
    second.close()
    events = EventAccumulator(str(path / "tensorboard"))
    events.Reload()
    losses = [loss for _, some in before.of("run_advanced")[:2] for loss in some]
    losses += [loss for _, some in after.of("run_advanced") for loss in some]
    assert [event.step for event in events.Scalars("loss")] == list(range(1, 31))
    assert [event.value for event in events.Scalars("loss")] == pytest.approx(losses)
    scores = before.of("run_evaluated") + after.of("run_evaluated")
    for name in ("token_accuracy", "sequence_accuracy"):
        logged = [(event.step, event.value) for event in events.Scalars(f"validation/{name}")]
        assert logged == [(step, pytest.approx(metrics[name])) for step, metrics in scores]
