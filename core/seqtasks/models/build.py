"""Build a model from specs and sizes, with initial weights from a stream of its own."""

import inspect
from contextlib import nullcontext
from typing import Any

import torch
from torch import nn

from seqtasks.cells import Cell, Readout
from seqtasks.errors import NotMadeError, UsageError, one_line
from seqtasks.models.initialization import begin_as_haiku
from seqtasks.models.model import Model
from seqtasks.models.module_cells import as_cell, cell_of_module
from seqtasks.randomness.torch_streams import torch_stream
from seqtasks.registry.find import find
from seqtasks.registry.fitting_classes import fits, is_any_module, wanted
from seqtasks.specs.bind import filled_by_caller, parameters_of
from seqtasks.tasks import Task, Tokens
from seqtasks.tasks.settings import EmbeddingKind, InitializationName

__all__ = ["build_model", "cell", "readout"]

CELL_SIZES = ("input_size", "hidden_size")
READOUT_SIZES = ("input_size", "state_size", "output_size")


def cell(spec: str | type[nn.Module], input_size: int, hidden_size: int) -> Cell:
    """Return a new cell, initialised from torch's global random state like any module.

    Args:
        spec: a spec string such as `gru` or `./mine.py:MyCell`, a subclass of Cell, or any class of
            torch modules that are called as `module(x, state)`.
        input_size: the features of its input.
        hidden_size: the features of its state.

    Raises:
        UsageError: for an unknown name or parameter, or if the cell cannot be made.

    Example:
        >>> import seqtasks as st
        >>> st.cell("lstm", 3, 4)
        LSTM(input_size=3, hidden_size=4)
    """
    sizes = (input_size, hidden_size)
    if isinstance(spec, str):
        found = find("cell", spec, Cell, CELL_SIZES)
        if found.sizes is not None:
            return cell_of_module(found.target, spec, *sizes, found.sizes, found.parameters)
    elif is_any_module(spec, "cell"):
        return cell_of_module(spec, spec.__name__, *sizes)
    return _make("cell", spec, Cell, CELL_SIZES, sizes)


def readout(
    spec: str | type[Readout], input_size: int, state_size: int, output_size: int
) -> Readout:
    """Return a new readout; see `cell`."""
    return _make("readout", spec, Readout, READOUT_SIZES, (input_size, state_size, output_size))


def build_model(
    task: Task,
    cell_spec: str | type[nn.Module],
    readout_spec: str | type[Readout],
    hidden_size: int,
    embedding_size: int | None = None,
    layers: int = 1,
    seed: int | None = 0,
    embedding: EmbeddingKind = "learned",
    initialization: InitializationName = "torch",
) -> Model:
    """Return a model for a task, float32, initialised from the seed's own stream.

    The caller's random state is untouched; without a seed (None), torch's global generator draws.
    If `embedding_size` is None, it is the hidden size, or
    the number of symbols for the embedding `one-hot`.

    Raises:
        UsageError: for a cell or readout that cannot be made, an embedding that does not fit, or
            a cell whose initialization by Haiku is not known.
    """
    draws = nullcontext() if seed is None else torch_stream(seed, "initialisation").drawing()
    with draws:
        if embedding == "one-hot":
            embedding_size = _one_hot_size(task, embedding_size)
        elif embedding_size is None:
            embedding_size = hidden_size
        embedded = _embedding(task, embedding, embedding_size)
        cells: list[Cell] = []
        features = embedding_size
        for _ in range(layers):
            cells.append(cell(cell_spec, features, hidden_size))
            features = cells[-1].output_size
        predicted_by = readout(readout_spec, embedding_size, features, task.targets.size)
        model = Model(embedded, cells, predicted_by)
        if initialization == "haiku":
            begin_as_haiku(model)
        return model


def _embedding(task: Task, kind: EmbeddingKind, size: int) -> nn.Module:
    """Return a new embedding of a task's inputs."""
    if kind == "one-hot":
        return nn.Embedding.from_pretrained(torch.eye(size))
    if isinstance(task.inputs, Tokens):
        return nn.Embedding(task.input_size, size)
    return nn.Linear(task.inputs.size, size)


def _one_hot_size(task: Task, asked_for: int | None) -> int:
    """Return the size of a one-hot embedding."""
    if not isinstance(task.inputs, Tokens):
        raise UsageError(
            f"the inputs of {task.known_as} are real numbers, which cannot be one-hot; "
            "choose the embedding 'learned'"
        )
    if asked_for not in (None, task.input_size):
        raise UsageError(
            f"the embedding 'one-hot' of {task.known_as} has {task.input_size} numbers, one for "
            f"each symbol; leave out the embedding size, got {asked_for}"
        )
    return task.input_size


def _make(kind: Any, spec: Any, base: type, given: tuple[str, ...], sizes: tuple[int, ...]) -> Any:
    if isinstance(spec, str):
        found = find(kind, spec, base, given)
        target, parameters, name = found.target, found.parameters, spec
    else:
        target, parameters, name = spec, {}, getattr(spec, "__name__", repr(spec))
        if not callable(spec):
            raise UsageError(f"a {kind} is a spec string or a class, got {spec!r}")
    if inspect.isclass(target) and not fits(target, base, kind):  # before anything is called
        raise UsageError(f"{kind} {name} is not {wanted(base, kind)}")
    taken = [p.name for p in parameters_of(target)]
    if inspect.isclass(target) and tuple(taken[: len(given)]) != filled_by_caller(target, given):
        raise UsageError(
            f"{kind} {name} must take {', '.join(given)} first; its __init__ takes "
            f"{', '.join(taken) or 'nothing'}"
        )
    try:
        made = target(*sizes, **parameters)
    except UsageError:
        raise
    except Exception as error:
        raise NotMadeError(f"{kind} {name} cannot be made: {one_line(error)}") from error
    if kind == "cell" and isinstance(made, nn.Module) and not isinstance(made, base):
        return as_cell(made, target, name, *sizes)
    if not isinstance(made, base):
        raise UsageError(f"{kind} {name} is not {wanted(base, kind)}")
    missing = [size for size in given if not hasattr(made, size)]
    if missing:
        raise UsageError(
            f"{kind} {name} has no {', '.join(missing)}: call super().__init__({', '.join(given)})"
        )
    return made
