"""Check that a part of a model does the same with a batch as with each of its rows alone.

The rows of a batch are computed together and one by one; and what becomes of a row must not change,
by a single bit, with numbers of any size, infinities and NaN in another row. The same holds for the
gradients.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from seqtasks.cells.state_tree import NotAlikeError, Tree, joined, leaves_like
from seqtasks.cells.step_calls import StepCalls
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.randomness.counted_draws import Part
from seqtasks.randomness.draw_axes import Axes, axes_of_draws
from seqtasks.randomness.drawing_mode import DrawingMode

__all__ = ["check_apart", "check_cell", "draw_axes_of"]

Run = Callable[[list[Tensor], Sequence[int]], Sequence[Any]]
ROWS = 3
_SCALES = (1.0, 30.0, 0.0)
_INTRUDERS = (math.nan, math.inf, -math.inf, 1e8, -1e8, 1e3, -1e3, 1.0, -1.0, 0.0)
_MIX = "its rows mix: a row of the batch depends on another"


def check_apart(run: Run, given: Callable[[int, float], list[Tensor]]) -> None:
    """Refuse a function that does not treat each row of a batch as if it were alone.

    Args:
        run: the function, of tensors (rows, ...) and the numbers of their rows to tensors
            (rows, ...).
        given: draws tensors to try it on, from the number of rows and the scale of the numbers.

    Raises:
        UnsupportedError: if the rows of a batch depend on each other, or on their number.
    """
    for scale in _SCALES:
        tensors = given(ROWS, scale)
        together = _results(run, tensors, range(ROWS))
        alone = [_results(run, [t[k : k + 1] for t in tensors], [k]) for k in range(ROWS)]
        joined = [torch.cat(parts) for parts in zip(*alone, strict=True)]
        if not all(map(_close, together, joined)):
            raise UnsupportedError("it treats the rows of a batch differently")
        for intruder in _INTRUDERS if scale == 1 else ():
            for place in range(len(tensors) + 1):
                _check_row(run, tensors, together, intruder, place)


def check_cell(
    calls: StepCalls,
    tree: Tree,
    shapes: Sequence[tuple[int, ...]],
    kinds: Sequence[torch.dtype | None],
    features: tuple[int, ...],
    dtype: torch.dtype,
) -> None:
    """Refuse a cell whose step, output or penalty does not treat each row as if it were alone.

    Args:
        calls: of the cell.
        tree: how its state is nested.
        shapes: of a row of each tensor of the state.
        kinds: their types, None for `dtype`.
        features: the shape of a row of its input.
        dtype: of all floating-point numbers.
    """
    generator = torch.Generator().manual_seed(0)

    def drawn(count: int, scale: float, shape: tuple[int, ...], kind: torch.dtype | None) -> Tensor:
        kind = kind or dtype
        if kind.is_floating_point or kind.is_complex:
            return torch.randn(count, *shape, dtype=kind, generator=generator) * scale
        bound = 2 if kind == torch.bool else 8
        return torch.randint(bound, (count, *shape), generator=generator).to(kind)

    def given(count: int, scale: float) -> list[Tensor]:
        of_state = zip(shapes, kinds, strict=True)
        states = [drawn(count, scale, shape, kind) for shape, kind in of_state]
        return [drawn(count, scale, features, None), *states]

    def run(tensors: list[Tensor], rows: Sequence[int]) -> Sequence[Any]:
        x, *before = tensors
        time = torch.full((len(rows), 1), 3.0, dtype=dtype) if calls.counts else None
        of_step = (x, joined(tree, before), time)
        with _DrawsOfRows(rows, draw_axes_of(calls.cell, "step", of_step), dtype):
            after = calls.step(*of_step)
        try:
            results = leaves_like(tree, after)
        except NotAlikeError:
            raise UnsupportedError("its state changes its form") from None
        then = (x, after, joined(tree, before), time)
        parts: list[Part] = ["output", "penalty"] if calls.has_penalty else ["output"]
        for part in parts:
            with _DrawsOfRows(rows, draw_axes_of(calls.cell, part, then), dtype):
                results.append(getattr(calls, part)(*then))
        return results

    check_apart(run, given)


def draw_axes_of(cell: Any, part: Part, given: tuple[Any, ...]) -> Sequence[Axes]:
    """Return the axes of each draw of a part of a cell, which a batch of one row does not tell."""
    return axes_of_draws(cell, part, partial(_called, part), given, 1)


def _called(part: Part, cell: Any, *given: Any) -> Any:
    return getattr(StepCalls(cell), part)(*given)


class _DrawsOfRows(DrawingMode):
    """The draws of some rows of a batch; a row draws the same alone as among others."""

    def __init__(self, rows: Sequence[int], axes: Sequence[Axes], dtype: torch.dtype) -> None:
        super().__init__(dtype)
        self._rows, self._axes, self._count = list(rows), axes, 0

    def uniform(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
        return self._drawn(torch.rand, shape, dtype)

    def normal(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
        return self._drawn(torch.randn, shape, dtype)

    def _drawn(
        self, make: Callable[..., Tensor], shape: Sequence[int], dtype: torch.dtype
    ) -> Tensor:
        generator = torch.Generator().manual_seed(self._count)
        count, fold = self._axes[self._count] if self._count < len(self._axes) else (0, 1)
        self._count += 1
        if not count and fold == 1:  # all rows share the numbers
            return make(tuple(shape), dtype=dtype, generator=generator)
        drawn = make((ROWS, fold, *shape[1:]), dtype=dtype, generator=generator)
        return drawn[self._rows].reshape(tuple(shape))


def _check_row(
    run: Run, tensors: list[Tensor], before: list[Tensor], intruder: float, place: int
) -> None:
    """Compare the first row, once another one holds a number; of one tensor, or of the gradient."""
    changed = [t.clone() for t in tensors]
    if place < len(changed):
        if not (changed[place].is_floating_point() or changed[place].is_complex()):
            return
        changed[place][1:] = intruder
    try:
        arriving = intruder if place == len(changed) else None
        with _WithoutCrash():
            after = _results(run, changed, range(ROWS), arriving)
    except _CrashError:
        return
    except Exception:
        if math.isfinite(intruder):
            raise
        return  # torch takes no such number there
    for one, other in zip(before, after, strict=True):
        if not torch.equal(torch.nan_to_num(one[:1]), torch.nan_to_num(other[:1])):
            raise UnsupportedError(_MIX)


class _CrashError(Exception):
    """A call of torch would end the process."""


class _WithoutCrash(TorchFunctionMode):
    """Refuses the calls whose backward pass in torch ends the process."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Make a call."""
        kwargs = kwargs or {}
        if func in (functional.grid_sample, torch.grid_sampler):
            grid = args[1] if len(args) > 1 else kwargs["grid"]
            if not grid.isfinite().all():
                raise _CrashError
        return func(*args, **kwargs)


def _results(
    run: Run, tensors: list[Tensor], rows: Sequence[int], intruder: float | None = None
) -> list[Tensor]:
    """Return the results, and the gradients that they give to the tensors."""
    leaves = [t.clone().requires_grad_(t.is_floating_point() or t.is_complex()) for t in tensors]
    with torch.enable_grad():
        made = run([t.view_as(t) for t in leaves], rows)
    results = [one for one in made if isinstance(one, Tensor)]
    if any(one.shape[:1] != leaves[0].shape[:1] for one in results):
        raise UnsupportedError(_MIX)
    ended = [one for one in results if one.requires_grad]
    arriving = [_arriving(one, intruder) for one in ended]
    given = [leaf for leaf in leaves if leaf.requires_grad]
    gradients: Sequence[Tensor | None] = (
        torch.autograd.grad(ended, given, arriving, allow_unused=True) if ended else ()
    )
    found = [
        torch.zeros_like(leaf) if one is None else one
        for leaf, one in zip(given, gradients or [None] * len(given), strict=True)
    ]
    return [one.detach() for one in [*results, *found]]


def _arriving(result: Tensor, intruder: float | None) -> Tensor:
    """Return the gradient of a result: of each row the same, or a number in other rows."""
    size = math.prod(result.shape[1:])
    row = torch.linspace(-1, 1, size, dtype=torch.float64).mul(7).sin().to(result.dtype)
    made = row.view(1, *result.shape[1:]).repeat(len(result), *[1] * (result.dim() - 1))
    if intruder is not None:
        made[1:] = intruder
    return made


def _close(one: Tensor, other: Tensor) -> bool:
    """Say whether two results differ by no more than the roundings of sums in another order."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if not (one.is_floating_point() or one.is_complex()):
        return torch.equal(one, other)
    bound = 1e-9 if one.dtype.to_real() == torch.float64 else 1e-3
    finite = other[other.isfinite()].abs()
    size = float(finite.max()) if finite.numel() else 0.0
    return torch.allclose(one, other, bound, bound * size, equal_nan=True)
