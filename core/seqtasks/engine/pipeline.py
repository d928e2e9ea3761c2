"""From a model to its graph, pass by pass; `backends` goes on from there to a program."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from seqtasks.engine.derive.model_backward import derive_model
from seqtasks.engine.graph.model_graph import Analysis
from seqtasks.engine.graph.verify import verify_model
from seqtasks.engine.record.batch_layout import Form
from seqtasks.engine.record.parts_in_order import CallKind, parts_of
from seqtasks.engine.record.reads import Reads
from seqtasks.engine.record.refusals import check_modules
from seqtasks.engine.record.twice import record_twice

__all__ = ["analyse"]


def analyse(
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
) -> Analysis:
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
    model = parts_of(embedding, cells, readout)
    check_modules(model, dtype)  # record/   no hooks, parameters of one type
    analysis = record_twice(model, kind, reads)  # record/   run it; calls become nodes
    verify_model(analysis)
    derive_model(analysis)  # derive/   the backward pass, in the same graph
    return verify_model(analysis)
