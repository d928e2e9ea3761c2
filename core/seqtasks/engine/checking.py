"""A new program is tried beside the plain loop before it is trusted."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from seqtasks.cells import State
from seqtasks.engine.batches import flattened, nested, without_padding
from seqtasks.engine.passes import Passes
from seqtasks.engine.unroll import brought_to
from seqtasks.errors import one_line

__all__ = ["PlainPass", "disagreement"]

PlainPass = Callable[
    [Tensor, Sequence[State | None], Tensor | None], tuple[Tensor, Sequence[State]]
]
"""From inputs, the states of all layers, and lengths to predictions and final states."""

ROWS, STEPS = 20, 16
"""More rows than the 16 columns that a program does together."""
MORE_ROWS = 100
"""By how many rows, at least, the batch is made larger to see whether their number matters."""
TOLERANCES = {torch.float32: 2e-3, torch.float64: 1e-8}
"""Of a tensor's largest number."""
CANCELLED = 1e-2
"""A gradient may be nothing but roundings of terms that cancel; to be told from them it must be
above this share of the tolerance, of the largest gradient."""
LEAST = 1e-6


def disagreement(
    program: Passes,
    plain: PlainPass,
    inputs: Tensor,
    states: Sequence[State | None],
    lengths: Tensor | None,
    cells: Sequence[Any],
) -> str | None:
    """Say what is wrong with a program; None if it does as the plain loop, gradients included.

    Args:
        program: the new program.
        plain: the plain loop.
        inputs: a batch, of which a few rows and steps are taken.
        states: of each layer, to start from.
        lengths: (batch,) or None.
        cells: one a layer.
    """
    steps = inputs.shape[1]
    all_inputs = inputs[:, :STEPS].detach().contiguous()
    all_given = flattened(program.analysis, states, len(inputs))
    if lengths is not None:
        lengths = lengths.to(torch.int64).clamp(max=STEPS)
        all_inputs = without_padding(all_inputs, lengths)
        lengths = lengths.clamp(min=1)  # an instance without steps is run for one

    def by_loop(rows: Tensor) -> Tensor:
        """Return the plain loop's predictions for some rows of the batch."""
        some = all_inputs[rows]
        if all_given is None:  # the plain loop's own would be those of fewer steps
            starts = [cell.initial_state(len(some), steps) for cell in cells]
            nest = [brought_to(program.analysis.dtype, some.device, start) for start in starts]
        else:
            nest = nested(program.analysis, [state[rows].detach() for state in all_given])
        return plain(some, nest, None if lengths is None else lengths[rows])[0]

    rows = torch.arange(len(inputs), device=inputs.device)
    tried = rows[:ROWS]
    few = all_inputs[tried]
    given = None if all_given is None else [state[tried].detach() for state in all_given]
    lengths_of_few = None if lengths is None else lengths[tried]
    tensors = [t for t in program.tensors() if t.requires_grad]
    with torch.enable_grad():
        expected = by_loop(tried)
        direction = torch.sin(torch.arange(expected.numel(), device=expected.device) + 1.0)
        direction = direction.view(expected.shape).to(expected.dtype)
        wanted = (
            torch.autograd.grad((expected * direction).sum(), tensors, allow_unused=True)
            if tensors and expected.requires_grad
            else [None] * len(tensors)
        )
    try:
        with torch.no_grad():
            memory = program.memory(*few.shape[:2])
            predictions, finals, _ = program.forward(few, lengths_of_few, given, memory)
            zeros = [torch.zeros_like(final) for final in finals]
            gradients, _, _ = program.backward(
                few, lengths_of_few, given, memory, direction.contiguous(), zeros, None
            )
    except Exception as error:
        return f"it failed: {one_line(error)}"
    found = [
        gradient
        for gradient, tensor in zip(gradients, program.tensors(), strict=True)
        if tensor.requires_grad
    ]
    tolerance = TOLERANCES[expected.dtype]
    largest = max((_scale(gradient) for gradient in wanted), default=0.0)
    least = CANCELLED * largest
    agree = _close(predictions, expected.detach(), tolerance, LEAST) and all(
        _close(one, other, tolerance, max(LEAST, least))
        for one, other in zip(found, wanted, strict=True)
    )
    if not agree:
        return "its results differ from those of the plain loop"
    # What a row comes to must not depend on how many there are: of one alone, and of more.
    with torch.no_grad():
        for others in (rows[:1], rows.repeat(1 + MORE_ROWS // len(rows))):
            found_there = by_loop(others)[: len(tried)]
            wanted_there = expected.detach()[: len(found_there)]
            if not _close(found_there, wanted_there, tolerance, LEAST):
                return "what it makes of an instance depends on how many there are"
    return None


def _scale(tensor: Tensor | None) -> float:
    if tensor is None or not tensor.numel() or not tensor.isfinite().all():
        return 0.0
    return float(tensor.abs().max())


def _close(found: Tensor | None, expected: Tensor | None, tolerance: float, least: float) -> bool:
    if expected is None or found is None:
        other = found if expected is None else expected
        return other is None or not bool(other.any())
    if not expected.isfinite().all():
        return True  # where numbers overflow, the order of a sum decides
    error = float((found - expected).abs().max()) if expected.numel() else 0.0
    return math.isfinite(error) and error <= tolerance * max(least, _scale(expected))
