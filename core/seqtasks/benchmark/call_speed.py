"""Measure a model called as a module beside its program, and a state that decays."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.benchmark.contenders.base import using_threads
from seqtasks.benchmark.problem import Problem
from seqtasks.cells import Cell
from seqtasks.engine.native.execute.c_program import Program
from seqtasks.engine.unroll import unroll
from seqtasks.errors import UsageError
from seqtasks.models.model import Model
from seqtasks.training import Trainer

__all__ = ["CallSpeed", "measure_call", "measure_decay"]

BURST_SECONDS = 0.02
SINGLE, RUN_STEPS, DECAY_STEPS = 20, 50, 100
SMALL = 1e-37
"""After a few steps of `Decay`, numbers that begin so small are denormal in float32."""


@dataclass(frozen=True)
class CallSpeed:
    """A pass forward and back of a model, in milliseconds of processor time.

    Attributes:
        problem: the model and its batch.
        program: the native program alone, both passes.
        beside: what a call of the model and `backward`, without a loss, take beside it.
        module: both together.
        run: a whole training step of a run, with its loss and Adam.
        plain: the same passes by the plain loop.
    """

    problem: Problem
    program: float
    beside: float
    module: float
    run: float
    plain: float

    def row(self) -> dict[str, Any]:
        """Return the figures as one row of a document."""
        return {
            "size": self.problem.size.name,
            "cell": self.problem.cell,
            "program_ms": self.program,
            "beside_ms": self.beside,
            "module_ms": self.module,
            "run_ms": self.run,
            "plain_ms": self.plain,
        }


def measure_call(problem: Problem, repeats: int = 10) -> CallSpeed:
    """Measure a model called as a module, on one thread; the fastest of several bursts counts.

    Args:
        problem: the model and its batch.
        repeats: the number of rounds, in which the ways take turns.

    Raises:
        UsageError: if the cell does not exist, or no native program runs it.
    """
    inputs = problem.batches[0].inputs
    with using_threads(1):
        model, plain = problem.model(), problem.model()
        engines = model.use_engine("native")
        plain.use_engine("plain")
        ones = torch.ones_like(model(inputs)[0])
        program = engines.program(inputs.shape[1], external_states=True)
        trainer = Trainer(
            problem.model(), problem.source, "adam", problem.learning_rate, engine="native"
        )
        if not isinstance(program, Program):
            raise UsageError(f"the native engine does not run {problem.cell}")

        def passes(model: Model) -> Callable[[], None]:
            parameters = list(model.parameters())

            def step() -> None:
                for parameter in parameters:
                    parameter.grad = None
                model(inputs)[0].backward(ones)

            return step

        ways: dict[str, Callable[[], object]] = {
            "plain": passes(plain),
            "run": lambda: trainer.advance(RUN_STEPS),
        }
        times = dict.fromkeys(("program", "beside", "module", *ways), float("inf"))
        call = passes(model)
        for _ in range(repeats):
            for name, way in ways.items():
                times[name] = min(times[name], _burst(way))
            with _timed(program) as inside:
                for _ in range(SINGLE):
                    inside[0], began = 0.0, time.thread_time()
                    call()
                    whole = time.thread_time() - began
                    found = {"program": inside[0], "beside": whole - inside[0], "module": whole}
                    times |= {name: min(times[name], one) for name, one in found.items()}
        trainer.close()
    times["run"] /= RUN_STEPS
    return CallSpeed(problem, **{name: 1000 * seconds for name, seconds in times.items()})


def measure_decay(repeats: int = 20) -> tuple[float, float]:
    """Return the milliseconds of a pass over a state that stays normal, and over one that does not.

    The state decays by a tenth at each of 100 steps; 32 rows of 64 numbers.
    """

    def inputs(scale: float) -> Tensor:
        found = torch.zeros(32, DECAY_STEPS, 64)
        found[:, 0] = scale
        return found

    cell, scales = Decay(64, 64), (1.0, SMALL)
    found = dict.fromkeys(scales, float("inf"))
    with torch.no_grad(), using_threads(1):
        for _ in range(repeats):
            for scale in scales:
                batch = inputs(scale)
                seconds = _burst(lambda batch=batch: unroll(cell, batch, engine="native"))
                found[scale] = min(found[scale], seconds)
    return 1000 * found[1.0], 1000 * found[SMALL]


class Decay(Cell):
    """A state that decays by a tenth at each step, and to which the input is added."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.rate = nn.Parameter(torch.full((hidden_size,), 0.9))

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the next state, (batch, hidden size)."""
        return self.rate * state + x


def _burst(step: Callable[[], object]) -> float:
    """Return the seconds of a step, over as many as fill a burst."""
    step()
    began = time.thread_time()
    count = 0
    while True:
        step()
        count += 1
        seconds = time.thread_time() - began
        if seconds > BURST_SECONDS:
            return seconds / count


@contextmanager
def _timed(program: Program) -> Generator[list[float]]:
    """Count the seconds within a program for a while."""
    seconds = [0.0]
    passes = program.opened.passes
    before = dict(passes)

    def counted(function: Any) -> Any:
        def call(argument: Any) -> int:
            began = time.thread_time()
            status = function(argument)
            seconds[0] += time.thread_time() - began
            return status

        return call

    passes.update({name: counted(function) for name, function in before.items()})
    try:
        yield seconds
    finally:
        passes.update(before)
