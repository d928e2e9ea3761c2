"""Checks of what is learnt: parameters, and the gradients that reach them."""

from torch.nn.parameter import UninitializedParameter

from seqtasks.authoring.held_tensors import listed
from seqtasks.authoring.model_mistakes import DETACHED, STEPS
from seqtasks.authoring.step_mistakes import is_detached
from seqtasks.authoring.untrained import plain_tensors, untrained_by
from seqtasks.testing.check import CheckFailedError
from seqtasks.testing.modules.specimen import Specimen
from seqtasks.testing.modules.trial import batches, model_of

__all__ = [
    "gradients_reach_the_parameters",
    "gradients_reach_the_state",
    "makes_parameters_in_init",
    "tensors_are_registered",
]


def tensors_are_registered(specimen: Specimen) -> None:
    """Each tensor and module that it holds is a parameter, a buffer or a submodule."""
    wrong = plain_tensors(model_of(specimen), batches()[0])
    if wrong:
        raise CheckFailedError(wrong)


def makes_parameters_in_init(specimen: Specimen) -> str:
    """All that is trained is made in `__init__`, and none of it in `forward`."""
    made = specimen.new()
    lazy = [name for name, p in made.named_parameters() if isinstance(p, UninitializedParameter)]
    if lazy:
        raise CheckFailedError(
            f"its parameters {listed(lazy)} have no size before the first step, as in a lazy "
            "module of torch: make them in __init__, which knows all sizes"
        )
    found = untrained_by(model_of(specimen), batches()[0])
    wrong = found.describe_made_late() or found.describe_strangers()
    if wrong:
        raise CheckFailedError(wrong)
    trained = [p for p in made.parameters() if p.requires_grad]
    return f"{sum(p.numel() for p in trained)} trained numbers in {len(trained)} parameters"


def gradients_reach_the_parameters(specimen: Specimen) -> None:
    """A gradient reaches each parameter; a cell's goes back to its input too."""
    found = untrained_by(model_of(specimen), batches()[0])
    wrong = found.describe_dead(f" in its first {STEPS} steps")
    if wrong:
        wrong = wrong.replace("embedding.weight", "embedding.weight (it gives the input)")
        raise CheckFailedError(f"{wrong}: is it unused, detached, or computed outside torch?")


def gradients_reach_the_state(specimen: Specimen) -> None:
    """A gradient goes back to the state before a step."""
    if is_detached(specimen.new()):
        raise CheckFailedError(f"{DETACHED}: remove detach(), .data or torch.no_grad()")
