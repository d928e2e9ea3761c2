"""Find what is never trained: parameters that no gradient reaches, and tensors that are none.

Each function runs a model that is a copy, and lets the model's own errors through.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seqtasks.authoring.held_tensors import held_tensors, leaves, listed, name_in_cell
from seqtasks.authoring.trial_copies import answers
from seqtasks.errors import counted
from seqtasks.models.calling import with_penalty
from seqtasks.randomness.torch_streams import torch_stream

__all__ = ["NOTHING_TRAINED", "NO_GRADIENT", "Untrained", "plain_tensors", "untrained_by"]

UNKNOWN_TENSORS = (
    "tensors that are neither parameters nor buffers, so they are not trained, saved or moved: use "
    "nn.Parameter, nn.ModuleList or register_buffer"
)
NO_GRADIENT = (
    "its predictions have no gradient, as if they were detached or computed outside torch: nothing "
    "can be trained"
)
NOTHING_TRAINED = "nothing is trained: no gradient reaches any of its parameters"


@dataclass(frozen=True)
class Untrained:
    """What one backward pass of a model does not train.

    Attributes:
        has_gradient: whether the predictions have a gradient.
        parameters: how many parameters there are to train.
        dead: the names of those that no gradient reaches.
        made_late: the names of parameters that were made while the model ran.
        strangers: how many tensors have a gradient and are no parameters.
    """

    has_gradient: bool
    parameters: int
    dead: tuple[str, ...] = ()
    made_late: tuple[str, ...] = ()
    strangers: int = 0

    def describe_made_late(self) -> str | None:
        """Return what is wrong with the parameters made while the model ran, or None."""
        if not self.made_late:
            return None
        names = _parameters(self.made_late)
        return f"it makes {names} while it runs, which are not trained: make them in __init__"

    def describe_strangers(self) -> str | None:
        """Return what is wrong with the tensors that are no parameters, or None."""
        if not self.strangers:
            return None
        what = counted(self.strangers, "tensor")
        return (
            f"it makes {what} with a gradient in its steps, or takes them from outside: they are "
            "no parameters of it, and never trained"
        )

    def describe_dead(self, when: str = "") -> str | None:
        """Return which parameters no gradient reaches, or None; `when` says in which steps."""
        if not self.has_gradient and self.parameters:
            return NO_GRADIENT
        if not self.dead:
            return None
        if len(self.dead) == self.parameters:
            return NOTHING_TRAINED
        return f"no gradient reaches its {_parameters(self.dead)}{when}"


def untrained_by(model: nn.Module, inputs: Tensor) -> Untrained:
    """Return what one backward pass of a model does not train."""
    model.train()
    at_first = dict(model.named_parameters())
    named = [(name, p) for name, p in at_first.items() if p.requires_grad]
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():  # a readout of zeros would hide the parts behind it
        for _, parameter in named:
            if parameter.is_floating_point():
                noise = torch.randn(parameter.shape, dtype=torch.float64, generator=generator)
                parameter.add_((0.01 * noise).to(parameter))
    with torch.enable_grad():
        with torch_stream(0, "trial").drawing():
            predictions, penalty = with_penalty(model, inputs)
        weights = torch.rand(predictions.shape, dtype=torch.float64, generator=generator)
        total = (predictions * (weights.to(predictions) + 0.5)).sum()
        total = total if penalty is None else total + penalty
    if not total.requires_grad:
        return Untrained(False, len(named))
    total.backward()
    late = [name_in_cell(name) for name, _ in model.named_parameters() if name not in at_first]
    known = {id(p) for p in model.parameters()}
    strangers = {id(leaf) for leaf in leaves(total)} - known
    strangers -= {id(held) for _, held in held_tensors(model)}  # `plain_tensors` names these
    dead = [name_in_cell(name) for name, p in named if p.grad is None or not p.grad.any()]
    return Untrained(True, len(named), tuple(dead), tuple(late), len(strangers))


def plain_tensors(model: nn.Module, inputs: Tensor) -> str | None:
    """Name the attributes that hold tensors or modules unknown to torch, or return None."""
    held = [(name, tensor) for name, tensor in held_tensors(model) if tensor.is_floating_point()]
    if held:  # tensors that a run leaves there are another matter
        with suppress(Exception), torch.no_grad():
            answers(model, inputs)
    after = {id(tensor) for _, tensor in held_tensors(model)}
    names = [name for name, tensor in held if id(tensor) in after]
    if not names:
        return None
    several = len(set(names)) > 1
    start = f"its attribute{'s' * several} {listed(names)} {'hold' if several else 'holds'}"
    return f"{start} {UNKNOWN_TENSORS}"


def _parameters(names: Sequence[str]) -> str:
    noun = "parameter" if len(set(names)) == 1 else "parameters"
    return f"{noun} {listed(names)}"
