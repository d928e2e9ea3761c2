"""Record the backward pass of a `torch.autograd.Function` that the model brings itself.

torch runs the function's forward pass without gradients, and the recorder sees its calls. What it
returns then has a `grad_fn`, which is the function's own context: with it, its backward pass is run
once on numbers that stand for the arriving gradients, and recorded too.

One program computes a value once for all steps that share it, where torch may call the backward
pass for each. This is the same if the backward pass is linear in what arrives. If it is not, as
where a gradient is clipped, each row of each step must have a gradient of its own.
"""

from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.own_gradients import are_linear, are_zero_at_zero, substituted
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.recorded_values import Tracked
from seqtasks.engine.record.recorder import Recorder

__all__ = ["record_output"]


def record_output(recorder: Recorder, tensor: Tensor, value: Tracked) -> Tracked:
    """Return the record of what a function of the model's own returned, with its own gradient.

    Args:
        recorder: in use.
        tensor: what the function returned; its `grad_fn` is the function's context.
        value: the record of the same numbers, as the forward pass computed them.

    Raises:
        UnsupportedError: naming the function, if its backward pass cannot be recorded.
    """
    context: Any = tensor.grad_fn
    graph = recorder.graph
    node = value.node.inputs[0] if value.node.operation == "stopped" else value.node
    if value.rows:
        node = graph.broadcast_columns(node)
    place = tensor.output_nr
    try:
        if tensor.dtype != recorder.dtype:
            raise UnsupportedError(f"it returns numbers of type {tensor.dtype}")
        if context not in recorder.own:
            recorder.own[context] = _Backward(recorder, context)
        backward = recorder.own[context]
        leaf = backward.leaf(recorder, place, node, value)
        own = graph.make("stopped", (node,), node.shape, value=("own gradient", len(graph.own)))
        graph.own[own] = backward.results
    except UnsupportedError as error:
        name = context._forward_cls.__name__
        reason = f"the backward pass of its autograd.Function {name} cannot be recorded: {error}"
        recorder.provenance.reason = reason
        raise UnsupportedError(reason) from None
    others = {n: graph.constant(0.0, n.shape) for n in backward.leaves if n is not leaf}

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        gradients = substituted(graph, backward.results, {**others, leaf: g})
        return list(zip(backward.sources, gradients, strict=True))

    graph.with_pullback(own, pullback)
    recorder.track(tensor, own, value.rows, value.axis)
    return Tracked(tensor, own, value.rows, value.axis)


class _Backward:
    """One recorded call of a backward pass.

    Attributes:
        leaves: a leaf for each arriving gradient.
        sources: what the function was called with and has a gradient.
        results: the gradient of each.
    """

    def __init__(self, recorder: Recorder, context: Any) -> None:
        arriving = [_arriving(recorder, k, about) for k, about in enumerate(_outputs_of(context))]
        self._arriving = [recorder.find_anywhere(tensor) for tensor in arriving]
        self.leaves = [a.node for a in self._arriving if a.node.operation == "arriving_gradient"]
        self.sources: list[Node] = []
        self.results: list[Node] = []
        for place, found in enumerate(_called(recorder, context, arriving)):
            edge = _edges(context)[place]
            if found is None:
                recorder.provenance.cut.add((context, edge))
                continue
            source = _source(recorder, *context.next_functions[edge])
            self.sources.append(source.node)
            self.results.append(_fitted(recorder, found, source))
        self._linear = are_linear(self.results, self.leaves)

    def leaf(self, recorder: Recorder, place: int, node: Node, value: Tracked) -> Node:
        """Return the leaf of an output's gradient, which must lie as the output does."""
        arriving = self._arriving[place]
        if (arriving.rows, arriving.axis) != (value.rows, value.axis):
            raise UnsupportedError("what it returns has a batch that is not the first axis")
        if not value.rows and any(n.columns != Columns.ONE for n in self.results):
            raise UnsupportedError("the gradient of weights depends on rows of the batch")
        if self._linear:
            return arriving.node
        if len(self.leaves) > 1:
            raise UnsupportedError("it is not linear in several gradients that arrive")
        if not value.rows:
            raise UnsupportedError("it is not linear in the gradient of weights")
        if not are_zero_at_zero(self.results, self.leaves):
            raise UnsupportedError("it returns a gradient where none arrives")
        return arriving.node


def _outputs_of(context: Any) -> list[Any]:
    """Return the shape and type of all that a function returned."""
    outputs = list(context._input_metadata)
    if len(outputs) > 1:
        cls = context._forward_cls
        codes = [getattr(f, "__code__", None) for f in (cls.forward, cls.setup_context)]
        if any("set_materialize_grads" in code.co_names for code in codes if code is not None):
            raise UnsupportedError("it wants to know which gradients arrive")
    return outputs


def _arriving(recorder: Recorder, place: int, about: Any) -> Tensor:
    """Return numbers that stand for the gradient of one output."""
    shape = tuple(about.shape)
    if about.dtype != recorder.dtype:  # torch passes zeros
        return torch.zeros(shape, dtype=about.dtype)
    count = len(recorder.rows)
    has_rows = shape[:count] == recorder.rows
    generator = torch.Generator().manual_seed(place)
    numbers = torch.randn(shape, dtype=about.dtype, generator=generator)
    within = shape[count:] if has_rows else shape
    columns = Columns.BATCH if has_rows else Columns.ONE
    leaf = recorder.graph.leaf("arriving_gradient", place, within, columns, 0)
    recorder.given(numbers, leaf)
    return recorder.track(numbers, leaf, has_rows)


def _called(recorder: Recorder, context: Any, arriving: list[Tensor]) -> list[Tracked | None]:
    """Run a backward pass; return the gradient of each argument that has one, or None."""
    provenance, before = recorder.provenance, recorder.deriving
    recorder.deriving = (*before, context)
    try:
        with provenance.pausing(False), provenance, torch.no_grad(), recorder.again():
            given = context.apply(*arriving)
    except UnsupportedError:
        raise
    except Exception as error:
        raise UnsupportedError(f"{type(error).__name__}: {error}") from error
    finally:
        recorder.deriving = before
    if provenance.reason is not None:  # it may have caught the exception
        raise UnsupportedError(provenance.reason)
    results = list(given) if isinstance(given, tuple) else [given]
    needed = context.needs_input_grad
    results += [None] * (len(needed) - len(results))
    chosen = [result for result, needs in zip(results, needed, strict=False) if needs]
    recorder.deriving = (*before, context)
    try:
        return [None if result is None else recorder.find_anywhere(result) for result in chosen]
    finally:
        recorder.deriving = before


def _edges(context: Any) -> list[int]:
    """Return the places, among the tensors a function was called with, that have a gradient."""
    return [k for k, (source, _) in enumerate(context.next_functions) if source is not None]


def _source(recorder: Recorder, function: Any, place: int) -> Tracked:
    """Return the record of the tensor from which an edge of torch's graph comes."""
    variable = getattr(function, "variable", None)
    if isinstance(variable, Tensor):
        return recorder.find_anywhere(variable)
    for tracked in recorder.known():
        if tracked.tensor.grad_fn is function and tracked.tensor.output_nr == place:
            return recorder.find_anywhere(tracked.tensor)
    raise UnsupportedError("it is called with a tensor that no recorded call made")


def _fitted(recorder: Recorder, found: Tracked, source: Tracked) -> Node:
    """Return a gradient in its argument's shape: summed over the axes that were broadcast."""
    graph, shape = recorder.graph, source.node.shape
    if found.tensor.shape == source.tensor.shape:
        if found.rows != source.rows and found.node.shape != shape:
            raise UnsupportedError("its rows mix: a gradient takes the rows for features")
        if found.rows and source.rows and found.axis != source.axis:
            raise UnsupportedError("its rows mix: a gradient has its rows elsewhere")
        return graph.broadcast(found.node, shape)
    if found.axis or source.axis or (source.rows and not found.rows):
        raise UnsupportedError("it returns a gradient of another shape than its argument's")
    wide = found.node.shape
    narrow = shape
    while len(narrow) > len(wide) and narrow[0] == 1:
        narrow = narrow[1:]
    extra = len(wide) - len(narrow)
    fits = extra >= 0 and all(n in (1, w) for n, w in zip(narrow, wide[extra:], strict=True))
    if not fits:
        raise UnsupportedError("it returns a gradient of another shape than its argument's")
    ones = [extra + k for k, n in enumerate(narrow) if n == 1 != wide[extra + k]]
    summed = [*range(extra), *ones]
    kept = [axis for axis in range(len(wide)) if axis not in summed]
    places = graph.places(found.node).transpose([*kept, *summed])
    total = graph.sum(graph.view(found.node, places, places.shape), len(kept))
    return graph.reshape(total, shape)
