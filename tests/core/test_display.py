"""Things print shortly, and in notebooks as HTML with nothing of a stranger's in it unescaped."""

import base64
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
import torch

import seqtasks as st
from seqtasks.display import MOST_SHOWN, card

EVIL = "<script>alert(1)</script>&\"'\x1b[31m"


class Evil(st.Task):
    __doc__ = EVIL
    inputs = st.Tokens((EVIL, "1"))
    targets = st.Tokens("01")
    layout = "end"
    source = EVIL

    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))

    def encode(self, inputs):
        return inputs[:, -1]


class Deep(st.Cell):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.parts = torch.nn.Sequential(*[torch.nn.Linear(hidden_size, hidden_size)] * 9)
        self.into = torch.nn.Linear(input_size, hidden_size)

    def forward(self, x, state):
        return torch.tanh(self.into(x) + self.parts(state))


@pytest.fixture(scope="module")
def result():
    lengths = tuple(range(3, 12))
    small = {"length": "3", "batch_size": 4, "hidden_size": 4, "evaluation_lengths": lengths}
    return st.run("parity", cell="concat", steps=4, score="3..12", engine="plain", **small)


@pytest.fixture(scope="module")
def shown(result):
    """Every kind of thing that a notebook may show."""
    return {
        "a task": st.task("bitshift:shift=2"),
        "a task of a program": Evil(),
        "a cell": result.model.cells[0],
        "a deep cell": Deep(3, 4),
        "a readout": result.model.readout,
        "a model": result.model,
        "a dataset": result.task.dataset("3", 2),
        "a batch": result.task.batch(np.random.default_rng(0), 64, 100),
        "an empty batch": result.task.batch(np.random.default_rng(0), 0, 100),
        "a score": result.scores[0],
        "a sampled score": result.scores[-1],
        "a mean score": result.score,
        "baselines": st.baselines("parity", 5),
        "an experiment": result.experiment,
        "a result": result,
    }


def test_everything_prints_in_few_characters(shown):
    for name, thing in shown.items():
        text = repr(thing)
        assert len(text) <= MOST_SHOWN, name
        assert text.isprintable() or "\n" in text, name
        assert " at 0x" not in text, name


def test_what_prints_names_what_a_user_wants(shown):
    assert repr(shown["a task"]) == "BitShift(shift=2)"
    assert repr(shown["a task of a program"]) == "Evil()"
    assert "3: " in repr(shown["a result"])
    assert "11: " in repr(shown["a result"])
    assert "parity-concat, seed 0: steps at step 4" in repr(shown["a result"])
    assert re.match(r"<Score at length 3: token_accuracy [\d.]+, ", repr(shown["a score"]))
    assert "all 8 inputs" in repr(shown["a score"])
    assert re.search(r"token_accuracy [\d.]+ \[[\d.]+, [\d.]+\]", repr(shown["a sampled score"]))
    assert "1000 instances" in repr(shown["a sampled score"])
    assert "inputs (64, 100) int64" in repr(shown["a batch"])
    assert "36 parameters in parts, into" in repr(shown["a deep cell"])
    assert "Embedding(2, 4) -> Concat(" in repr(shown["a model"])
    assert "concat of 4 on parity, length 3, 4 steps of 4, seed 0" in repr(shown["an experiment"])


class Tags(HTMLParser):
    """Collects the tags of HTML, and checks that each is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.met, self.pictures = [], set(), []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.met.add(tag)
        if tag == "img":
            self.pictures.append(dict(attributes)["src"])
        else:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_everything_is_html_in_a_notebook_and_a_result_has_its_picture(shown):
    for name, thing in shown.items():
        if name == "a dataset":  # a text is enough
            continue
        tags = Tags(thing._repr_html_())
        assert tags.met <= {"div", "strong", "table", "tr", "th", "td", "img"}, name
        assert len(tags.pictures) == (name == "a result")
        for source in tags.pictures:
            head, content = source.split(",")
            assert head == "data:image/png;base64"
            assert base64.b64decode(content).startswith(b"\x89PNG")


def test_names_of_others_are_escaped(result):
    html = Evil()._repr_html_()
    assert "<script" not in html
    assert "\x1b" not in html
    assert "&lt;script&gt;" in html
    score = st.Score(3, 1, False, {EVIL: 0.5}, {EVIL: (0.0, 1.0)})
    assert "<script" not in score._repr_html_()
    assert "\x1b" not in repr(score)
    assert "<script" not in card(EVIL, [(EVIL, EVIL)] * 20, EVIL, b"x")


def test_a_table_has_few_rows():
    assert card("many", ((number,) for number in range(1000))).count("<tr>") < 20


def test_a_cell_that_is_not_yet_made_whole_prints():
    class Lazy(Deep):
        def __init__(self):
            super().__init__(2, 3)
            self.late = torch.nn.LazyLinear(4)

    assert "parameters not yet made" in repr(Lazy())
    assert "<table>" in Lazy()._repr_html_()


@pytest.mark.slow
def test_a_notebook_shows_a_result_as_html(tmp_path):
    pytest.importorskip("IPython", reason="IPython is not installed")
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "import seqtasks as st\n"
        "r = st.run('parity', cell='concat', steps=4, evaluation_lengths=(3,))\n"
        "data, _ = shell.display_formatter.format(r)\n"
        "print(sorted(data), 'data:image/png' in data['text/html'])\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout.splitlines()[-1] == "['text/html', 'text/plain'] True", found.stderr
