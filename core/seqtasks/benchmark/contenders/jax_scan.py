"""The contender `jax`: the same model as one jitted training step around `jax.lax.scan`.

The loop's input projections are computed beforehand for all steps, and the buffers of weights and
optimiser are donated. Time is the first axis, and the batches lie in JAX's memory before the start.
"""

from collections.abc import Sequence
from itertools import cycle, product
from typing import Any, Literal

import jax
import jax.numpy as jnp
import optax
from torch import Tensor

from seqtasks.benchmark.contenders.base import Run, UnavailableError, Variant
from seqtasks.benchmark.contenders.jax_cells import JAX_CELLS, JaxCell, from_torch
from seqtasks.benchmark.problem import Problem
from seqtasks.cells import Cell, Elman
from seqtasks.models.model import Model

__all__ = ["time_first", "training_step", "variants"]

Embedding = Literal["lookup", "one-hot product"]

UNROLLS = (1, 4, 8)

LONGEST_UNROLLED = 100
"""The most steps for which unrolling all of them is also tried. At the size `long`, compiling 500
unrolled steps took 25 s and more and made the step twice as slow."""


def variants(problem: Problem, threads: Sequence[int]) -> list[Variant]:
    """Return a variant for each unrolling and, for tokens, for each way to embed them.

    JAX has its own threads, as many as there are processors.
    """
    time = problem.size.time
    unrolls = sorted(
        {u for u in UNROLLS if u <= time} | ({time} if time <= LONGEST_UNROLLED else set())
    )
    embeddings: tuple[Embedding, ...] = ("lookup", "one-hot product")
    if problem.inputs == "reals":
        embeddings = ("lookup",)
    return [
        Variant(
            f"unroll {unroll}" + (f", {embedding}" if len(embeddings) > 1 else ""),
            None,
            _run(problem, unroll, embedding),
        )
        for unroll, embedding in product(unrolls, embeddings)
    ]


def _run(problem: Problem, unroll: int, embedding: Embedding) -> Run:
    model = problem.model()
    step, weights, state = training_step(model, problem, unroll, embedding)
    step = jax.jit(step, donate_argnums=(0, 1))
    batches = cycle([(time_first(i), time_first(t)) for i, t in problem.batches])

    def run(steps: int) -> list[float]:
        nonlocal weights, state
        losses: list[Any] = []
        for _ in range(steps):
            weights, state, loss = step(weights, state, *next(batches))
            losses.append(loss)
        jax.block_until_ready(losses[-1])
        return losses  # as arrays: fetching each would take time

    return run


def training_step(
    model: Model, problem: Problem, unroll: int, embedding: Embedding
) -> tuple[Any, Any, Any]:
    """Return the step, and the initial weights and optimiser state.

    The step takes weights, state, inputs and targets, and returns weights, state and loss.
    """
    torch_cell: Any = model.cells[0]
    cell = _cell_like(torch_cell)
    optimizer = optax.adam(problem.learning_rate)
    weights = {
        "embedding": {name: from_torch(p) for name, p in model.embedding.named_parameters()},
        "cell": cell.weights(torch_cell),
        "readout": {name: from_torch(p) for name, p in model.readout.named_parameters()},
    }
    batch, width = problem.size.batch, problem.size.width

    def embed(weights: Any, inputs: Any) -> Any:
        if problem.inputs == "reals":
            return inputs @ weights["weight"] + weights["bias"]
        table = weights["weight"].T  # from_torch transposed it
        if embedding == "lookup":
            return table[inputs]
        return jax.nn.one_hot(inputs, len(table)) @ table

    def loss_of(weights: Any, inputs: Any, targets: Any) -> Any:
        projected = cell.project(weights["cell"], embed(weights["embedding"], inputs))

        def step(state: Any, x: Any) -> tuple[Any, Any]:
            state = cell.step(weights["cell"], x, state)
            return state, state if cell.states == 1 else state[0]

        zeros = jnp.zeros((batch, width))
        start = zeros if cell.states == 1 else (zeros,) * cell.states
        _, outputs = jax.lax.scan(step, start, projected, unroll=unroll)
        logits = outputs @ weights["readout"]["linear.weight"] + weights["readout"]["linear.bias"]
        return optax.softmax_cross_entropy_with_integer_labels(logits, targets).mean()

    def one(weights: Any, state: Any, inputs: Any, targets: Any) -> tuple[Any, Any, Any]:
        loss, gradients = jax.value_and_grad(loss_of)(weights, inputs, targets)
        updates, state = optimizer.update(gradients, state)
        return optax.apply_updates(weights, updates), state, loss

    return one, weights, optimizer.init(weights)


def _cell_like(cell: Cell) -> JaxCell:
    known = JAX_CELLS.get(type(cell))
    if known is None or (isinstance(cell, Elman) and cell.nonlinearity != "tanh"):
        raise UnavailableError(f"{type(cell).__name__} is not written out in JAX here")
    return known


def time_first(tensor: Tensor) -> Any:
    """Return (batch, time, ...) as an array (time, batch, ...), with ids as int32."""
    array = tensor.transpose(0, 1).numpy()
    return jnp.array(array if tensor.is_floating_point() else array.astype("int32"))
