"""Assign buffers to values, and let values share a buffer.

A value that is used once may be stored where its user's result will be: the first term of a sum,
the input of an activation, the parts of a concatenation. The planner therefore places users before
the values they use. It never overwrites a value of the forward pass that the backward pass reads.
"""

import numpy as np

from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.operations import ALIASES, BUFFERS, COMPARISONS, LEAVES, POINTWISE, SUMS
from seqtasks.engine.tensors.plan.buffers import (
    LASTING,
    Slot,
    Storage,
    Term,
)
from seqtasks.engine.tensors.plan.terms import contraction_of, terms_of
from seqtasks.engine.tensors.rewrite.fuse import source_of
from seqtasks.engine.tensors.rewrite.sections import (
    Sections,
    is_alias,
    is_flat_view,
)

__all__ = ["plan_storage"]

_IN_PLACE = {*POINTWISE, "interpolate"}
_WITHOUT_PLACE = {*LEAVES, *ALIASES, "view"}


def plan_storage(parted: Sections, direct: set[Node]) -> Storage:
    """Decide where values are stored.

    Args:
        parted: the model.
        direct: sums over steps that are computed directly into gradients.
    """
    planner = _Planner(parted, Storage(direct=direct))
    planner.place_leaves()
    for node in reversed(parted.nodes):
        planner.place(node)
    return planner.storage


class _Planner:
    def __init__(self, parted: Sections, storage: Storage) -> None:
        self.parted, self.storage = parted, storage
        self.backs: dict[Node, tuple[int, int]] = {}
        self.within: dict[Node, list[tuple[Node, int]]] = {}
        inputs = parted.roots.inputs
        self.whole = None if inputs is None else source_of(inputs)[0]

    def place_leaves(self) -> None:
        storage, parted = self.storage, self.parted
        parts = [
            (layer, k, part)
            for layer, loop in enumerate(parted.model.loops)
            for k, part in enumerate(loop.parts)
        ]
        roots, used = parted.roots, set(parted.nodes)
        for (layer, k, part), following, before in zip(
            parts, roots.following, roots.before, strict=True
        ):
            states = storage.buffer(f"state_{layer}_{k}", "states", part.previous.size)
            storage.slots[part.previous] = Slot(states)
            storage.slots[part.carried] = Slot(states, later=1)
            if parted.model.masked and part.carried in used:
                held = storage.buffer(f"held_{layer}_{k}", "steps", part.previous.size)
                storage.slots[part.carried] = Slot(held)
            storage.slots[following] = Slot(states, later=1)
            carry = storage.buffer(f"carried_back_{layer}_{k}", "carry", part.previous.size)
            storage.slots[part.back] = Slot(carry, later=1)
            storage.slots[before] = Slot(carry)
            self.backs[part.back] = (layer, k)
        for node in parted.nodes:
            if node.operation in BUFFERS:
                name = node.operation
                if isinstance(node.value, tuple):
                    name += "_{}_{}".format(*node.value)
                kind = "one" if node.operation == "initial_back" else "steps"
                truth = node.operation == "running"
                storage.slots[node] = Slot(storage.buffer(name, kind, node.size, truth))

    def place(self, node: Node) -> None:
        """Place a node whose users are placed, and the values that may share its place."""
        storage, parted = self.storage, self.parted
        known = node in storage.inside or node in storage.direct
        if known or node.operation in LEAVES or is_alias(node):
            return
        if node.operation == "symbols_back":
            return
        if node.operation in SUMS or (node.operation == "linear" and node.columns != Columns.ONE):
            storage.sums[node] = terms_of(parted, storage, node)
            self._merge(node)
        contraction = contraction_of(parted, storage, node)
        if contraction is not None:
            storage.contractions[node] = contraction
        place = self._goes_within(node)
        if place is not None:
            self.within.setdefault(place[0], []).append((node, place[1]))
            return
        if node not in storage.slots:
            name = f"{node.operation}_{node.number}"
            truth, zero = self.is_truth(node), node.operation == "view"
            kind = self._kind(node)
            storage.slots[node] = Slot(storage.buffer(name, kind, node.size, truth, zero))
        slot = storage.slots[node]
        for part, first in self.within.pop(node, ()):
            storage.slots[part] = Slot(slot.buffer, slot.first + first, slot.later)
        self._share(node)

    def is_truth(self, node: Node) -> bool:
        if node.operation not in COMPARISONS:
            return False
        return all(self._only_conditions(node, user) for user in self.parted.users[node])

    def _only_conditions(self, node: Node, user: Node) -> bool:
        if user.operation == "view" and is_flat_view(user):
            return all(self._only_conditions(user, n) for n in self.parted.users[user])
        return user.operation == "where" and node is user.inputs[0] and node not in user.inputs[1:]

    # ---- sums

    def _merge(self, node: Node) -> None:
        """Let a gradient that is carried back be added directly to its sum."""
        parted, storage = self.parted, self.storage
        if node.operation == "arriving" or node in storage.slots or not parted.in_loop(node):
            return
        terms = storage.sums[node]
        for term in terms:
            back = term.nodes[0]
            plus = term.operation == "value" and term.sign == 1
            if plus and back in self.backs and len(parted.users[back]) == 1:
                terms.remove(term)
                storage.slots[node] = storage.slots[back]
                storage.started.add(node)
                storage.merged[self.backs[back]] = node
                early = self._early(node)
                if early is not None:
                    terms.remove(early)
                    storage.preloaded.add(self.backs[back])
                    if self._can_share(node, early.nodes[0]):
                        storage.slots[early.nodes[0]] = storage.slots[node]
                    else:
                        storage.fills[node] = early.nodes[0]
                return

    def _takes_back(self, node: Node) -> bool:
        """Say whether a value is a sum to which a carried gradient can be added directly."""
        if node.operation != "add" or not self.parted.in_loop(node):
            return False
        used = self.parted.users
        return any(
            len(used[n]) == 1 and (n in self.backs or self._takes_back(n)) for n in node.inputs
        )

    def _early(self, node: Node) -> Term | None:
        """Return a term that is known before its sum's loop."""
        parted = self.parted
        for term in self.storage.sums[node]:
            plus = term.operation == "value" and term.sign == 1
            if plus and parted.section[term.nodes[0]] < parted.section[node]:
                return term
        return None

    # ---- sharing

    def _share(self, node: Node) -> None:
        storage = self.storage
        slot = storage.slots[node]
        if node in storage.sums:
            if node in storage.started or node.operation == "arriving":
                return
            for term in storage.sums[node]:
                plus = term.operation == "value" and term.sign == 1
                if plus and self._can_share(node, term.nodes[0]):
                    storage.slots[term.nodes[0]] = slot
                    storage.sums[node].remove(term)
                    storage.started.add(node)
                    return
        elif node.operation in _IN_PLACE and node.operation not in COMPARISONS:
            for operand in node.inputs:
                source = self._whole(operand)
                if source is not None and self._can_share(node, source):
                    storage.slots[source] = slot
                    return
        elif node.operation == "concatenate":
            first = slot.first
            for part in node.inputs:
                source = self._whole(part)
                if source is not None and self._can_share(node, source):
                    storage.slots[source] = Slot(slot.buffer, first, slot.later)
                first += part.size

    def _whole(self, operand: Node) -> Node | None:
        """Return the value that an operand reads whole and in order, or None."""
        if operand.operation != "view":
            return operand
        source = operand.inputs[0]
        assert operand.index is not None
        if source.size == operand.size and np.array_equal(operand.index, np.arange(source.size)):
            return source if self.parted.only_here(operand) else None
        return None

    def _can_share(self, node: Node, source: Node) -> bool:
        """Say whether a value may be stored in the place of its only user."""
        parted, storage = self.parted, self.storage
        if source.operation in _WITHOUT_PLACE:
            return False
        if source in storage.slots or source in storage.inside or not parted.only_here(source):
            return False
        if self._takes_back(source):
            return False
        if source.columns != node.columns or self.is_truth(source):
            return False
        if node.operation != "concatenate" and source.size != node.size:
            return False
        if source in parted.forward and node not in parted.forward:
            return False
        if parted.section[source] == parted.section[node]:
            return True
        if node.operation == "concatenate":
            return False
        slot = storage.slots.get(node)
        return slot is None or slot.buffer.kind in LASTING

    # ---- kinds

    def _kind(self, node: Node) -> str:
        parted = self.parted
        if node.columns == Columns.ONE:
            return "one"
        if node.columns == Columns.VOCABULARY:
            return "vocabulary"
        lasting = "steps" if node in parted.forward or node is self.whole else "stretch"
        if not parted.in_loop(node):
            return lasting
        section = parted.section[node]
        values = [node, *(part for part, _ in self.within.get(node, ()))]
        readers = [user for value in values for user in parted.readers(value)]
        if any(parted.section[user] != section for user in readers):
            return lasting
        return lasting if self._has_early(node) else "scratch"

    def _goes_within(self, node: Node) -> tuple[Node, int] | None:
        """Return the value that an activation may partly overwrite, and the position."""
        parted, storage = self.parted, self.storage
        if node.operation not in _IN_PLACE or len(node.inputs) != 1 or node in storage.slots:
            return None
        (operand,) = node.inputs
        if operand.operation != "view" or not parted.only_here(operand):
            return None
        source, index = operand.inputs[0], operand.index
        assert index is not None
        alike = parted.section[source] == parted.section[node] and source.columns == node.columns
        if not alike or source.operation in LEAVES or is_alias(source):
            return None
        if source in storage.slots or source in parted.wanted or self._whole(operand) is not None:
            return None
        if (source in parted.forward) != (node in parted.forward):
            return None
        if not np.array_equal(index, index[0] + np.arange(node.size)):
            return None
        for other in parted.users[source]:
            if other is operand:
                continue
            if other.index is None or np.isin(index, other.index).any():
                return None
        return source, int(index[0])

    def _has_early(self, node: Node) -> bool:
        """Say whether a value computed before the loop may be stored in a value's place."""
        parted, storage = self.parted, self.storage
        if node in storage.sums:
            early = self._early(node)
            return early is not None and self._can_share(node, early.nodes[0])
        if node.operation in _IN_PLACE:
            sources = [self._whole(operand) for operand in node.inputs]
            return any(
                s is not None
                and s.operation not in LEAVES
                and parted.section[s] < parted.section[node]
                and self._can_share(node, s)
                for s in sources
            )
        return False
