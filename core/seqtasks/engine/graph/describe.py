"""Describe the graph of a model for a reader: its parts, and what each computes."""

from collections import Counter

from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.node import Columns, Node, Shape
from seqtasks.engine.graph.operations import OTHERS, POINTWISE
from seqtasks.engine.graph.walk import reached

__all__ = ["described"]


def described(model: ModelGraph) -> list[tuple[str, str]]:
    """Return the parts of a model's training step in order, with what each part computes.

    A part that computes nothing is left out.
    """
    phases = model.phases
    several = len(model.loops) > 1
    parts: list[tuple[str, int]] = [
        ("once a step", phases.weights),
        ("once a symbol", phases.vocabulary),
    ]
    for layer in range(len(model.loops)):
        which = f" {layer + 1}" if several else ""
        parts.append((f"before loop{which}", phases.before(layer)))
        parts.append((f"in loop{which}", phases.loop(layer)))
    parts.append(
        ("after the loops" if several else "after the loop", phases.before(len(model.loops)))
    )
    parts.append(("before going back", phases.backward))
    for layer in reversed(range(len(model.loops))):
        which = f" {layer + 1}" if several else ""
        parts.append((f"in loop{which} back", phases.backward_loop(layer)))
        parts.append((f"after loop{which} back", phases.backward_before(layer)))
    parts.append(("back, once a symbol", phases.backward_vocabulary))
    parts.append(("back, once a step", phases.backward_weights))
    found: dict[int, list[Node]] = {}
    for node in _needed(model):
        found.setdefault(node.phase, []).append(node)
    rows = [("by torch, once a call", _by_torch(model))]
    rows += [(name, _work(found.get(phase, []))) for name, phase in parts]
    rows.append(("after a training step", _constraints(model)))
    return [(name, text) for name, text in rows if text]


def _constraints(model: ModelGraph) -> str:
    """Say whether parameters change after a step of the optimiser, and whether torch does it."""
    if model.by_hand:
        return f"constrain, by torch, which makes the steps one by one: {model.by_hand}"
    return "constrain" if model.constrained else ""


def _by_torch(model: ModelGraph) -> str:
    """Return the functions of parameters alone whose results the program reads."""
    names = [getattr(how.call.function, "__name__", "") for how in model.computed.values()]
    counts = Counter(name.strip("_").removeprefix("linalg_") or "a function" for name in names)
    return ", ".join(f"{count} {name}" if count > 1 else name for name, count in counts.items())


def _needed(model: ModelGraph) -> set[Node]:
    roots = [model.predictions]
    for loop in model.loops:
        for part in loop.parts:
            roots += [part.following, *([part.before] if part.before else [])]
    roots += [n for nodes in model.gradients.of_parameters.values() for n in nodes]
    return reached(roots, lambda node: node.inputs)


def _work(nodes: list[Node]) -> str:
    """Return what nodes compute: products with their sizes first, then the rest by count."""
    counts: Counter[str] = Counter()
    for node in sorted(nodes, key=lambda n: n.number):
        if node.operation in POINTWISE:
            if node.columns != Columns.ONE:
                counts[node.operation.replace("_", " ")] += 1
            continue
        title = OTHERS[node.operation].title
        matrix = _matrix(node)
        if title:
            counts[title if matrix is None else f"{title} {matrix[0]}x{matrix[1]}"] += 1
    return ", ".join(f"{count} {name}" if count > 1 else name for name, count in counts.items())


def _matrix(node: Node) -> Shape | None:
    """Return the shape of the matrix that a product takes, or that an outer product makes."""
    if node.operation == "outer":
        return node.shape
    return node.inputs[0].shape if node.operation == "linear" else None
