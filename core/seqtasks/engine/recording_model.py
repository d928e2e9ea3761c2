"""A recording of a model: the leaves of its parameters, and modules applied to all steps alike."""

import copy
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from seqtasks.engine.graph import Graph
from seqtasks.engine.nodes import Columns, Node
from seqtasks.engine.phases import Phases
from seqtasks.engine.recording import Recorder
from seqtasks.engine.unsupported import UnsupportedError

__all__ = ["ModelRecording", "embedded_inputs", "mapped", "originals_of", "result_of", "twin_of"]

ModuleT = TypeVar("ModuleT", bound=nn.Module)


@dataclass
class ModelRecording:
    """What the recordings of a model's modules have in common.

    Attributes:
        graph: receives the nodes.
        phases: when they are computed.
        originals: id of a copy's tensor -> the tensor it copies.
        parameters: leaf -> the tensor it stands for.
        by_identity: id of such a tensor -> its leaf.
        dtype: of all numbers.
        generator: of the numbers that the model is tried on.
    """

    graph: Graph
    phases: Phases
    originals: dict[int, Tensor]
    parameters: dict[Node, Tensor] = field(default_factory=dict[Node, Tensor])
    by_identity: dict[int, Node] = field(default_factory=dict[int, Node])
    dtype: torch.dtype = torch.float32
    generator: torch.Generator = field(default_factory=lambda: torch.Generator().manual_seed(0))

    def numbers(self, *shape: int) -> Tensor:
        """Return numbers to try the model with, drawn from a stream of their own."""
        drawn = torch.randn(shape, dtype=self.dtype, generator=self.generator)
        return drawn.requires_grad_()

    def parameter(self, tensor: Tensor) -> Node | None:
        """Return the leaf of a parameter or buffer of the copied model."""
        original = self.originals.get(id(tensor))
        if original is None:
            return None
        leaf = self.by_identity.get(id(original))
        if leaf is None:
            key = (len(self.by_identity), original.requires_grad)
            shape = tuple(original.shape)
            leaf = self.graph.leaf("parameter", key, shape, Columns.ONE, Phases.weights)
            self.by_identity[id(original)] = leaf
            self.parameters[leaf] = original
        return leaf


def embedded_inputs(
    recording: ModelRecording,
    twin: nn.ModuleDict,
    rows: tuple[int, int],
    dtype: Any,
    input_size: int,
) -> tuple[Node, int]:
    """Record the embedding; return what the first cell gets, and how many symbols there are."""
    graph, phases = recording.graph, recording.phases
    module = dict(twin.items()).get("embedding")
    if isinstance(module, nn.Embedding):
        if (
            module.padding_idx is not None
            or module.max_norm is not None
            or module.scale_grad_by_freq
            or module.sparse
        ):
            raise UnsupportedError("its embedding is more than a table")
        table = recording.parameter(module.weight)
        assert table is not None
        return graph.make(
            "symbols",
            (table,),
            (module.embedding_dim,),
            columns=Columns.VOCABULARY,
            phase=Phases.vocabulary,
        ), module.num_embeddings
    inputs = graph.leaf("inputs", None, (input_size,), Columns.BATCH, phases.before(0))
    if module is None:
        return inputs, 0
    return mapped(recording, module, rows, dtype, [inputs]), 0


def mapped(
    recording: ModelRecording,
    module: nn.Module,
    rows: tuple[int, int],
    dtype: Any,
    nodes: list[Node],
) -> Node:
    """Record a module that is applied to every step alike."""
    recorder = Recorder(recording.graph, rows, dtype, recording.parameter)
    tensors = [recorder.track(recording.numbers(*rows, *node.shape), node) for node in nodes]
    with recorder:
        result = module(*tensors)
    recorder.finish()
    return result_of(recorder, result, "the readout or the embedding")


def result_of(recorder: Recorder, result: Any, what: str) -> Node:
    """Return the node of what a module returned, which must have a row for each of the batch."""
    if not isinstance(result, Tensor):
        raise UnsupportedError(f"{what} is not a tensor")
    if result.dtype != recorder.dtype:
        raise UnsupportedError(f"{what} is of type {result.dtype}")
    tracked = recorder.find(result)
    if not tracked.rows:
        raise UnsupportedError(f"{what} is not (batch, ...)")
    return tracked.node


def twin_of(model: ModuleT) -> ModuleT:
    """Return a copy to be tried on numbers of ours, which are in the processor's memory.

    Raises:
        UnsupportedError: if it cannot be copied.
    """
    try:
        return copy.deepcopy(model).to("cpu")
    except Exception as error:
        raise UnsupportedError(f"it cannot be copied: {error}") from error


def originals_of(model: nn.Module, twin: nn.Module) -> dict[int, Tensor]:
    """Return which tensor each tensor of a copy copies; integer buffers are left out."""
    pairs = [
        (copied, original)
        for get in ("named_parameters", "named_buffers")
        for (_, original), (_, copied) in zip(
            getattr(model, get)(remove_duplicate=False),
            getattr(twin, get)(remove_duplicate=False),
            strict=True,
        )
    ]
    return {id(copied): original for copied, original in pairs if original.is_floating_point()}
