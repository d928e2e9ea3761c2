"""Say whether one result of a module is computed from another of its results alone."""

from typing import Any

import torch
from torch import Tensor

from seqtasks.cells.any_module.arguments import given_to
from seqtasks.cells.any_module.calls import ABSENT, Calls
from seqtasks.cells.state_tree import joined, split

__all__ = ["is_made_from"]


def is_made_from(calls: Calls, state: Any, made: int, source: int) -> bool:
    """Say whether every way from x and the state to a result passes through another result.

    Args:
        calls: of a module that returns several tensors.
        state: the state that it is given.
        made: the index of the result.
        source: the index of the result that it may be made from.
    """
    tree, leaves = split(state)
    rows = next(leaf.shape[0] for leaf in leaves if isinstance(leaf, Tensor))
    with torch.enable_grad():
        x = calls.x(rows, 3).clone().requires_grad_()
        given = [
            leaf.clone().requires_grad_()
            if isinstance(leaf, Tensor) and leaf.is_floating_point()
            else leaf
            for leaf in leaves
        ]
        entered: Any = {"first": x, "second": x.t(), "rows": x[0]}[calls.batch]
        times = {one.name: calls.time(one, 3, rows) for one in calls.times}
        try:
            result = calls.module(*given_to(calls.entering, entered, joined(tree, given)), **times)
        except Exception:
            return False
    if result is ABSENT or result[made].grad_fn is None or result[source].grad_fn is None:
        return False
    own = {id(t) for t in [x, *given] if isinstance(t, Tensor)}
    end = result[source].grad_fn
    reached_source = False
    pending, seen = [result[made].grad_fn], set[Any]()
    while pending:
        node = pending.pop()
        if node is end:
            reached_source = True
            continue
        if node is None or node in seen:
            continue
        seen.add(node)
        if id(getattr(node, "variable", None)) in own:
            return False
        pending += [before for before, _ in node.next_functions]
    return reached_source
