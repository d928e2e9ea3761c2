"""How the weights of a model begin: as torch draws them, or as the library Haiku does."""

from collections.abc import Callable

import torch
from torch import nn

from seqtasks.cells.haiku import begin_linear
from seqtasks.errors import UsageError

__all__ = ["begin_as_haiku"]


def begin_as_haiku(model: nn.Module) -> None:
    """Draw the parameters of a model again, as Haiku begins the same layers.

    It knows linear layers, embeddings and modules with a method `begin_as_haiku`. This method draws
    the module's parameters, and may draw the parameters of its parts again. Parameters that are
    not trained stay as they are.

    Raises:
        UsageError: if a module has parameters of its own and is not known, which leaves the model
            unchanged.
    """
    draws: list[Callable[[], None]] = []
    for module in reversed([*model.modules()]):  # parts before the whole
        own = [one for one in module.parameters(recurse=False) if one.requires_grad]
        draw = getattr(module, "begin_as_haiku", None)
        if draw is not None:
            draws.append(draw)
        elif isinstance(module, nn.Linear) and own:
            draws.append(_linear(module))
        elif isinstance(module, nn.Embedding) and own:
            draws.append(_embedding(module))
        elif own:
            name = type(module).__name__
            raise UsageError(
                f"the initialization 'haiku' does not know how the parameters of {name} begin: "
                f"give {name} a method begin_as_haiku, or choose the initialization 'torch'"
            )
    with torch.no_grad():
        for draw in draws:
            draw()


def _linear(layer: nn.Linear) -> Callable[[], None]:
    def draw() -> None:
        begin_linear(layer.weight, layer.in_features)
        if layer.bias is not None:  # pyright: ignore[reportUnnecessaryComparison]
            layer.bias.zero_()

    return draw


def _embedding(table: nn.Embedding) -> Callable[[], None]:
    """`hk.Embed` draws with deviation 1, as a linear map with one input does."""
    return lambda: begin_linear(table.weight, 1)
