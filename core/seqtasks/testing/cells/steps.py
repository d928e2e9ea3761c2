"""Checks of one step: the state before it, the state after it, and its output."""

from collections.abc import Callable

from seqtasks.authoring.step_mistakes import (
    changed_in_place,
    wrong_output,
    wrong_penalty,
    wrong_start,
    wrong_state,
)
from seqtasks.cells import Cell
from seqtasks.cells.step_calls import StepCalls
from seqtasks.errors import explain
from seqtasks.testing.check import CheckFailedError, NotApplicable
from seqtasks.testing.modules.specimen import Specimen, parts

__all__ = [
    "changes_nothing_in_place",
    "output_has_its_size",
    "penalty_is_a_number_for_each_row",
    "starts_with_a_state",
    "state_keeps_its_shape",
]


def starts_with_a_state(specimen: Specimen) -> str:
    """`initial_state` returns tensors with a row for each instance, of the parameters' type."""
    _refuse(wrong_start, specimen, "initial_state")
    state = specimen.new().initial_state(2, 4)
    return ", ".join(f"(batch, {', '.join(map(str, p.shape[1:]))})" for p in parts(state))


def state_keeps_its_shape(specimen: Specimen) -> None:
    """A step returns a state of the shape and the type of the one before it."""
    _refuse(wrong_state, specimen, "a step")


def output_has_its_size(specimen: Specimen) -> str:
    """`output` returns a tensor (batch, output size)."""
    _refuse(wrong_output, specimen, "output")
    return f"(batch, {specimen.new().output_size})"


def penalty_is_a_number_for_each_row(specimen: Specimen) -> str:
    """`penalty` returns a tensor (batch,), in the type of the parameters."""
    if not StepCalls(specimen.new()).has_penalty:
        raise NotApplicable("it has no penalty")
    _refuse(wrong_penalty, specimen, "penalty")
    return "(batch,)"


def changes_nothing_in_place(specimen: Specimen) -> None:
    """A step leaves the input and the state that it is given as they are."""
    _refuse(changed_in_place, specimen, "a step", "it ")


def _refuse(
    mistake_in: Callable[[Cell], str | None], specimen: Specimen, what: str, start: str = ""
) -> None:
    """Raise what is wrong with a step.

    Raises:
        CheckFailedError: if there is a mistake, or the cell fails.
    """
    try:
        wrong = mistake_in(specimen.new())
    except Exception as error:
        raise CheckFailedError(f"{what} fails: {explain(error)}") from error
    if wrong:
        raise CheckFailedError(start + wrong)
