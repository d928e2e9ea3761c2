"""Print the files of seqtasks in the order in which a run first calls a function of each.

`python journeys.py command FOLDER` follows `seqtasks run bitflip --cell concat`;
`python journeys.py forward` follows a model from the forward pass of its cell to its C program.
"""

import inspect
import json
import sys
from pathlib import Path

import torch
from torch import nn

import seqtasks
import seqtasks_bits

ROOTS = Path(seqtasks.__file__).parent, Path(seqtasks_bits.__file__).parents[1]


def followed(journey):
    """Return the files whose functions a call reaches; what classes and imports do is left out."""
    found = {}

    def note(frame, event, _):
        code = frame.f_code
        if event == "call" and code.co_flags & inspect.CO_NEWLOCALS:
            found.setdefault(code.co_filename)

    sys.setprofile(note)
    try:
        journey()
    finally:
        sys.setprofile(None)
    return [
        str(Path(name).relative_to(root))
        for name in found
        for root in ROOTS
        if Path(name).is_relative_to(root)
    ]


def command(folder):
    from seqtasks.__main__ import main

    options = ["--cell", "concat", "--steps", "2", "--eval-length", "3", "--engine", "native"]
    sys.argv = ["seqtasks", "run", "bitflip", *options, "--out", folder, "--quiet"]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise


def forward():
    from seqtasks.engine.pipeline import compile_native, make_model_graph
    from seqtasks.engine.record.subject import Parts

    cell, readout = seqtasks.cell("elman", 4, 4), seqtasks.readout("state", 4, 4, 2)
    model = seqtasks.Model(nn.Embedding(3, 4), cell, readout)

    def journey():
        graph = make_model_graph(model.embedding, [cell], readout, torch.float32, steps=3)
        compile_native(graph, Parts(model), patient=False)

    return journey


if __name__ == "__main__":
    kind, *arguments = sys.argv[1:]
    made = forward() if kind == "forward" else lambda: command(*arguments)
    print(json.dumps(followed(made)))
