"""Gradients of parameters where padding would spoil them: each row fills a vector of its own."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.contract.passes import Passes
from seqtasks.engine.native.plan.plan import MOST_LANES

__all__ = ["gradients_by_row"]


def gradients_by_row(
    program: Passes,
    inputs: Tensor,
    lengths: Tensor | None,
    given: Sequence[Tensor] | None,
    predictions_back: Tensor,
    finals_back: Sequence[Tensor | None],
    histories_back: Sequence[Tensor] | None,
) -> list[Tensor | None]:
    """Return the gradients of the parameters where some are infinite, or no numbers.

    A vector that the batch does not fill is padded with copies of a row, whose gradient is zero.
    Zero times infinity is no number, where the row alone has an infinite gradient. So each row
    fills a vector of its own here, and its gradient is shared out among the copies.
    """
    total: list[Tensor | None] = [None] * len(program.tensors())
    at_once = max(1, len(inputs) // MOST_LANES)
    for rows in torch.arange(len(inputs)).split(at_once):
        rows = rows.repeat_interleave(MOST_LANES)

        def taken(values: Sequence[Tensor | None] | None, share: float, rows: Tensor = rows) -> Any:
            if values is None:
                return None
            return [None if value is None else value[rows] * share for value in values]

        if program.draws is not None:
            program = program.drawing(program.draws, rows + program.draws.row)
        some = inputs[rows]
        of_rows = None if lengths is None else lengths[rows]
        memory = program.memory(*some.shape[:2])
        program.forward(some, of_rows, taken(given, 1), memory, histories_back is not None)
        found, _, _ = program.backward(
            some,
            of_rows,
            taken(given, 1),
            memory,
            predictions_back[rows] / MOST_LANES,
            taken(finals_back, 1 / MOST_LANES),
            taken(histories_back, 1 / MOST_LANES),
            of_inputs=False,
        )
        for k, gradient in enumerate(found):
            if gradient is not None:
                so_far = total[k]
                total[k] = gradient + (0.0 if so_far is None else so_far)
    return total
