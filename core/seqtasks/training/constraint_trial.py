"""Try what a program does to the parameters after a step, beside what the model itself does."""

import copy
import logging

import torch
from torch import nn

from seqtasks.engine.native.execute.c_program import Program
from seqtasks.models.model import Model
from seqtasks.training.between_steps import Constraints

__all__ = ["constraints_agree"]

logger = logging.getLogger("seqtasks")

TRIES, ROUNDINGS = 3, 64
"""How many copies with other numbers are tried; by how many roundings of a number's size a number
may differ."""


def constraints_agree(program: Program, model: Model) -> bool:
    """Say whether a program constrains the parameters of a model as the model does.

    If it does not, a warning says so, and torch makes the training steps.
    """
    if not program.model_graph.constrained:
        return True
    for number in range(TRIES):
        try:
            by_torch = _copied(model, number)
        except Exception:
            return False  # it cannot be copied
        by_program = copy.deepcopy(by_torch)
        Constraints(by_torch).apply()
        own = [*model.parameters(), *model.buffers()]
        others = [*by_program.parameters(), *by_program.buffers()]
        twins = dict(zip(map(id, own), others, strict=True))
        read = [twins[id(tensor)].detach() for tensor in program.tensors()]
        program.reading(read).constrain()
        if not _alike(by_torch, by_program):
            logger.warning(
                "the native engine constrains the parameters wrongly; torch makes the steps"
            )
            return False
    return True


def _copied(model: Model, number: int) -> Model:
    """Return a copy, whose parameters all differ from the model's but in the first one."""
    copied = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(number)
    with torch.no_grad():
        for tensor in copied.parameters() if number else ():
            if tensor.is_floating_point():
                drawn = torch.randn(tensor.shape, dtype=torch.float64, generator=generator)
                tensor.add_(drawn.to(tensor))
    return copied


def _alike(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(
        [*one.parameters(), *one.buffers()], [*other.parameters(), *other.buffers()], strict=True
    )
    return all(
        torch.allclose(a, b, *[ROUNDINGS * torch.finfo(a.dtype).eps] * 2, equal_nan=True)
        if a.is_floating_point()
        else torch.equal(a, b)
        for a, b in pairs
    )
