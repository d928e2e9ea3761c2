"""Replicas of a cell with time, penalty, annealing and constraints have their runs' numbers."""

import pytest
import torch
from replica_oracle import alone, in_groups, same, tiny
from torch import nn

import seqtasks as st
from seqtasks.studies.replicas import run_block
from seqtasks.studies.replicas.ways import way_of


class Everything(st.Cell):
    """A cell that uses all that a cell has a place for."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size, hidden_size)
        self.recur = nn.Parameter(torch.randn(hidden_size, hidden_size) / 4)
        sign = torch.ones(hidden_size)
        sign[::4] = -1
        self.register_buffer("sign", sign)
        self.register_buffer("temperature", torch.tensor(1.0))
        self.sign: torch.Tensor
        self.temperature: torch.Tensor

    def anneal(self, step: int, steps: int) -> dict[str, float]:
        return {"temperature": 2 - step / steps}

    def constrain(self) -> None:
        self.recur.copy_(torch.relu(self.recur * self.sign) * self.sign)
        self.enter.bias.clamp_(min=0)

    def forward(self, x: torch.Tensor, state: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        new = torch.tanh((self.enter(x) + state @ self.recur.t()) / self.temperature)
        return torch.where(time % 3 == 2, state + x.sum(1, keepdim=True) / 9, new)

    def penalty(self, x: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        return 0.1 * state.square().mean(-1)


@pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=pytest.mark.slow)])
def test_they_are_trained_in_groups_bit_for_bit(dtype: str) -> None:
    experiment = tiny(engine="native", cell=Everything, steps=30, dtype=dtype)
    replicas = list(run_block(experiment, range(10, 16), keep_weights=True))
    assert in_groups(experiment), way_of(experiment).problem
    for replica in replicas:
        same(replica, alone(experiment, replica.line["seed"]))
        assert replica.tensors is not None
        weights = replica.tensors
        assert (weights["cells.0.recur"] * weights["cells.0.sign"] >= 0).all()
        assert weights["cells.0.temperature"] == torch.tensor(
            2 - 29 / 30, dtype=getattr(torch, dtype)
        )


def test_a_constraint_that_no_program_holds_is_trained_run_by_run() -> None:
    class ByValue(Everything):
        def constrain(self) -> None:
            if float(self.recur.norm()) > 1:
                self.recur.mul_(0.5)

    experiment = tiny(engine="native", cell=ByValue, steps=20)
    replicas = list(run_block(experiment, range(3), keep_weights=True))
    assert not in_groups(experiment)
    for replica in replicas:
        same(replica, alone(experiment, replica.line["seed"]))
