"""The contender `nn`: the same model with torch's own recurrent layer, and the fused Adam."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.benchmark.contenders.base import (
    Run,
    UnavailableError,
    Variant,
    mean_cross_entropy,
    per_thread_count,
    training,
)
from seqtasks.benchmark.problem import Problem
from seqtasks.cells import GRU, LSTM, Cell, Concat, Elman, GRUConcat, Sum
from seqtasks.models.model import Model
from seqtasks.randomness.torch_streams import torch_stream
from seqtasks.training import TorchBatch

__all__ = ["LayerModel", "variants"]


class LayerModel(nn.Module):
    """Embedding, `nn.RNN`, `nn.GRU` or `nn.LSTM`, and readout, with the weights of a model.

    It computes the same as the model, with one exception: for `gru-concat`, the layer `nn.GRU`
    applies the reset gate after the product. The two agree at the first step.

    Args:
        model: a model of an embedding, one cell and a readout.

    Raises:
        UnavailableError: if torch has no layer like the cell.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        cell = model.cells[0]
        if type(cell) not in _LAYERS:
            raise UnavailableError(f"torch has no layer like {type(cell).__name__}")
        self.embedding = model.embedding
        with torch_stream(0, "trial").drawing():  # the layer draws weights that are replaced next
            self.layer = _LAYERS[type(cell)](cell)
        self.readout = model.readout

    def loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean cross-entropy of inputs (time, batch, ...), targets (time, batch)."""
        embedded = self.embedding(inputs)
        outputs, _ = self.layer(embedded)
        return mean_cross_entropy(self.readout(embedded, outputs), targets)


def variants(problem: Problem, threads: Sequence[int]) -> list[Variant]:
    """Return the layer at each number of threads.

    Time is the first axis, as torch's layers prefer; the batches are transposed beforehand.
    """
    batches = [
        TorchBatch(inputs.transpose(0, 1).contiguous(), targets.T.contiguous())
        for inputs, targets in problem.batches
    ]

    def make(_: int) -> Run:
        model = LayerModel(problem.model())
        optimizer = torch.optim.Adam(model.parameters(), problem.learning_rate, fused=True)
        return training(model.loss, optimizer, batches)

    return per_thread_count(threads, make)


def _from_joined(cell: Concat) -> nn.RNN:
    weight = cell.linear.weight
    return _rnn(cell, weight[:, : cell.input_size], weight[:, cell.input_size :])


def _from_sum(cell: Sum) -> nn.RNN:
    return _rnn(cell, cell.linear.weight, cell.linear.weight)


def _rnn(cell: Concat | Sum, from_input: Tensor, from_state: Tensor) -> nn.RNN:
    layer = nn.RNN(cell.input_size, cell.hidden_size)
    bias = cell.linear.bias
    return _filled(layer, from_input, from_state, bias, torch.zeros_like(bias))


def _from_elman(cell: Elman) -> nn.RNN:
    layer = nn.RNN(cell.input_size, cell.hidden_size, nonlinearity=cell.nonlinearity)
    return _same(layer, cell)


def _from_gru_concat(cell: GRUConcat) -> nn.GRU:
    # nn.GRU's z is 1 - u, and σ(-a) = 1 - σ(a).
    layer = nn.GRU(cell.input_size, cell.hidden_size)
    gates = ((cell.reset, 1), (cell.update, -1), (cell.candidate, 1))
    weight = torch.cat([sign * gate.weight for gate, sign in gates])
    bias = torch.cat([sign * gate.bias for gate, sign in gates])
    size = cell.input_size
    return _filled(layer, weight[:, :size], weight[:, size:], bias, torch.zeros_like(bias))


def _same(layer: Any, cell: Cell) -> Any:
    layer.load_state_dict(cell.state_dict())
    return layer


def _filled(layer: Any, *tensors: Tensor) -> Any:
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    layer.load_state_dict(dict(zip(names, tensors, strict=True)))
    return layer


_LAYERS: dict[type[nn.Module], Callable[[Any], nn.Module]] = {
    Concat: _from_joined,
    Sum: _from_sum,
    Elman: _from_elman,
    GRU: lambda cell: _same(nn.GRU(cell.input_size, cell.hidden_size), cell),
    GRUConcat: _from_gru_concat,
    LSTM: lambda cell: _same(nn.LSTM(cell.input_size, cell.hidden_size), cell),
}
