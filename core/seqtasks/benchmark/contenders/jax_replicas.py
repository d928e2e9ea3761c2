"""JAX with `vmap` over seeds: the whole training of many replicas in one jitted call.

The training step is the step of the contender `jax`, mapped over the replicas and looped over the
steps by `jax.lax.scan`. All replicas see the same batches, which lie in JAX's memory before the
start: this favours JAX, since each replica of seqtasks draws its own.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from seqtasks.benchmark.contenders.jax_scan import time_first, training_step
from seqtasks.benchmark.problem import Problem

__all__ = ["training_of_many"]


def training_of_many(
    problem: Problem, replicas: int, steps: int, unroll: int, spread: float = 0.1
) -> Callable[[], float]:
    """Return a function that trains replicas from their beginning, and returns the last mean loss.

    Args:
        problem: the problem; its batches follow one another, the first after the last.
        replicas: how many replicas are trained at once.
        steps: the training steps of each.
        unroll: how many time steps a turn of the inner loop makes.
        spread: the deviation of the first weights of the replicas.
    """
    step, weights, state = training_step(problem.model(), problem, unroll, "one-hot product")
    batches = [problem.source.batch(k % problem.source.block_steps) for k in range(steps)]
    inputs = jnp.stack([time_first(one.inputs) for one in batches])
    targets = jnp.stack([time_first(one.targets) for one in batches])
    keys = jax.random.split(jax.random.key(0), replicas)

    def beginning(key: jax.Array) -> object:
        """Return other weights for each replica: a little noise on the weights of the problem."""
        leaves, tree = jax.tree.flatten(weights)
        noise = [
            leaf + spread * jax.random.normal(jax.random.fold_in(key, k), leaf.shape)
            for k, leaf in enumerate(leaves)
        ]
        return jax.tree.unflatten(tree, noise)

    def replica(key: jax.Array) -> jax.Array:
        def one(carried: Any, batch: tuple[jax.Array, jax.Array]) -> Any:
            now, kept, loss = step(*carried, *batch)
            return (now, kept), loss

        _, losses = jax.lax.scan(one, (beginning(key), state), (inputs, targets))
        return losses[-1]

    trained = jax.jit(lambda keys: jax.vmap(replica)(keys).mean())
    return lambda: float(trained(keys).block_until_ready())
