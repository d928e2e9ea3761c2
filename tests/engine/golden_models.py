"""The models whose generated sources are kept, and the sources that the engines write.

Each model takes the writers through something of its own. The sizes are small and differ, so that
a size in a source can be told from another.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

import seqtasks as st
from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.native.emit.frame import RUNTIME
from seqtasks.engine.native.emit.frame import text as header_text
from seqtasks.engine.native.emit.source import write_program
from seqtasks.engine.native.plan.plan import make_plan
from seqtasks.engine.pipeline import make_model_graph
from seqtasks.engine.pipeline import torch_source as torch_program
from seqtasks.engine.record.subject import Parts

__all__ = ["GOLDEN", "WRITERS"]

SYMBOLS, EMBEDDED, STEPS, OUTPUTS = 3, 2, 4, 2


class Golden(NamedTuple):
    """A model whose sources are kept.

    Attributes:
        cells: the specs of its layers.
        readout: the spec of its readout.
        hidden: numbers in a state.
        symbols: how many the vocabulary has; 0 for inputs that are real vectors.
        masked: whether the rows of a batch have lengths of their own.
        external: whether the states of every step have gradients from outside.
        dtype: of all numbers.
    """

    cells: tuple[str, ...]
    readout: str = "state"
    hidden: int = 5
    symbols: int = SYMBOLS
    masked: bool = False
    external: bool = False
    dtype: torch.dtype = torch.float32


GOLDEN = {
    "elman": Golden(("elman",)),
    "gru": Golden(("gru",), symbols=0),  # inputs have gradients
    "lstm": Golden(("lstm",), masked=True),  # rows wait for their first step
    "stack-rnn": Golden(("stack-rnn:depth=3",), external=True, dtype=torch.float64),
    # Products so large that BLAS computes them, and states that are stored for a second layer.
    "two-layers": Golden(("concat", "gru-concat"), readout="concat", hidden=32),
}


def c_source(golden: Golden) -> str:
    """Return the C of a model; the header files that every program holds are named alone."""
    model_graph, names = _recorded(golden)
    source = write_program(make_plan(model_graph, names), "a golden model").source
    for name in ("vector.h", "angles.h", "products.h", *RUNTIME):
        source = source.replace(header_text(name), f'/* "{name}" stands here. */')
    return re.sub("Made by seqtasks [^ ]+ for", "Made by seqtasks for", source) + "\n"


def torch_source(golden: Golden) -> str:
    """Return the Python of a model, and after it the buffers and the constants it works on."""
    model_graph, _ = _recorded(golden)
    written = torch_program(model_graph, golden.external)
    lines = [
        f"# {which}: {buffer.kind} {buffer.name}, {buffer.size}"
        + ", truth values" * buffer.truth
        + ", zeros" * buffer.zero
        for which, buffers in (("forward", written.forward), ("backward", written.backward))
        for buffer in buffers
    ]
    lines += [f"# {name} = {_listed(value)}" for name, value in written.constants.items()]
    return "\n".join([written.source.rstrip("\n"), "", *lines, ""])


WRITERS: dict[str, Callable[[Golden], str]] = {".c": c_source, ".py": torch_source}


def _recorded(golden: Golden) -> tuple[ModelGraph, dict]:
    """Return the graph of a model, and the names of its parameters' leaves."""
    width = golden.hidden
    sizes = [EMBEDDED] + [width] * (len(golden.cells) - 1)
    cells = [st.cell(spec, size, width) for spec, size in zip(golden.cells, sizes, strict=True)]
    embedding = nn.Embedding(golden.symbols, EMBEDDED) if golden.symbols else nn.Linear(3, EMBEDDED)
    readout = st.readout(golden.readout, EMBEDDED, cells[-1].output_size, OUTPUTS)
    model = st.Model(embedding, cells, readout).to(golden.dtype)
    model_graph = make_model_graph(
        model.embedding,
        list(model.cells),
        model.readout,
        golden.dtype,
        steps=STEPS,
        input_size=0 if golden.symbols else 3,
        masked=golden.masked,
        external_states=golden.external,
    )
    by_identity = Parts(model).names()
    return model_graph, {leaf: by_identity[id(t)] for leaf, t in model_graph.parameters.items()}


def _listed(value: object) -> str:
    return str(value.tolist()) if isinstance(value, np.ndarray) else repr(value)
