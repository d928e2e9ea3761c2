"""Run a function of tensors once; each of its calls becomes nodes of a graph.

It runs on small random tensors with a known number of rows, and looks up every torch function that
is called in `rules`. A function without a rule, an in-place change, a decision by a value, mixing
rows or a random draw ends the recording with `UnsupportedError`, which gives the reason.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch._ops import OpOverload, OpOverloadPacket
from torch.autograd.function import BackwardCFunction
from torch.overrides import TorchFunctionMode

from seqtasks.engine.graph.simplify import truth_of
from seqtasks.engine.graph.unsupported import UnsupportedError, refusal
from seqtasks.engine.record.arguments import flat_arguments, mapped_arguments
from seqtasks.engine.record.call_names import ABOUT, CHECKING, PROPERTIES, changes_in_place
from seqtasks.engine.record.opened import opened, opens
from seqtasks.engine.record.provenance import is_transforming
from seqtasks.engine.record.recorded_values import RecordedValues, Tracked
from seqtasks.engine.record.single_precision import arguments_in_single, held_in_single
from seqtasks.engine.record.step_numbers import StepNumber, is_place, taken_at
from seqtasks.engine.record.whole_numbers import check_whole, is_whole
from seqtasks.randomness.draw_functions import COUNTED

__all__ = ["Recorder"]


class FoldedError(UnsupportedError):
    """A rule needs an axis of rows alone, and places of each row are folded into it."""


class RowsElsewhereError(UnsupportedError):
    """A rule needs the rows in front, and they are not."""


class Recorder(RecordedValues, TorchFunctionMode):
    """Records the torch functions that are called while it is entered."""

    def __enter__(self) -> "Recorder":
        """Begin to see calls."""
        self.provenance.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *about: Any) -> None:
        """Stop seeing calls."""
        super().__exit__(*about)
        self.provenance.__exit__(*about)

    def again(self) -> TorchFunctionMode:
        """Return a mode that sees calls while this one handles a call."""
        return _Again(self)

    def find(self, value: Any) -> Tracked:
        """Return the record of a number, or of a tensor whose rows, if any, come first."""
        found = self.find_anywhere(value)
        if found.axis:
            raise RowsElsewhereError(
                "its rows mix: it computes with a batch that is not the first axis"
            )
        return found

    def find_anywhere(self, value: Any) -> Tracked:
        """Return the record of a tensor or number with its rows in an axis of their own."""
        found = self.find_folded(value)
        if found.fold > 1:
            raise FoldedError("its rows mix: it computes with places folded into the batch")
        return found

    def find_folded(self, value: Any) -> Tracked:
        """Return the record of a tensor or number; an unknown tensor is a constant."""
        if not isinstance(value, Tensor):
            value = value.item() if isinstance(value, np.generic) else value
            if not isinstance(value, int | float):
                raise UnsupportedError(f"it computes with a value of type {type(value).__name__}")
            return Tracked(torch.empty(()), self.graph.constant(value), False)
        if value.is_complex():
            raise UnsupportedError(
                "it computes with complex numbers where only real ones have rules"
            )
        known = self._tracked.get(id(value))
        if known is None:
            leaf = self._parameter(value)
            if leaf is not None:
                return self.keep(value, leaf, False)
            computed = self.weights_alone.of(value)
            if computed is not None:
                return self.keep(value, self.computed_leaf(value, computed), False)
        context = value.grad_fn
        if isinstance(context, BackwardCFunction) and context not in self.deriving:
            return self._own_output(value, known)
        below = self.deriving or self.follows_unseen
        if known is None and below and self.provenance.follows(value):
            known = self.saved(value)
        if known is None and self.provenance.operation_of(value) is not None:
            from seqtasks.engine.record.unseen_calls import record_unseen

            known = record_unseen(self, value)
        return self.constant(value) if known is None else known

    def _own_output(self, tensor: Tensor, known: Tracked | None) -> Tracked:
        """Return the record of what a function of the model's own returned."""
        if known is not None and known.node in self.graph.own:
            return known
        value = self.saved(tensor) if known is None else known
        if value is None:
            raise refusal("own function")
        from seqtasks.engine.record.own_functions import record_output

        return record_output(self, tensor, value)

    def note(self, tensor: Tensor) -> None:
        """Note the numbers of a tensor before a call changes them."""
        if self.weights_alone.of(tensor) is None:
            self.find_folded(tensor)

    # ---- the calls

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run a torch function, and record it if it has a tensor of the recording."""
        kwargs = kwargs or {}
        if any(isinstance(value, StepNumber) for value in flat_arguments((args, kwargs))):
            if func is Tensor.__getitem__ and is_place(args[1]):
                with self.again():
                    return taken_at(*args)
            args, kwargs = mapped_arguments((args, kwargs), _as_tensor)
        draw = None if self.draws is None or self.deriving else COUNTED.get(func)
        if draw is not None:
            result = self._drawn(draw, args, kwargs)
            if result is not NotImplemented:
                return result
        given = [value for value in flat_arguments((args, kwargs)) if isinstance(value, Tensor)]
        if func is torch.autograd.grad or is_transforming():
            return func(*args, **kwargs)  # the operations below explain what it returns
        known = self._tracked.get(id(args[0])) if args else None
        by_row = known is not None and known.rows
        if not self.deriving and self._totals.makes_one(func, args, kwargs, given, by_row):
            return self._totals.kept(func(*args, **kwargs))
        if not any(map(self.is_tracked, given)):
            for tensor in given:
                self.provenance.note_read(tensor)
            return func(*args, **kwargs)
        try:
            return self._called(func, args, kwargs)
        except UnsupportedError as error:
            raise self.provenance.refuse(str(error)) from None

    def _drawn(self, draw: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return what a random function draws, recorded call by call."""
        try:
            with self.again():
                return draw(self.draws, *args, **kwargs)
        except UnsupportedError as error:
            raise self.provenance.refuse(str(error)) from None

    def _called(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        from seqtasks.engine.record.complex.calls import called_on_pairs, concerns
        from seqtasks.engine.record.rules.table import RULES
        from seqtasks.engine.record.written.table import WRITTEN

        name = getattr(func, "__name__", str(func))
        if func is Tensor.register_hook:
            from seqtasks.engine.record.value_hooks import record_hook

            return record_hook(self, *args)
        if kwargs.get("out") is not None:
            raise refusal("in place", name)
        if kwargs.get("inplace") or changes_in_place(name):
            from seqtasks.engine.record.in_place import record_in_place

            return record_in_place(self, func, name, args, kwargs)
        is_property = name == "__get__" and bool(args) and self._is_about(func, args[0])
        tells = is_property or (name in ABOUT and not (name == "type" and len(args) > 1))
        if concerns(name, args, kwargs) and not tells:
            return called_on_pairs(self, func, name, args, kwargs)
        rule = RULES.get(func)
        if isinstance(func, OpOverload | OpOverloadPacket):  # seen below, as in a script
            return func(*args, **kwargs)
        written = self._written(func, args, kwargs)
        if written is not None:
            with self.again():
                made = written(*args, **kwargs)
            if made is not NotImplemented:
                return made
        if rule is None and opens(func) and func not in WRITTEN:
            with self.again():
                return opened(func)(*args, **kwargs)
        self.provenance.checking = name in CHECKING
        try:
            result = func(*args, **kwargs)
        except UnsupportedError:
            raise
        except Exception:  # altered parameters may be nothing that it takes
            result = self.weights_alone.stand_in(self, func, args, kwargs)
            if result is None:
                raise
        finally:
            self.provenance.checking = False
        if result is NotImplemented:  # a comparison with a non-number such as None
            return result
        about = name in ABOUT or is_property
        if about and args and not isinstance(result, Tensor):
            self._note_size(result, args[0])
            return result
        self.record(func, name, rule, result, args, kwargs)
        return result

    def _written(self, func: Any, args: Any, kwargs: Any) -> Any:
        """Return what is called in the place of a function; None for one of parameters alone."""
        from seqtasks.engine.record.written.table import WRITTEN

        written = WRITTEN.get(func)
        if written is None or self.weights_alone.takes(self, args, kwargs):
            return None
        return written

    def record(self, func: Any, name: str, rule: Any, result: Any, args: Any, kwargs: Any) -> None:
        """Record a call that was made.

        Args:
            func: the function that was called.
            name: its name, for messages.
            rule: its rule, or None.
            result: what it returned.
            args: what it was called with.
            kwargs: what it was called with by name.
        """
        with self.provenance.pausing():
            self._record(func, name, rule, result, args, kwargs)

    def _note_size(self, told: Any, tensor: Any) -> None:
        """Note that the code read a number that reveals the number of rows."""
        known = self._tracked.get(id(tensor))
        numbers = told if isinstance(told, tuple) else (told,)
        if known is not None and known.rows:
            sizes = [n for n in numbers if isinstance(n, int) and not isinstance(n, bool) and n]
            told_rows = any(n % rows == 0 for n in sizes for rows in self.rows)
            self.graph.looks_at_rows = self.graph.looks_at_rows or told_rows

    def _is_about(self, getter: Any, tensor: Any) -> bool:
        """Say whether a property depends on no value of a tensor, nor on its gradient."""
        name = getattr(getattr(getter, "__self__", None), "__name__", "")
        if name in PROPERTIES:
            return True
        # a program depends on a parameter's properties anyway
        fixed = name in ("requires_grad", "is_leaf", "grad_fn", "output_nr")
        return fixed and self._parameter(tensor) is not None

    def _record(self, func: Any, name: str, rule: Any, result: Any, args: Any, kwargs: Any) -> None:
        if not isinstance(result, Tensor | tuple | list):
            raise UnsupportedError(f"its behaviour depends on the values it computes ({name})")
        by_rule = bool(self.deriving) or self.changes_parameters
        alone = not by_rule and self.weights_alone.note(self, func, result, args, kwargs)
        try:
            self._record_by_rule(func, name, rule, result, args, kwargs)
        except UnsupportedError:
            if not alone:  # else torch computes it
                raise

    def _record_by_rule(
        self, func: Any, name: str, rule: Any, result: Any, args: Any, kwargs: Any
    ) -> None:
        from seqtasks.engine.record.rules.rearranging import REARRANGING, rearranged

        moves = name in REARRANGING and rule is None
        rule = rearranged if moves else rule
        if rule is None:
            raise UnsupportedError(f"it calls {name}, which has no rule")
        results: Sequence[Any] = [result] if isinstance(result, Tensor) else result
        given = [v for v in flat_arguments((args, kwargs)) if is_whole(v) and self.is_tracked(v)]
        check_whole(name, name in REARRANGING, [*results, *given])
        from seqtasks.engine.record.one_row import needs_rows, record_by_rows

        if self.dtype == torch.float64 and any(t.dtype == torch.float32 for t in results):
            args, kwargs = arguments_in_single(args, kwargs)
        try:
            if needs_rows(self, name, args, kwargs):
                outcome = record_by_rows(self, func, rule, result, args, kwargs)
            else:
                outcome = rule(self, func, result, *args, **kwargs)
        except FoldedError:
            from seqtasks.engine.record.folded_rows import record_folded

            outcome = record_folded(self, func, rule, result, args, kwargs)
        except RowsElsewhereError:
            from seqtasks.engine.record.rows_elsewhere import MOVABLE, record_with_rows_first

            found = None if name not in MOVABLE else self.find_anywhere(args[0])
            if found is None or not found.axis:
                raise
            outcome = record_with_rows_first(self, func, name, rule, result, args, kwargs)
        outcomes: Sequence[Any] = [outcome] if isinstance(result, Tensor) else outcome
        for tensor, tracked in zip(results, outcomes, strict=True):
            if tracked is None:
                continue
            node, rows, *lie = tracked
            axis, fold = (*lie, *(0, 1)[len(lie) :])
            expected = (*node.shape[:axis], *(self.rows if rows else ()), *node.shape[axis:])
            if fold > 1:
                expected = (self.rows[0] * fold, *node.shape[1:])
            if tuple(tensor.shape) != expected:
                raise UnsupportedError(f"{name} gives {tuple(tensor.shape)}, not {expected}")
            whole = is_whole(tensor)
            if not (tensor.dtype in (self.dtype, torch.bool) or whole):
                node = held_in_single(self, node, name, moves, tensor, args, kwargs)
            if tensor.dtype == torch.bool:
                node = truth_of(self.graph, node)
            unseen = not torch.is_grad_enabled() and not self.deriving
            if unseen or whole or func == _DATA:
                node = self.graph.pointwise("stopped", node)
            self.track(tensor, node, rows, axis, fold)


def _as_tensor(value: Any) -> Any:
    return value.as_tensor() if isinstance(value, StepNumber) else value


class _Again(TorchFunctionMode):
    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        return self._recorder.__torch_function__(func, types, args, kwargs)


_DATA: Any = getattr(Tensor.data, "__get__")  # noqa: B009  # unknown to the type checker
