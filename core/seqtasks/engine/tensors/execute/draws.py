"""Fill the buffers of a model's draws before its forward pass."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from seqtasks.engine.graph.node import Node
from seqtasks.randomness.counted_draws import DrawKey, numbers_of
from seqtasks.randomness.philox import NOWHERE

__all__ = ["fill_draws"]


def fill_draws(
    draws: Sequence[Node], key: DrawKey, buffers: dict[str, Tensor], lengths: Tensor | None
) -> None:
    """Write the numbers of all steps into (time, batch, size) buffers.

    Args:
        draws: leaves of a graph.
        key: which numbers.
        buffers: by name; a draw that nothing reads has none.
        lengths: (batch,) the steps of each row, if rows end together; a row that waits draws what
            its first step does.
    """
    for node in draws:
        kind, number, by_row, by_time = node.value
        buffer = buffers.get(f"draw_{kind}_{number}")
        if buffer is None:
            continue
        time, batch, size = buffer.shape
        times = np.repeat(np.arange(time)[:, None], batch, 1)
        if lengths is not None:
            times = np.maximum(times - (time - lengths.cpu().numpy()), 0)
        rows = np.tile(np.arange(batch) + key.row, time)
        made = numbers_of(
            key.key,
            kind,
            number,
            rows if by_row else np.full_like(rows, NOWHERE),
            times.reshape(-1) + key.time if by_time else np.full_like(rows, NOWHERE),
            size,
            buffer.dtype,
        )
        buffer.copy_(torch.from_numpy(np.ascontiguousarray(made)).view(buffer.shape))
