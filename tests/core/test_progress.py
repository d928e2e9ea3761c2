"""`progress=True` shows how far a run is, wherever it runs; without it nothing is printed."""

import io
import sys
import types

import pytest

import seqtasks as st
from seqtasks.runs import progress as shown

SMALL = {"steps": 40, "length": "3", "batch_size": 4, "hidden_size": 4, "evaluation_lengths": (3,)}


def trained(**more):
    return st.run("parity", cell="concat", engine="plain", log_every=10, **SMALL, **more)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_nothing_is_printed_without_it(capfd):
    trained()
    assert capfd.readouterr() == ("", "")


def test_without_a_terminal_there_are_few_lines_and_all_on_stderr(capfd, monkeypatch):
    trained(progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    first, last = err.splitlines()
    assert first == "training up to step 40"
    assert last.startswith("step 40: loss ")
    monkeypatch.setattr(shown, "_SECONDS_BETWEEN_LINES", 0)
    trained(progress=True)
    assert [line.split(":")[0] for line in capfd.readouterr().err.splitlines()[1:-1]] == [
        f"step {step}" for step in (10, 20, 30, 40)
    ]


def test_a_terminal_gets_a_bar_that_is_gone_when_the_run_fails(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(st.RunInterruptedError):
        trained(progress=True, stop=iter([0] * 15 + [15] * 9**3).__next__)
    text = stream.getvalue()
    assert "/40" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")  # the cursor is back


class Display:
    """What IPython would show."""

    def __init__(self, monkeypatch):
        self.pictures = []
        module = types.ModuleType("IPython")
        module.get_ipython = lambda: types.SimpleNamespace(kernel=object())
        module.display = self
        monkeypatch.setitem(sys.modules, "IPython", module)

    HTML = str

    def display(self, picture, display_id):
        self.pictures.append(picture)
        return types.SimpleNamespace(update=self.pictures.append)


def test_a_notebook_gets_a_bar_below_its_cell(monkeypatch, capfd):
    monkeypatch.setattr("seqtasks.runs.bars._SECONDS_BETWEEN_PICTURES", 0)
    display = Display(monkeypatch)
    trained(progress=True)
    values = [picture.split('"')[1] for picture in display.pictures]
    assert values == ["0", "10", "20", "30", "40", "40"]
    assert all("<progress value=" in picture for picture in display.pictures)
    assert capfd.readouterr() == ("", "")


def test_other_observers_see_the_run_and_the_numbers_are_the_same():
    class Watch:
        steps = 0

        @st.hookimpl
        def run_advanced(self, steps):
            self.steps += steps

    watch = Watch()
    assert trained(progress=True, observers=[watch]).scores == trained().scores
    assert watch.steps == 40


def test_it_is_true_or_false():
    with pytest.raises(st.UsageError, match="progress must be True or False, got 'bar'"):
        trained(progress="bar")


def test_a_resumed_run_shows_it_too(tmp_path, capfd):
    path = trained(out=tmp_path).path
    st.resume(path, 50, progress=True)
    assert capfd.readouterr().err.splitlines()[-1].startswith("step 50: ")
