"""The parts of a model that a program is made of: embedding, cells, readout."""

import weakref
from typing import Any

import torch
from torch import nn

__all__ = ["CellAlone", "Parts"]


class Parts:
    """A model's parts, read from it anew each time: any may be replaced between two calls.

    Args:
        model: has `embedding`, `cells` and `readout`. The model is not kept alive, but its parts
            are. None if there is no model yet.
    """

    def __init__(self, model: Any = None) -> None:
        self._model = None if model is None else weakref.ref(model)
        self._last: tuple[Any, tuple[Any, ...], Any] = (None, (), None)
        if model is not None:
            self._read()

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to build a copy: without a model; the copied model names itself."""
        return type(self), ()

    @property
    def model(self) -> Any:
        """The model; None if it no longer exists."""
        return None if self._model is None else self._model()

    @property
    def embedding(self) -> nn.Module | None:
        """Maps the given inputs to the first cell's inputs; None for the identity."""
        return self._read()[0]

    @property
    def cells(self) -> tuple[Any, ...]:
        """The cells, one for each layer."""
        return self._read()[1]

    @property
    def readout(self) -> nn.Module | None:
        """Maps embedded inputs and outputs to predictions; None gives the last outputs."""
        return self._read()[2]

    def _read(self) -> tuple[Any, tuple[Any, ...], Any]:
        model = self.model
        if model is None:
            return self._last
        held: dict[str, Any] = getattr(model, "_modules", {})  # torch's lookup of each takes longer
        cells = held.get("cells")
        if type(cells) is nn.ModuleList and "embedding" in held and "readout" in held:
            self._last = held["embedding"], (*cells._modules.values(),), held["readout"]
        else:
            self._last = model.embedding, tuple(model.cells), model.readout
        return self._last

    @property
    def title(self) -> str:
        """The name of the model: its cells' classes."""
        return " and ".join(dict.fromkeys(map(_name, self.cells)))

    @property
    def device(self) -> torch.device:
        """The device of the parameters."""
        first = self._first_parameter()
        return torch.device("cpu") if first is None else first.device

    @property
    def dtype(self) -> torch.dtype:
        """The type of the parameters."""
        first = self._first_parameter()
        return torch.get_default_dtype() if first is None else first.dtype.to_real()

    def _first_parameter(self) -> nn.Parameter | None:
        for top in self.tops():
            for module in top.modules():
                for parameter in module.parameters(recurse=False):
                    return parameter
        return None

    def tops(self) -> list[nn.Module]:
        """Return the existing parts, as one list."""
        embedding, cells, readout = self._read()
        return [part for part in (embedding, *cells, readout) if part is not None]

    def modules(self) -> list[nn.Module]:
        """Return all modules, including the parts themselves."""
        return [module for top in self.tops() for module in top.modules()]

    def names(self) -> dict[int, str]:
        """Return the name of each parameter and buffer by its id."""
        tops = {"embedding": self.embedding, "readout": self.readout}
        tops |= {f"cell_{k}": cell for k, cell in enumerate(self.cells)}
        if len(self.cells) == 1:
            tops["cell"] = tops.pop("cell_0")
        return {
            id(tensor): f"{top}_{name}"
            for top, module in tops.items()
            if module is not None
            for name, tensor in [*module.named_parameters(), *module.named_buffers()]
        }


def _name(cell: Any) -> str:
    """Return the name of a cell's class, or of the module that it calls."""
    return getattr(cell, "title", None) or type(cell).__name__


class CellAlone(Parts):
    """One cell without embedding and readout; the cell is not kept alive."""

    def _read(self) -> tuple[Any, tuple[Any, ...], Any]:
        return None, (self.model,), None
