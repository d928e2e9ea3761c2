"""torch's own recurrent modules, as cells for comparison."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqtasks.cells import Cell

__all__ = ["NNGRU", "NNGRUCell"]


class NNGRUCell(Cell):
    """`torch.nn.GRUCell` as one step of the loop.

    Source: torch.nn.GRUCell.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.cell = nn.GRUCell(input_size, hidden_size)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the next state, (batch, hidden size)."""
        return self.cell(x, state)


class NNGRU(Cell):
    """`torch.nn.GRU`, which runs over the whole sequence at once.

    Source: torch.nn.GRU.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.layer = nn.GRU(input_size, hidden_size, batch_first=True)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the next state, (batch, hidden size)."""
        return self.layer(x[:, None], state[None])[1][0]

    def scan(
        self, inputs: Tensor, state: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the same as `unroll` with `forward`: outputs (batch, time, hidden size), state."""
        start = None if state is None else state[None].contiguous()
        if lengths is None:
            outputs, final = self.layer(inputs, start)
            return outputs, final[0]
        stays = lengths == 0
        packed = pack_padded_sequence(
            inputs, lengths.clamp(min=1).cpu(), batch_first=True, enforce_sorted=False
        )
        outputs, final = self.layer(packed, start)
        padded, _ = pad_packed_sequence(outputs, batch_first=True, total_length=inputs.shape[1])
        before = torch.zeros_like(final[0]) if state is None else state
        return padded.masked_fill(stays[:, None, None], 0), torch.where(
            stays[:, None], before, final[0]
        )
