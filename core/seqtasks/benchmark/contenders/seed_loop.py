"""The contender `seed`: the loop of the 2017 notebook, as people write it by hand."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.benchmark.contenders.base import Run, Variant, per_thread_count, training
from seqtasks.benchmark.problem import Problem
from seqtasks.models.model import Model

__all__ = ["SeedModel", "variants"]


class SeedModel(nn.Module):
    """Embed, then run cell and readout step by step; outputs and states are kept and joined.

    Args:
        model: the embedding, the one cell and the readout to use.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.embedding = model.embedding
        self.cell: Any = model.cells[0]
        self.readout = model.readout
        self.loss_function = nn.CrossEntropyLoss()

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits and the cell's outputs of every step, (batch, time, ...)."""
        embeddings = self.embedding(inputs)
        batch_size, steps = inputs.shape[:2]
        state = self.cell.initial_state(batch_size, steps)
        outputs: list[Tensor] = []
        hidden_states: list[Tensor] = []
        for step in range(steps):
            x = embeddings[:, step, :]
            state = self.cell(x, state)
            hidden = self.cell.output(x, state)
            outputs.append(self.readout(x, hidden).unsqueeze(1))
            hidden_states.append(hidden.unsqueeze(1))
        return torch.cat(outputs, 1), torch.cat(hidden_states, 1)

    def loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean cross-entropy over all positions."""
        logits, _ = self(inputs)
        return self.loss_function(logits.view(-1, logits.shape[-1]), targets.view(-1))


def variants(problem: Problem, threads: Sequence[int]) -> list[Variant]:
    """Return the loop at each number of threads, with the default `torch.optim.Adam`."""

    def make(_: int) -> Run:
        model = SeedModel(problem.model())
        optimizer = torch.optim.Adam(model.parameters(), lr=problem.learning_rate)
        return training(model.loss, optimizer, problem.batches)

    return per_thread_count(threads, make)
