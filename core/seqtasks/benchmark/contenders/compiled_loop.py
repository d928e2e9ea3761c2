"""The contender `compile`: `torch.compile` of the hand-written loop, and of its cell alone."""

import warnings
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from seqtasks.benchmark.contenders.base import Run, Variant, per_thread_count, training
from seqtasks.benchmark.contenders.seed_loop import SeedModel
from seqtasks.benchmark.problem import Problem

__all__ = ["variants"]

LONGEST_UNROLLED = 100
"""The most steps for which the whole loop is compiled. Compiling unrolls it, and 1024 steps took
over a quarter of an hour (pytorch issue 97155)."""


def variants(problem: Problem, threads: Sequence[int]) -> list[Variant]:
    """Return the whole loop, if it is short enough, and the cell alone; with the fused Adam."""

    def whole(model: SeedModel) -> Callable[[Tensor, Tensor], Tensor]:
        return torch.compile(model.loss, dynamic=False)

    def cell_alone(model: SeedModel) -> Callable[[Tensor, Tensor], Tensor]:
        model.cell.compile(dynamic=False)
        return model.loss

    def variants_of(
        what: str, compiled: Callable[[SeedModel], Callable[[Tensor, Tensor], Tensor]]
    ) -> list[Variant]:
        def make(_: int) -> Run:
            model = SeedModel(problem.model())
            optimizer = torch.optim.Adam(model.parameters(), problem.learning_rate, fused=True)
            return _quietly(training(compiled(model), optimizer, problem.batches))

        made = per_thread_count(threads, make)
        return [Variant(f"{what}, {one.setting}", one.threads, one.run) for one in made]

    made = variants_of("cell", cell_alone)
    if problem.size.time <= LONGEST_UNROLLED:
        made += variants_of("loop", whole)
    return made


def _quietly(train: Run) -> Run:
    """Silence torch's warning about states, which appears when dynamo looks for gradients."""

    def run(steps: int) -> Sequence[float]:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The .grad attribute of a Tensor", UserWarning)
            return train(steps)

    return run
