"""Checks of predictions: their shape, and rows and steps that do not see each other."""

from typing import Any

import torch
from torch import Tensor

from seqtasks.authoring.held_tensors import close
from seqtasks.errors import UsageError, explain
from seqtasks.testing.check import CheckFailedError, NotApplicable
from seqtasks.testing.modules.specimen import Specimen, numbers, random_inputs, results

__all__ = [
    "changes_no_input",
    "predictions_have_their_shape",
    "rows_and_steps_are_independent",
    "works_at_any_size",
]

SIZES = ((1, 1, 1), (1, 5, 2), (5, 1, 3), (7, 3, 1))
"""Input, state and output sizes."""
SHAPES = ((1, 1), (1, 4), (4, 1), (4, 4), (2, 3))
"""Rows and steps."""


def predictions_have_their_shape(specimen: Specimen) -> str:
    """It returns a tensor (batch, time, output size)."""
    _check_shape(specimen.new(), 3, 5, "")
    return f"(batch, time, {specimen.new().output_size})"


def changes_no_input(specimen: Specimen) -> None:
    """It leaves the inputs that it is given as they are."""
    made = specimen.new()
    inputs = random_inputs(made)
    before = [one.clone() for one in inputs]
    versions = [one._version for one in inputs]
    with torch.no_grad():
        results(made, inputs)
    for name, one, then, version in zip(("x", "output"), inputs, before, versions, strict=True):
        if one._version != version or not torch.equal(one, then):
            raise CheckFailedError(
                f"it changes {name} in place, which others still need: make a new tensor instead "
                f"(`{name} = {name} + ...`, not `{name} += ...`)"
            )


def rows_and_steps_are_independent(specimen: Specimen) -> str:
    """The prediction of a row at a step depends on the input and the output there alone."""
    for training in (False, True):
        made = specimen.new().train(training)
        for sizes in ((4, 6), (4, 4)):
            inputs = random_inputs(made, *sizes)
            whole = _predictions(made, inputs)
            for axis, name in ((0, "row"), (1, "step")):
                changed = tuple(_all_but_one_changed(one, axis) for one in inputs)
                found = _predictions(made, changed)
                if not close(found.select(axis, 1), whole.select(axis, 1)):
                    mode = "in training " if training else ""
                    raise CheckFailedError(
                        f"{mode}its prediction for a {name} changes with the other {name}s of the "
                        "batch: all steps are given at once, (batch, time, features), so work "
                        "along the last axis alone"
                    )
    return ""


def works_at_any_size(specimen: Specimen) -> str:
    """It works at the sizes 1 and at odd ones, for one row and one step, or refuses a size."""
    if specimen.is_made:
        raise NotApplicable("one object was given, and others cannot be made")
    refused: list[str] = []
    for sizes in SIZES:
        name = "/".join(map(str, sizes))
        try:
            made = specimen.new(*sizes)
        except UsageError as error:
            cause = error.__cause__
            if cause is None or isinstance(cause, ValueError | AssertionError):
                refused.append(name)  # its author says so
                continue
            raise CheckFailedError(
                f"it cannot be made with the sizes {name}: {explain(cause)}"
            ) from error
        for rows, steps in SHAPES:
            _check_shape(made, rows, steps, f"with the sizes {name} ")
    tried = ", ".join("/".join(map(str, sizes)) for sizes in SIZES)
    return f"refuses {', '.join(refused)} of {tried}" if refused else tried


def _check_shape(made: Any, rows: int, steps: int, where: str) -> None:
    try:
        with torch.no_grad():
            (found,) = results(made, random_inputs(made, rows, steps))
    except Exception as error:
        raise CheckFailedError(
            f"{where}it fails for {rows} row(s) of {steps} step(s): {explain(error)}"
        ) from error
    wanted = (rows, steps, made.output_size)
    if not isinstance(found, Tensor) or found.shape != wanted:
        kind = f"the shape {tuple(found.shape)}" if isinstance(found, Tensor) else type(found)
        raise CheckFailedError(
            f"{where}it returns {kind}, where (batch, time, output size) {wanted} is due"
        )


def _predictions(made: Any, inputs: tuple[Tensor, ...]) -> Tensor:
    with torch.no_grad():
        return results(made, inputs)[0]


def _all_but_one_changed(tensor: Tensor, axis: int) -> Tensor:
    """Return a tensor in which all places of an axis but the place 1 hold other numbers."""
    changed = numbers(tensor.shape, tensor.dtype, 9)
    changed.select(axis, 1).copy_(tensor.select(axis, 1))
    return changed
