"""From a model to a program: every pass of the compiler has a line on this page, in its order."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from seqtasks.engine.contract.passes import Passes
from seqtasks.engine.derive.backward import derive_model
from seqtasks.engine.derive.reach import steps_until_used
from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.node import Columns, Node
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.graph.verify import verify_model
from seqtasks.engine.record.batch_layout import Form
from seqtasks.engine.record.parts_in_order import CallKind, parts_of
from seqtasks.engine.record.reads import Reads
from seqtasks.engine.record.refusals import check_modules
from seqtasks.engine.record.subject import Parts
from seqtasks.engine.record.twice import record_twice

if TYPE_CHECKING:  # the engines are imported when a program is made
    from seqtasks.engine.tensors.emit.source import Written

__all__ = ["compile_native", "compile_torch", "make_model_graph", "torch_source"]


def make_model_graph(
    embedding: nn.Module | None,
    cells: Sequence[Any],
    readout: nn.Module | None,
    dtype: torch.dtype,
    *,
    steps: int,
    input_size: int = 0,
    masked: bool = False,
    external_states: bool = False,
    form: Form | None = None,
    reads: Reads | None = None,
) -> ModelGraph:
    """Record a model and derive its backward pass.

    Args:
        embedding: `nn.Embedding` for ids, another module for real vectors, None for the identity.
        cells: the layers.
        readout: maps embedded inputs and the last layer's outputs to predictions; None returns the
            outputs.
        dtype: the type of all values.
        steps: the number of steps for which initial states are made.
        input_size: features of real inputs.
        masked: whether each row will have its own length.
        external_states: whether the states at every step may receive gradients from outside.
        form: the form of the given states, if it differs from the form of the initial states.
        reads: of these modules; None to find them.

    Raises:
        UnsupportedError: if the faster engines do not support the model; the message says why.
    """
    kind = CallKind(dtype, steps, input_size, masked, external_states, form)
    modules = parts_of(embedding, cells, readout)
    check_modules(modules, dtype)  # record/   no hooks, parameters of one type
    model = record_twice(modules, kind, reads)  # record/   run it; calls become nodes
    verify_model(model)  # graph/
    derive_model(model)  # derive/   the backward pass, in the same graph
    return verify_model(model)


def compile_native(model: ModelGraph, parts: Parts, patient: bool) -> Passes:
    """Return a compiled program; if `patient`, also one that compiles slowly.

    Raises:
        CompilerError: if it cannot be compiled here, or if it would take long and need not be.
        UnsupportedError: if a parameter's elements are not contiguous in memory.
    """
    from seqtasks.engine.native.emit.source import write_program
    from seqtasks.engine.native.execute.c_program import Program
    from seqtasks.engine.native.execute.open_program import open_program
    from seqtasks.engine.native.plan.plan import make_plan

    plan = make_plan(model, _names_of(model, parts))  # native/plan/   what is kept, and where
    written = write_program(plan, parts.title)  # native/emit/   C, as text
    opened = open_program(written, model.dtype.itemsize, patient)  # native/execute/   compile it
    of_loss = [model.cotangent, *([] if model.penalty is None else [model.penalty])]
    return Program(model, written, opened, steps_until_used(model, of_loss))


def compile_torch(model: ModelGraph, device: torch.device) -> Passes:
    """Return a program of torch calls.

    Raises:
        UnsupportedError: if an initial state depends on random numbers.
    """
    if any(part.initial.columns == Columns.BATCH for part in model.parts):
        raise UnsupportedError("its initial state draws random numbers")
    from seqtasks.engine.tensors.execute.open_program import Opened, open_program
    from seqtasks.engine.tensors.execute.torch_program import TensorProgram

    def opened(external: bool) -> Opened:
        written = torch_source(model, external)
        return open_program(written, model, device)  # tensors/execute/   compile it

    return TensorProgram(model, device, opened, {False: opened(False)})


def torch_source(model: ModelGraph, external: bool) -> "Written":
    """Return a program of torch calls as text.

    Args:
        model: the model as a graph.
        external: whether the states of every step have gradients from outside.
    """
    from seqtasks.engine.tensors.emit.source import write_program
    from seqtasks.engine.tensors.plan.gradients import without_memory
    from seqtasks.engine.tensors.plan.place import plan_storage
    from seqtasks.engine.tensors.rewrite.sections import sections

    parted = sections(model, external)  # tensors/rewrite/   fewer and larger operations
    storage = plan_storage(parted, without_memory(parted))  # tensors/plan/   what lies where
    return write_program(parted, storage)  # tensors/emit/   Python, as text


def _names_of(model: ModelGraph, parts: Parts) -> dict[Node, str]:
    """Return the name of each parameter's leaf, for a program that works on its memory."""
    by_identity = parts.names()
    names = {
        leaf: by_identity.get(id(tensor), f"computed_{leaf.value[0]}")
        for leaf, tensor in model.parameters.items()
    }
    for leaf, tensor in model.parameters.items():
        if not tensor.is_contiguous() and not model.computed:  # else each call reads copies
            raise UnsupportedError(f"the elements of {names[leaf]} are not contiguous")
    return names
