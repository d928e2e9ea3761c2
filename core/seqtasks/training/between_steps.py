"""What the parts of a model do between training steps.

Before a step, `anneal(step, steps)` of a part says which value each of its annealed buffers has in
the step. After it, `constrain()` of a part changes the part's parameters in place.
"""

import math
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seqtasks.cells.any_module.module_cell import ModuleCell
from seqtasks.cells.step_calls import has_method
from seqtasks.errors import UsageError, explain
from seqtasks.models.model import Model

__all__ = ["Annealing", "BetweenSteps", "Constraints", "parts_with"]


def parts_with(model: nn.Module, method: str) -> list[nn.Module]:
    """Return the parts of a model that have a method: the model itself, if it is not ours."""
    tops: list[Any] = [model]
    if isinstance(model, Model):
        tops = [model.embedding, *model.cells, model.readout]
    parts = [part.module if isinstance(part, ModuleCell) else part for part in tops]
    return [part for part in dict.fromkeys(parts) if has_method(part, method)]


class BetweenSteps:
    """What the parts of a model do between training steps.

    Args:
        model: the model.
        steps: how many training steps the run has; None if nobody knows.

    Attributes:
        annealing: before each step.
        constraints: after each step.

    Raises:
        UsageError: as `Annealing` does.
    """

    def __init__(self, model: nn.Module, steps: int | None) -> None:
        self.annealing = Annealing(model, steps)
        self.constraints = Constraints(model)


class Annealing:
    """The annealed buffers of a model.

    Args:
        model: the model.
        steps: how many training steps the run has; None if nobody knows.

    Raises:
        UsageError: if a part anneals, and nobody knows the number of steps, or it names what is no
            buffer of one real number.
    """

    def __init__(self, model: nn.Module, steps: int | None) -> None:
        self._parts: list[Any] = parts_with(model, "anneal")
        self._steps = steps
        self._names: list[tuple[Any, list[str]]] = []
        if self._parts and steps is None:
            raise UsageError(
                f"{_title(self._parts[0])} anneals: give the trainer the number of steps of the "
                "whole training, steps=..."
            )
        for part in self._parts:
            self._names.append((part, list(self._asked(part, 0))))
            for name in self._names[-1][1]:
                _check_buffer(part, name)

    def __bool__(self) -> bool:
        """Say whether anything is annealed."""
        return any(names for _, names in self._names)

    def buffers(self) -> list[Tensor]:
        """Return the annealed buffers."""
        return [part.get_buffer(name) for part, names in self._names for name in names]

    def values(self, first: int, count: int) -> NDArray[np.float64]:
        """Return the values of consecutive steps, (steps, buffers)."""
        made = np.empty((count, len(self.buffers())))
        for step in range(count):
            made[step] = self._at(first + step)
        return made

    def set(self, step: int) -> None:
        """Give the buffers their values in a step."""
        if self:
            with torch.no_grad():
                for buffer, value in zip(self.buffers(), self._at(step), strict=True):
                    buffer.fill_(value)

    def _at(self, step: int) -> list[float]:
        found: list[float] = []
        for part, names in self._names:
            values = self._asked(part, step)
            if set(values) != set(names):
                raise UsageError(
                    f"anneal of {_title(part)} returns {sorted(values)} at step {step}, and "
                    f"{sorted(names)} at step 0: return the same names at each step"
                )
            found += [values[name] for name in names]
        return found

    def _asked(self, part: Any, step: int) -> dict[str, float]:
        try:
            values = part.anneal(step, self._steps)
        except Exception as error:
            raise UsageError(f"anneal of {_title(part)} fails: {explain(error)}") from error
        if not isinstance(values, dict) or not all(map(_is_number, values.values())):
            raise UsageError(
                f"anneal of {_title(part)} must return a dict from names of buffers to finite "
                f"numbers, got {values!r}"
            )
        return {str(name): float(value) for name, value in values.items()}


class Constraints:
    """The constraints on the parameters of a model."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._parts: list[Any] = parts_with(model, "constrain")
        self._checked = False

    def __bool__(self) -> bool:
        """Say whether a part has constraints."""
        return bool(self._parts)

    def apply(self) -> None:
        """Let each part change its parameters.

        Raises:
            UsageError: if a part makes other parameters, or changes what is not its own.
        """
        if not self._parts:
            return
        before = {} if self._checked else _tensors(self._model)
        with torch.no_grad():
            for part in self._parts:
                try:
                    part.constrain()
                except Exception as error:
                    raise UsageError(
                        f"constrain of {_title(part)} fails: {explain(error)}"
                    ) from error
        if not self._checked:
            self._check(before)
            self._checked = True

    @contextmanager
    def applied(self) -> Generator[None]:
        """Change the parameters, and put them back afterwards."""
        kept = list(_tensors(self._model).values()) if self._parts else []
        try:
            self.apply()
            yield
        finally:
            with torch.no_grad():
                for tensor, values in kept:
                    tensor.copy_(values)

    def _check(self, before: dict[str, tuple[Tensor, Tensor]]) -> None:
        after = _tensors(self._model)
        own = {id(tensor) for part in self._parts for tensor in part.parameters()}
        for name in before.keys() | after.keys():
            if name not in before or name not in after or before[name][0] is not after[name][0]:
                raise UsageError(
                    f"constrain replaces {name}: change it in place, as by "
                    "self.weight.clamp_(min=0)"
                )
            (tensor, values), shape = before[name], after[name][0].shape
            if values.shape != shape:
                raise UsageError(
                    f"constrain changes the shape of {name}, from {tuple(values.shape)} to "
                    f"{tuple(shape)}"
                )
            same = torch.allclose(values, tensor, 0, 0, equal_nan=True)
            if id(tensor) not in own and not same:
                raise UsageError(
                    f"constrain changes {name}, which is no parameter of the part that it belongs "
                    "to: it may change its own parameters alone"
                )


def _tensors(model: nn.Module) -> dict[str, tuple[Tensor, Tensor]]:
    """Return the parameters and buffers of a model, each with a copy of its numbers."""
    named = [*model.named_parameters(), *model.named_buffers()]
    return {name: (tensor, tensor.detach().clone()) for name, tensor in named}


def _check_buffer(part: Any, name: str) -> None:
    owner, _, last = name.rpartition(".")
    try:
        buffer: Any = part.get_buffer(name)
        lost = last in part.get_submodule(owner)._non_persistent_buffers_set
    except AttributeError:
        buffer, lost = None, False
    if not isinstance(buffer, Tensor) or not buffer.is_floating_point() or buffer.numel() != 1:
        raise UsageError(
            f"anneal of {_title(part)} returns {name!r}, which is no buffer of one real number: in "
            f"__init__, self.register_buffer({name!r}, torch.tensor(1.0))"
        )
    if lost:
        raise UsageError(
            f"anneal of {_title(part)} returns {name!r}, a buffer that is not saved with the "
            "model: register it without persistent=False"
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _title(part: Any) -> str:
    return type(part).__name__
