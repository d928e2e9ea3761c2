"""Copy a module with parts that torch refuses to copy, or copies otherwise than others."""

import copy
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

__all__ = ["copied_module"]

AnyModule = TypeVar("AnyModule", bound=nn.Module)


def copied_module(module: AnyModule, memo: dict[int, Any]) -> AnyModule:
    """Return a deep copy of a module, whose parameters are parameters.

    The old `torch.nn.utils.weight_norm` keeps what it last computed, a tensor with a history, which
    torch refuses to copy: the copy gets its numbers. In the copy of a module that `torch.jit`
    compiled, torch has clones with a history in the place of parameters: here they are parameters.

    Args:
        module: the module.
        memo: what is copied already, by id.
    """
    for part in module.modules():
        for held in vars(part).values():
            if isinstance(held, Tensor) and held.grad_fn is not None:
                memo.setdefault(id(held), held.detach().clone())
    made: AnyModule = copy._reconstruct(module, memo, *module.__reduce_ex__(4))  # pyright: ignore
    for part, copied in zip(module.modules(), made.modules(), strict=True):
        if isinstance(part, torch.jit.ScriptModule):
            for name, parameter in part.named_parameters(recurse=False, remove_duplicate=False):
                if id(parameter) not in memo:
                    numbers = parameter.detach().clone()
                    memo[id(parameter)] = nn.Parameter(numbers, parameter.requires_grad)
                copied._c.setattr(name, memo[id(parameter)])  # pyright: ignore
    return made
