"""Checks of what a cell does between training steps."""

from seqtasks.cells.step_calls import has_method
from seqtasks.errors import UsageError
from seqtasks.testing.check import CheckFailedError, NotApplicable
from seqtasks.testing.modules.specimen import Specimen
from seqtasks.training.between_steps import Annealing, Constraints

__all__ = ["anneals_its_buffers", "constrains_its_own_parameters"]

STEPS = 10


def constrains_its_own_parameters(specimen: Specimen) -> None:
    """`constrain` changes its own parameters in place, and nothing else."""
    constraints = Constraints(specimen.new())
    if not constraints:
        raise NotApplicable("it has no constrain")
    try:
        constraints.apply()
    except UsageError as error:
        raise CheckFailedError(str(error)) from error


def anneals_its_buffers(specimen: Specimen) -> str:
    """`anneal` returns numbers for the same buffers at each step, and the same ones again."""
    made = specimen.new()
    if not has_method(made, "anneal"):
        raise NotApplicable("it has no anneal")
    try:
        annealing = Annealing(made, STEPS)
        first, again = annealing.values(0, STEPS), annealing.values(0, STEPS)
    except UsageError as error:
        raise CheckFailedError(str(error)) from error
    if (first != again).any():
        raise CheckFailedError(
            "anneal returns other numbers for the same step at a second call: compute them from "
            "step and steps alone, so that a resumed run goes on exactly"
        )
    return f"{first.shape[1]} buffers"
