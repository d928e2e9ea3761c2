"""What an observer raises ends a run only if it is meant to."""

import pytest
from test_observers import Recorder, outcome, run

import seqtasks as st
from seqtasks.hookspecs import hookimpl


class Stopper(Recorder):
    """Asks for the end at a moment, once a step is reached."""

    def __init__(self, moment, step):
        super().__init__()
        self.moment, self.step = moment, step

    def ask(self, moment, step):
        if (moment, step) == (self.moment, self.step):
            raise st.StopRun("enough of it")

    @hookimpl
    def run_started(self, run):
        self.ask("run_started", run.step)

    @hookimpl
    def run_advanced(self, run):
        self.ask("run_advanced", run.step)

    @hookimpl
    def run_evaluated(self, run):
        self.ask("run_evaluated", run.step)


@pytest.mark.parametrize(
    ("moment", "step"),
    [("run_started", 0), ("run_advanced", 15), ("run_evaluated", 20), ("run_evaluated", 30)],
)
def test_an_observer_ends_a_run_with_a_result_and_resume_goes_on_to_the_same_bits(
    tmp_path, moment, step
):
    stopper, other = Stopper(moment, step), Recorder()
    stopped = run(stopper, other, out=tmp_path)
    assert (stopped.step, stopped.metrics.keys()) == (step, {3, 5})
    assert other.of("run_finished") == [stopped], "others see the end"
    told = "steps" if step == 30 else "observer: enough of it"
    loaded = st.load(stopped.path)
    assert (stopped.stopped, loaded.stopped, loaded.metrics) == (told, told, stopped.metrics)
    if step < 30:
        again = st.resume(stopped.path)
        assert (again.step, again.stopped) == (30, "steps")
        assert outcome(again) == outcome(run())
        assert st.load(stopped.path).stopped == "steps"
    with pytest.raises(st.UsageError, match="is finished"):
        st.resume(stopped.path)


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit("x"), BaseException("panic")])
def test_whatever_an_observer_raises_the_run_goes_on(error, caplog):
    class Raising:
        @hookimpl
        def run_advanced(self):
            raise error

    assert outcome(run(Raising())) == outcome(run())
    assert "observer Raising failed in run_advanced" in caplog.text


def test_an_interrupt_in_an_observer_ends_the_run():
    class Interrupted:
        @hookimpl
        def run_advanced(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Interrupted())
