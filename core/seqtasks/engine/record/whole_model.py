"""Record a model: the leaves of its parameters, and modules applied to all steps alike."""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard, TypeVar

import torch
from torch import Tensor, nn

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.phases import Phases
from seqtasks.engine.graph.reached import Reached, Source
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.autograd_leaves import leaves_of
from seqtasks.engine.record.computed import Computed, Read, WeightCall
from seqtasks.engine.record.draws import RecordedDraws
from seqtasks.engine.record.one_row import row_of
from seqtasks.engine.record.provenance import Provenance
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.weights_alone import WeightsAlone
from seqtasks.randomness.counted_draws import Part
from seqtasks.randomness.draw_axes import Axes

__all__ = [
    "ModelRecording",
    "altered",
    "embedded_inputs",
    "given_of",
    "mapped",
    "originals_of",
    "result_of",
    "twin_of",
]

ModuleT = TypeVar("ModuleT", bound=nn.Module)


@dataclass
class ModelRecording:
    """The state shared by the recordings of a model's modules.

    Attributes:
        graph: receives the nodes.
        phases: when the nodes are computed.
        originals: id of a copy's tensor -> the tensor it copies.
        parameters: leaf -> the tensor it stands for.
        by_identity: id of such a tensor -> its leaf.
        dtype: the type of all values.
        generator: draws the values on which the model is tried.
        provenance: knows which tensors are computed from parameters, inputs and states.
        reached: what the gradient of each result reaches.
        computed: leaf -> how torch computes it from parameters alone.
        one_row: whether steps are recorded on a single row; see `one_row`.
        tries_rows: whether to check then that the rows of a batch do not depend on each other.
        ends: (autograd's node, number of its result) -> leaf, where a program's gradient ends and
            torch's autograd goes on.
    """

    graph: Graph
    phases: Phases
    originals: dict[int, Tensor]
    parameters: dict[Node, Tensor] = field(default_factory=dict[Node, Tensor])
    by_identity: dict[int, Node] = field(default_factory=dict[int, Node])
    dtype: torch.dtype = torch.float32
    generator: torch.Generator = field(default_factory=lambda: torch.Generator().manual_seed(0))
    provenance: Provenance = field(default_factory=Provenance)
    reached: Reached = field(default_factory=Reached)
    computed: dict[Node, Computed] = field(default_factory=dict[Node, Computed])
    one_row: bool = False
    tries_rows: bool = False
    ends: dict[tuple[Any, int], Node] = field(default_factory=dict[tuple[Any, int], Node])

    def recorder(self, rows: tuple[int, ...]) -> Recorder:
        """Return a recorder for a module."""
        alone = WeightsAlone(lambda tensor: self.originals.get(id(tensor)))
        seen = self.parameter, self.provenance, alone, self.computed_leaf
        return Recorder(self.graph, rows, self.dtype, *seen)

    def let_draw(
        self, recorder: Recorder, part: Part, layer: int = 0, axes: Sequence[Axes] = ()
    ) -> None:
        """Let a recorder record the draws of a part of the model; see `RecordedDraws`."""
        phase = self.phases.before(0)
        recorder.draws = RecordedDraws(recorder, part, layer, phase, self.generator, axes)

    def numbers(self, *shape: int) -> Tensor:
        """Return values on which to try the model, drawn from a separate stream."""
        drawn = torch.randn(shape, dtype=self.dtype, generator=self.generator)
        return drawn.requires_grad_()

    def whole_numbers(self, bound: int, shape: tuple[int, ...]) -> Tensor:
        """Return whole numbers from 0 to below a bound, from the same stream."""
        return torch.randint(bound, shape, generator=self.generator)

    def note_reached(
        self, result: Source, tensor: Tensor, given: Sequence[tuple[Tensor, Source]]
    ) -> None:
        """Note which parameters and given values the gradient of a result reaches."""
        sources = {id(value): source for value, source in given}
        found: set[Source] = set()
        ended, computed = leaves_of(tensor, self.provenance.cut, self.ends)
        found.update(computed)
        for reached in ended:
            source = sources.get(id(reached)) or self.parameter(reached)
            if source is not None:
                found.add(source)
        self.reached[result] = self.reached.get(result, set()) | found

    def parameter(self, tensor: Tensor) -> Node | None:
        """Return the leaf of a parameter or buffer of the copied model."""
        original = self.originals.get(id(tensor))
        if original is None or original.is_complex():
            return None
        leaf = self.by_identity.get(id(original))
        if leaf is None and not _is_plain(original):  # a program reads a copy that torch makes
            made = Tensor.contiguous if original.layout == torch.strided else Tensor.to_dense
            copied = WeightCall.of(made, (Read(original),), {}, 0)
            leaf = self.by_identity[id(original)] = self.computed_leaf(
                tensor, Computed(copied, None)
            )
        if leaf is None:
            key = (len(self.parameters), original.requires_grad)
            shape = tuple(original.shape)
            leaf = self.graph.leaf("parameter", key, shape, Columns.ONE, Phases.weights)
            self.by_identity[id(original)] = leaf
            self.parameters[leaf] = original
        return leaf

    def computed_leaf(self, tensor: Tensor, computed: Computed) -> Node:
        """Return the leaf of a tensor that torch computes from parameters alone."""
        known = (leaf for leaf, other in self.computed.items() if other.digest == computed.digest)
        leaf = next(known, None)
        if leaf is None:
            key, shape = (len(self.parameters), tensor.requires_grad), tuple(tensor.shape)
            leaf = self.graph.leaf("parameter", key, shape, Columns.ONE, Phases.weights)
            device = next((one.device for one in self.originals.values()), tensor.device)
            self.parameters[leaf] = torch.empty(shape, dtype=self.dtype, device=device)
            self.computed[leaf] = computed
        if tensor.grad_fn is not None:
            self.ends[tensor.grad_fn, tensor.output_nr] = leaf
        return leaf


def _is_plain(tensor: Tensor) -> bool:
    return tensor.layout == torch.strided and tensor.is_contiguous()


def embedded_inputs(
    recording: ModelRecording,
    twin: nn.ModuleDict,
    rows: tuple[int, int],
    dtype: Any,
    input_size: int,
) -> tuple[Node, int]:
    """Record the embedding; return the first cell's input and the number of symbols."""
    graph, phases = recording.graph, recording.phases
    module = dict(twin.items()).get("embedding")
    if _is_table(module):
        if (
            module.padding_idx is not None
            or module.max_norm is not None
            or module.scale_grad_by_freq
            or module.sparse
        ):
            raise UnsupportedError("its embedding is more than a table")
        table = recording.parameter(module.weight)
        if table is None:
            raise UnsupportedError("its embedding's weight is not one of its parameters")
        if table.value[1]:
            recording.reached["embedded", 0, 0] = {table}
        return graph.make(
            "symbols",
            (table,),
            table.shape[1:],
            columns=Columns.VOCABULARY,
            phase=Phases.vocabulary,
        ), table.shape[0]
    if module is not None and not input_size:
        raise UnsupportedError(
            f"its embedding, a {type(module).__name__}, is not torch.nn.Embedding itself"
        )
    inputs = graph.leaf("inputs", None, (input_size,), Columns.BATCH, phases.before(0))
    if module is None:
        recording.reached["embedded", 0, 0] = {("real inputs", 0, 0)}
        return inputs, 0
    given: list[tuple[Node, Source]] = [(inputs, ("real inputs", 0, 0))]
    return mapped(recording, module, rows, dtype, given, ("embedded", 0, 0)), 0


_LOOKUP = nn.Embedding.forward


def _is_table(module: nn.Module | None) -> TypeGuard[nn.Embedding]:
    """Say whether a module only looks ids up; a subclass may do anything."""
    own = type(module) is nn.Embedding and "forward" not in vars(module)
    return own and nn.Embedding.forward is _LOOKUP


def mapped(
    recording: ModelRecording,
    module: nn.Module,
    rows: tuple[int, int],
    dtype: Any,
    given: list[tuple[Node, Source]],
    made: tuple[str, int, int],
) -> Node:
    """Record a module that is applied to every step alike.

    Args:
        recording: of the model.
        module: of the copy.
        rows: (batch, time).
        dtype: the type of all values.
        given: what the module is called with, and what each of these is.
        made: what the result is.
    """
    recorder = recording.recorder(rows)
    tensors = [recorder.given(recording.numbers(*rows, *node.shape), node) for node, _ in given]
    recording.let_draw(recorder, "embedding" if made[0] == "embedded" else "readout")
    with recorder:
        result = module(*tensors)
    recorder.finish()
    node = result_of(recorder, result, "the readout or the embedding")
    sources = [source for _, source in given]
    recording.note_reached(made, result, list(zip(tensors, sources, strict=True)))
    return node


def result_of(recorder: Recorder, result: Any, what: str, kind: torch.dtype | None = None) -> Node:
    """Return the node of a module's result, which must have a row for each batch row.

    Args:
        recorder: that saw the call.
        result: what the module returned.
        what: what that is, for messages.
        kind: its type, if not the recording's own.
    """
    if not isinstance(result, Tensor):
        raise UnsupportedError(f"{what} is not a tensor")
    if result.dtype != (kind or recorder.dtype):
        raise UnsupportedError(f"{what} is of type {result.dtype}")
    if result.is_complex():
        from seqtasks.engine.record.complex.calls import pair_of

        with recorder:
            pair = pair_of(recorder, result)
            result = torch.stack([pair.real, pair.imag], -1)
    tracked = recorder.find(result)
    if not recorder.rows:
        return row_of(recorder, result, tracked.node)
    if not tracked.rows:
        raise UnsupportedError(f"{what} is not (batch, ...)")
    return tracked.node


def twin_of(model: ModuleT) -> tuple[ModuleT, list[tuple[Tensor, Tensor]]]:
    """Return a copy in the processor's memory, to be tried on other values.

    Tensors that share memory share it in the copy too.

    Returns:
        The copy, and pairs of (tensor of the copy, tensor it copies).

    Raises:
        UnsupportedError: if it cannot be copied.
    """
    memo: dict[int, Any] = {}
    try:
        for module in model.modules():  # scripts cannot be copied, and have no state
            scripts = [v for v in vars(module).values() if isinstance(v, torch.jit.ScriptFunction)]
            memo.update({id(script): script for script in scripts})
        for parameter in model.parameters():
            if type(parameter) is nn.Parameter:  # its own copying would separate it from its views
                copied = copy.deepcopy(parameter.detach(), memo)
                memo[id(parameter)] = nn.Parameter(copied, parameter.requires_grad)
        twin = copy.deepcopy(model, memo).to("cpu")
    except Exception as error:
        raise UnsupportedError(f"it cannot be copied: {error}") from error
    alive = [held for held in memo.get(id(memo), ()) if isinstance(held, Tensor)]
    return twin, [(memo[id(held)], held) for held in alive if id(held) in memo]


def given_of(twin: nn.Module) -> list[Tensor]:
    """Return the copy's parameters and buffers that a program reads."""
    tensors = [*twin.parameters(), *twin.buffers()]
    held = [tensor for tensor in tensors if tensor.layout == torch.strided]
    return [tensor for tensor in held if tensor.is_floating_point() or tensor.is_complex()]


def altered(tensors: Iterable[Tensor], generator: torch.Generator) -> None:
    """Write other values, of both signs and any size, into the memory of floating-point tensors.

    Everything computed from them in any way then changes, except by rare chance.
    """
    storages = {tensor.untyped_storage().data_ptr(): tensor for tensor in tensors}
    for tensor in storages.values():
        whole = torch.empty(0, dtype=tensor.dtype).set_(tensor.untyped_storage())
        sizes = (3 * torch.randn(whole.shape, dtype=whole.dtype, generator=generator)).exp()
        signs = torch.randint(0, 2, whole.shape, generator=generator) * 2 - 1
        whole.copy_(sizes * signs)


def originals_of(model: nn.Module, twin: nn.Module) -> dict[int, Tensor]:
    """Return, for each tensor of a copy, the tensor it copies, without integer buffers."""
    pairs = [
        (copied, original)
        for get in ("named_parameters", "named_buffers")
        for (_, original), (_, copied) in zip(
            getattr(model, get)(remove_duplicate=False),
            getattr(twin, get)(remove_duplicate=False),
            strict=True,
        )
    ]
    return {
        id(copied): original
        for copied, original in pairs
        if original.is_floating_point() or original.is_complex()
    }
