"""The table of scores says what must be known before they are believed."""

import json

CELLS = '''
import torch
from torch import nn
import seqtasks as st


class Centred(st.Cell):
    """Takes the mean over the batch away."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x, state):
        hidden = self.linear(torch.cat([x, state], -1))
        return torch.tanh(hidden - hidden.mean(0))


class Doubling(st.Cell):
    """Its state doubles at every step, until it is infinite."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)

    def forward(self, x, state):
        return 2 * state + self.linear(x)

    def output(self, x, state):
        return torch.tanh(state - state.mean(-1, keepdim=True))
'''


def test_scores_of_rows_that_mix_are_marked_and_warned_of(seqtasks, tmp_path):
    (tmp_path / "own.py").write_text(CELLS)
    done = seqtasks(
        "run", "parity", "--cell", "./own.py:Centred", "--steps", "3", "--eval-length", "4"
    )
    assert done.returncode == 0
    assert "[rows mix]" in done.stdout
    assert "[exact]" not in done.stdout
    assert "depends on the other instances of its batch" in done.stderr
    (result,) = tmp_path.glob("runs/*/result.json")
    assert json.loads(result.read_text())["scores"][0]["rows_mix"] is True


def test_the_table_says_how_many_predictions_are_no_numbers(seqtasks, tmp_path):
    (tmp_path / "own.py").write_text(CELLS)
    options = ("--steps", "3", "--eval-length", "300")
    done = seqtasks("run", "bitflip", "--cell", "./own.py:Doubling", *options)
    assert done.returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if "NaN" in line]
    assert line.startswith("300: ")
    (result,) = tmp_path.glob("runs/*/result.json")
    (score,) = json.loads(result.read_text())["scores"]
    assert 0.4 < score["undefined"] < 0.7
    assert score["metrics"]["token_accuracy"] <= 1 - score["undefined"]
