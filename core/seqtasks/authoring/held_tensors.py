"""The tensors that a model holds, by name, and comparisons of them."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from seqtasks.engine.record.fingerprint import (
    TooLargeError,
    attributes_of,
    compared,
    value,
)

__all__ = ["TOLERANCE", "attributes", "close", "held_tensors", "leaves", "listed", "name_in_cell"]
TOLERANCE = 1e-4
"""A share of the largest prediction: equal rows of a batch differ by rounding alone."""
MOST_NAMED = 3
"""The most names of one kind in a message."""


def held_tensors(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors in plain attributes of modules, also in lists and dictionaries."""
    known = {id(module) for module in model.modules()}
    registered = {id(tensor) for tensor in [*model.parameters(), *model.buffers()]}
    for path, module in model.named_modules():
        for name, held in attributes_of(module).items():
            for part in _contents(held):
                tensors: Iterable[Tensor] = (part,) if isinstance(part, Tensor) else ()
                if isinstance(part, nn.Module) and id(part) not in known:
                    tensors = part.parameters()
                for tensor in tensors:
                    if id(tensor) not in registered:
                        yield name_in_cell(f"{path}.{name}".lstrip(".")), tensor


def _contents(held: Any) -> list[Any]:
    if isinstance(held, dict):
        return list(cast("dict[Any, Any]", held).values())
    return list(cast("list[Any]", held)) if isinstance(held, list | tuple) else [held]


def leaves(total: Tensor) -> Iterator[Tensor]:
    """Yield the tensors at which the backward pass ends."""
    pending: list[Any] = [total.grad_fn]
    seen: set[Any] = set()
    while pending:
        node = pending.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        leaf = getattr(node, "variable", None)
        if isinstance(leaf, Tensor):
            yield leaf
        pending += [following for following, _ in node.next_functions]


def attributes(model: nn.Module) -> dict[str, Any]:
    """Return, by name, the tensors of the modules besides their parameters, for a comparison."""
    found: dict[str, Any] = {
        name_in_cell(name): value(held) for name, held in model.named_buffers()
    }
    for path, module in model.named_modules():
        for name, held in attributes_of(module).items():
            if not isinstance(held, nn.Module) and name != "_engines":
                with suppress(TooLargeError):
                    found[name_in_cell(f"{path}.{name}".lstrip("."))] = compared(held, value)
    return found


def name_in_cell(name: str) -> str:
    """Return the name of a tensor without the layer of its cell."""
    parts = name.split(".")
    return ".".join(parts[2:]) if parts[0] == "cells" and len(parts) > 2 else name


def close(one: Tensor, other: Tensor) -> bool:
    """Say whether two tensors differ by rounding alone, as a share of the largest number."""
    if one.shape != other.shape:
        return False
    pairs = (torch.view_as_real(t) if t.is_complex() else t for t in (one, other))
    a, b = (tensor.detach().to("cpu", torch.float64).numpy() for tensor in pairs)
    largest = np.abs(b[np.isfinite(b)]).max(initial=0.0)
    return bool(np.isclose(a, b, rtol=0, atol=TOLERANCE * largest, equal_nan=True).all())


def listed(names: Iterable[str]) -> str:
    """Return some names for a message; of many, the first few."""
    known = list(dict.fromkeys(names))
    more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
    return ", ".join(known[:MOST_NAMED]) + more
