"""Text fits the terminal: what `show` says, instances in columns, help in groups, the bar."""

import io
import re

import click
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as some
from rich.console import Console

from seqtasks.cli.run import GROUPS, run
from seqtasks.cli.show import show
from seqtasks.cli.wrapping import aligned, labelled, wrapped
from seqtasks.registry.find import task
from seqtasks.runs.bars import moving_bar

TASKS = ["stack-manipulation", "dyck", "adding", "mqar", "group-word", "selective-copying"]
WORDS = some.lists(some.text("abcdefg", min_size=1, max_size=9), min_size=1, max_size=40)


@given(WORDS, some.integers(30, 90))
def test_wrapping_changes_no_word_and_keeps_to_the_width(words, width):
    text = " ".join(words)
    lines = wrapped(text, width)
    assert " ".join(lines).split() == words
    assert max(map(len, lines)) <= width
    beside = labelled("label", text, width)
    assert beside.split()[1:] == words
    assert max(map(len, beside.splitlines())) <= width


def test_an_equation_stays_a_line_of_its_own():
    text = "a = f(b) " + "and so on " * 8 + "\nc = g(a)\nd = c"
    assert wrapped(text, 200)[1:] == ["c = g(a)", "d = c"]


@pytest.mark.parametrize("width", [40, 80, 100])
@pytest.mark.parametrize("name", TASKS)
def test_show_keeps_to_the_terminal_but_for_its_table(name, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    shown = CliRunner().invoke(show, [name])
    assert shown.exit_code == 0, shown.output
    before, _, after = shown.output.partition("Without learning")
    example = after.partition("\nExample\n")[2]
    for line in [*before.splitlines()[1:], *example.splitlines()]:
        assert len(line) <= width, line


def test_a_long_instance_goes_on_in_aligned_pairs_of_lines():
    made = task("dyck:mode=predict")
    batch = made.batch(np.random.default_rng(0), 1, 60)
    lines = aligned(batch, made, width=80).splitlines()
    assert len(lines) > 2
    assert [line.split()[0] for line in lines] == ["input", "target"] * (len(lines) // 2)
    for above, below in zip(lines[::2], lines[1::2], strict=True):
        assert len(above) == len(below) <= 80
        ends = [[match.end() for match in re.finditer(r"\S+", line)][1:] for line in (above, below)]
        assert ends[0] == ends[1]
    inputs = " ".join(line.removeprefix("input") for line in lines[::2]).split()
    assert inputs == list(made.inputs.words(batch.inputs[0]))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("parity", "one symbol at each step"),
        ("dyck", "one set of symbols at each step"),
        ("adding", "one vector after the last symbol"),
        ("reverse-string", "a symbol on each of the blanks"),
    ],
)
def test_show_says_what_an_answer_is_made_of(spec, said):
    assert said in " ".join(CliRunner().invoke(show, [spec]).output.split())


def test_every_option_of_run_stands_in_one_group_of_its_help():
    named = [name for names in GROUPS.values() for name in names]
    options = {p.name for p in run.params if isinstance(p, click.Option)}
    assert len(named) == len(set(named))
    assert options - set(named) == {"trust"}
    assert set(named) <= options
    output = CliRunner().invoke(run, ["--help"]).output
    for heading in GROUPS:
        assert f"\n{heading}:\n" in output
    assert all(p.opts[0] in output for p in run.params if isinstance(p, click.Option))


@pytest.mark.parametrize("width", [30, 40, 80])
@pytest.mark.parametrize("count", ["step {done}/{total}", "{done}/{total} runs"])
def test_a_narrow_terminal_never_cuts_the_count(count, width, monkeypatch):
    stream = io.StringIO()
    made = Console(width=width, force_terminal=True, color_system=None, file=stream)
    monkeypatch.setattr("seqtasks.runs.bars.console", lambda stderr: made)
    bar = moving_bar(count, 1_000_000)
    bar.add_task("", total=1_000_000, completed=999_999, figures="loss 0.6931, accuracy 98.5 %")
    made.print(bar.get_renderable())
    [line] = [line for line in stream.getvalue().splitlines() if line.strip()]
    assert line.startswith(count.format(done=999_999, total=1_000_000) + " ")
    assert len(line) <= width
