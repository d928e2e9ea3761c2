"""Find the rectangle of a parameter's gradient that each value is written to."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from seqtasks.engine.graph.index import Box, boxes
from seqtasks.engine.graph.node import Columns, Index, Node
from seqtasks.engine.graph.operations import WEIGHT_GRADIENTS
from seqtasks.engine.tensors.rewrite.fuse import source_of
from seqtasks.engine.tensors.rewrite.sections import Sections

__all__ = ["Assembly", "Write", "assemblies", "without_memory"]


@dataclass
class Write:
    """One rectangle of a gradient.

    Attributes:
        source: the value that is written.
        box: where it goes, and from which positions of the source; None copies all of the source to
            all of the gradient.
        add: whether to add to an earlier value.
    """

    source: Node
    box: Box | None
    add: bool


@dataclass
class Assembly:
    """A gradient: its rectangles, in order, and whether it must be zeroed first."""

    writes: list[Write]
    zero: bool


def without_memory(parted: Sections) -> set[Node]:
    """Return values without memory: direct sums over steps, and views written in place."""
    roots = parted.roots
    uses: dict[Node, int] = {}
    elsewhere: set[Node] = set(roots.all()) - {
        n for nodes in roots.parameters.values() for n in nodes
    }
    contributions = {n for nodes in roots.parameters.values() for n in nodes}
    found: set[Node] = set()
    for nodes in roots.parameters.values():
        for node in nodes:
            source, index = source_of(node)
            uses[source] = uses.get(source, 0) + 1
            if not _is_direct(node, source, index):
                elsewhere.add(source)
            alone = node is not source and not parted.users[node] and node not in elsewhere
            if alone and boxes(index, node.shape) is not None:
                found.add(node)
    for source, count in uses.items():
        only = all(
            user in contributions and user.operation == "view" for user in parted.users[source]
        )
        if source.operation in WEIGHT_GRADIENTS and source not in elsewhere and count == 1 and only:
            found.add(source)
    return found


def _is_direct(node: Node, source: Node, index: Index) -> bool:
    if source.operation not in WEIGHT_GRADIENTS:
        return False
    if source.operation == "sum_of_columns" and source.shape[1:]:
        return False  # it is summed row by row, as it is stored
    if node is source:
        return True
    if source.operation == "outer" and len(node.shape) != 2:
        return False
    if source.operation == "sum_of_columns" and len(node.shape) != 1:
        return False
    found = boxes(index, node.shape)
    strides = (source.shape[-1], 1) if source.operation == "outer" else (1,)
    width = source.shape[-1] if source.shape else 1
    return found is not None and all(
        box.source is None or (_has_strides(box, strides) and _is_in_rows(box, width))
        for box in found
    )


def _has_strides(box: Box, strides: tuple[int, ...]) -> bool:
    assert box.source is not None
    pairs = zip(box.sizes, box.source.strides, strides, strict=True)
    return all(size == 1 or own == wanted for size, own, wanted in pairs)


def _is_in_rows(box: Box, width: int) -> bool:
    """Say whether no line of a box goes on in the next row of its source."""
    assert box.source is not None
    return box.source.first % width + box.sizes[-1] <= width


def assemblies(parted: Sections, direct: set[Node]) -> dict[Node, Assembly]:
    """Return how each parameter's gradient is assembled; sums over all steps come first."""

    def comes_late(node: Node) -> bool:
        source = source_of(node)[0]
        return source not in direct or source.inputs[0].columns != Columns.BATCH

    return {
        leaf: _assembly(leaf, sorted(nodes, key=comes_late))
        for leaf, nodes in parted.roots.parameters.items()
    }


def _assembly(leaf: Node, nodes: list[Node]) -> Assembly:
    written = np.zeros(leaf.shape, dtype=bool)
    assembly = Assembly([], False)
    for node in nodes:
        found = None
        if node.operation == "view":
            assert node.index is not None
            found = boxes(node.index, node.shape)
        if found is None:
            _write(assembly, written, node, None)
            continue
        for box in found:
            if box.source is not None:
                _write(assembly, written, node.inputs[0], box)
    assembly.zero |= not written.all()
    return assembly


def _write(assembly: Assembly, written: Any, source: Node, box: Box | None) -> None:
    if box is None:
        where: tuple[slice, ...] = tuple(slice(None) for _ in written.shape)
    else:
        where = tuple(slice(s, s + n) for s, n in zip(box.starts, box.sizes, strict=True))
    before = written[where]
    assembly.zero |= bool(before.any() and not before.all())
    assembly.writes.append(Write(source, box, bool(before.any())))
    written[where] = True
