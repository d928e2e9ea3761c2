"""Open a written program: compile its Python, and put its constants on the model's device."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.tensors.emit.source import Written
from seqtasks.engine.tensors.execute.buffer_pool import Pool
from seqtasks.engine.tensors.execute.program_functions import functions
from seqtasks.engine.tensors.plan.buffers import Buffer

__all__ = ["Opened", "open_program"]


@dataclass(frozen=True)
class Opened:
    """A program in memory: its functions, and what it is given at each call.

    Attributes:
        source: the Python source.
        buffers: the buffers of the forward pass, and further ones of the backward pass.
        constants: numbers and indexes by name, on the model's device.
        functions: by name.
        pool: the idle workspaces.
    """

    source: str
    buffers: tuple[list[Buffer], list[Buffer]]
    constants: dict[str, Tensor]
    functions: dict[str, Any]
    pool: Pool


def open_program(written: Written, model: ModelGraph, device: torch.device) -> Opened:
    """Compile a program.

    Args:
        written: the program's text.
        model: the model as a graph.
        device: the device of its parameters.
    """
    constants = {
        name: torch.from_numpy(value).to(device, model.dtype if value.dtype.kind == "f" else None)
        if isinstance(value, np.ndarray)
        else torch.tensor(value, dtype=model.dtype, device=device)
        for name, value in written.constants.items()
    }
    defined = functions(model.vocabulary)
    exec(compile(written.source, "<tensor program>", "exec"), defined)
    pool = Pool(max(math.prod(part.shape) for part in model.parts))
    return Opened(written.source, (written.forward, written.backward), constants, defined, pool)
