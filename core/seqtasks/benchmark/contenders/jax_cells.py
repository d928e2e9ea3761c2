"""The built-in cells in JAX: weights from the torch cell, the input's share, and one step.

Shapes are as in the torch cells, but a weight is stored (input, output), as JAX programs do.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from torch import Tensor, nn

from seqtasks.cells import GRU, LSTM, Concat, Elman, GRUConcat, Sum

__all__ = ["JAX_CELLS", "JaxCell", "from_torch"]

Weights = dict[str, Any]


class JaxCell(NamedTuple):
    """A cell as three functions.

    Attributes:
        weights: from the torch cell to arrays by name.
        project: from (weights, x) to the part that does not depend on the state, for all steps.
        step: from (weights, the step's projection, state) to the next state.
        states: the number of tensors in a state; the first is the output.
    """

    weights: Callable[[Any], Weights]
    project: Callable[[Weights, Any], Any]
    step: Callable[[Weights, Any, Any], Any]
    states: int = 1


def from_torch(tensor: Tensor) -> Any:
    """Return a tensor as an array that JAX owns; a matrix is transposed."""
    return jnp.array(tensor.detach().T.numpy() if tensor.dim() == 2 else tensor.detach().numpy())


def _project(weights: Weights, x: Any) -> Any:
    return x @ weights["input"] + weights["bias"]


def _joined(linear: nn.Linear, input_size: int) -> Weights:
    return {
        "input": from_torch(linear.weight[:, :input_size]),
        "state": from_torch(linear.weight[:, input_size:]),
        "bias": from_torch(linear.bias),
    }


def _concat_weights(cell: Concat) -> Weights:
    return _joined(cell.linear, cell.input_size)


def _torch_layout(cell: Any) -> Weights:
    return {
        "input": from_torch(cell.weight_ih_l0),
        "state": from_torch(cell.weight_hh_l0),
        "bias": from_torch(cell.bias_ih_l0),
        "state_bias": from_torch(cell.bias_hh_l0),
    }


def _project_torch_layout(weights: Weights, x: Any) -> Any:
    return _project(weights, x) + weights["state_bias"]


def _tanh_step(weights: Weights, projected: Any, state: Any) -> Any:
    return jnp.tanh(projected + state @ weights["state"])


def _sum_weights(cell: Sum) -> Weights:
    return {"input": from_torch(cell.linear.weight), "bias": from_torch(cell.linear.bias)}


def _sum_step(weights: Weights, projected: Any, state: Any) -> Any:
    return jnp.tanh(projected + state @ weights["input"])


def _gru_step(weights: Weights, projected: Any, state: Any) -> Any:
    input_r, input_z, input_n = jnp.split(projected, 3, -1)
    state_r, state_z, state_n = jnp.split(state @ weights["state"] + weights["state_bias"], 3, -1)
    r, z = jax.nn.sigmoid(input_r + state_r), jax.nn.sigmoid(input_z + state_z)
    n = jnp.tanh(input_n + r * state_n)
    return (1 - z) * n + z * state


def _gru_concat_weights(cell: GRUConcat) -> Weights:
    gates = [_joined(gate, cell.input_size) for gate in (cell.reset, cell.update, cell.candidate)]
    return {
        "input": jnp.concatenate([gate["input"] for gate in gates], -1),
        "bias": jnp.concatenate([gate["bias"] for gate in gates], -1),
        "gates": jnp.concatenate([gate["state"] for gate in gates[:2]], -1),
        "candidate": gates[2]["state"],
    }


def _gru_concat_step(weights: Weights, projected: Any, state: Any) -> Any:
    input_r, input_u, input_n = jnp.split(projected, 3, -1)
    state_r, state_u = jnp.split(state @ weights["gates"], 2, -1)
    r, u = jax.nn.sigmoid(input_r + state_r), jax.nn.sigmoid(input_u + state_u)
    n = jnp.tanh(input_n + (r * state) @ weights["candidate"])
    return u * n + (1 - u) * state


def _lstm_step(weights: Weights, projected: Any, state: Any) -> Any:
    hidden, memory = state
    i, f, g, o = jnp.split(projected + hidden @ weights["state"], 4, -1)
    memory = jax.nn.sigmoid(f) * memory + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(memory), memory


JAX_CELLS: dict[type[nn.Module], JaxCell] = {
    Concat: JaxCell(_concat_weights, _project, _tanh_step),
    Sum: JaxCell(_sum_weights, _project, _sum_step),
    Elman: JaxCell(_torch_layout, _project_torch_layout, _tanh_step),
    GRU: JaxCell(_torch_layout, _project, _gru_step),
    GRUConcat: JaxCell(_gru_concat_weights, _project, _gru_concat_step),
    LSTM: JaxCell(_torch_layout, _project_torch_layout, _lstm_step, states=2),
}
