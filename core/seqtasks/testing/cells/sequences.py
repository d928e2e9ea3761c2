"""Checks of whole sequences: sizes, portions of a sequence, a scan beside the steps."""

from typing import Any

import torch

from seqtasks.authoring.held_tensors import close
from seqtasks.cells.plain_loop import unroll
from seqtasks.errors import UsageError, explain
from seqtasks.testing.check import CheckFailedError, NotApplicable
from seqtasks.testing.modules.specimen import Specimen, parts, random_inputs, results

__all__ = ["goes_on_from_a_state", "scan_equals_the_steps", "works_at_any_size"]

SIZES = ((1, 1), (1, 5), (3, 1), (2, 7), (7, 3))
"""Input and hidden sizes."""
SHAPES = ((2, 1), (3, 2))
"""Rows and steps."""
PORTION = 2


def works_at_any_size(specimen: Specimen) -> str:
    """It works at the sizes 1 and at odd ones, for one step too, or refuses a size."""
    if specimen.is_made:
        raise NotApplicable("one object was given, and others cannot be made")
    refused: list[str] = []
    for sizes in SIZES:
        name = f"input size {sizes[0]} and hidden size {sizes[1]}"
        try:
            made = specimen.new(*sizes)
        except UsageError as error:
            cause = error.__cause__
            if cause is None or isinstance(cause, ValueError | AssertionError):
                refused.append(f"{sizes[0]}/{sizes[1]}")  # its author says so
                continue
            raise CheckFailedError(
                f"it cannot be made with {name}: {explain(cause)}; mend it, or refuse the size by "
                "a ValueError that says which sizes it takes"
            ) from error
        for rows, steps in SHAPES:
            where = f"with {name}, {rows} row(s) and {steps} step(s)"
            inputs = random_inputs(made, rows, steps)
            try:
                outputs, *state = results(made, inputs)
            except Exception as error:
                raise CheckFailedError(f"{where} it fails: {explain(error)}") from error
            if outputs.shape != (rows, steps, made.output_size):
                raise CheckFailedError(
                    f"{where} its outputs have the shape {tuple(outputs.shape)}, where (batch, "
                    f"time, output size) {(rows, steps, made.output_size)} is due"
                )
            if not outputs.isfinite().all():
                raise CheckFailedError(f"{where} its outputs are not finite")
            if any(len(part) != rows for part in state):
                raise CheckFailedError(f"{where} its state has another number of rows")
    tried = ", ".join(f"{one}/{other}" for one, other in SIZES)
    return f"refuses {', '.join(refused)} of {tried}" if refused else tried


def goes_on_from_a_state(specimen: Specimen) -> str:
    """A sequence that is run in two portions gives the same results as in one."""
    made: Any = specimen.new(dtype=torch.float64)
    (inputs,) = random_inputs(made)
    first, rest = inputs[:, :PORTION], inputs[:, PORTION:]
    with torch.no_grad():
        whole, final = unroll(made, inputs)
        before, between = unroll(made, first)
        try:
            state = made.continued(between, rest.shape[1])
        except UsageError as refusal:
            return f"it refuses to: {refusal}"
        after, end = unroll(made, rest, state, time=PORTION)
    if not close(torch.cat([before, after], 1), whole):
        raise CheckFailedError(
            f"cut after {PORTION} steps, a sequence of {inputs.shape[1]} gives other outputs: what "
            "a step needs must be in the state. If the state depends on the number of steps, "
            "define `continued`"
        )
    for one, other in zip(parts(end), parts(final), strict=True):
        if one.shape == other.shape and not close(one, other):
            raise CheckFailedError(f"cut after {PORTION} steps, a sequence ends in another state")
    return f"{PORTION} and {rest.shape[1]} steps"


def scan_equals_the_steps(specimen: Specimen) -> str:
    """Its `scan` returns the same as its steps, also for instances of different lengths."""
    made: Any = specimen.new()
    if not hasattr(made, "scan"):
        raise NotApplicable("it has no scan")
    (inputs,) = random_inputs(made)
    steps = inputs.shape[1]
    for lengths in (None, torch.tensor([steps, 1, steps - 2])):
        with torch.no_grad():
            expected, final = unroll(made, inputs, None, lengths)
            outputs, state = made.scan(inputs, None, lengths)
        of = "" if lengths is None else f" for lengths {lengths.tolist()}"
        if not close(outputs, expected):
            raise CheckFailedError(f"the outputs of scan are not those of forward{of}")
        if not all(map(close, parts(state), parts(final))):
            raise CheckFailedError(f"the final state of scan is not the one of forward{of}")
    return "equal and different lengths"
