"""Numbers of Python that a step keeps in its state, as values of a program.

A step of a module may count its steps in a plain number: read a table at it, take a power of it,
decide by it (`if t % 4 == 0`). A recording of one row gives such a step a `StepNumber` instead.
"""

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from seqtasks.cells.state_tree import NumberStandIn
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.written.lookups import at_place

if TYPE_CHECKING:
    from seqtasks.engine.record.recorder import Recorder
    from seqtasks.engine.record.ways import Decisions

__all__ = ["StepNumber", "is_place", "step_number", "taken_at"]


class StepNumber(NumberStandIn):
    """A number of Python, or a truth value, that stands for a value of a program.

    Args:
        recorder: records what a step does with it.
        value: a number of its type, to try the step on.
        node: the value in the program, of shape ().
        decisions: what the step decides.
        is_exact: whether the program computes it without rounding.
    """

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def __init__(
        self,
        recorder: "Recorder",
        value: float,
        node: Node,
        decisions: "Decisions",
        is_exact: bool = True,
    ) -> None:
        self._recorder, self._value, self._node = recorder, value, node
        self._decisions, self._is_exact = decisions, is_exact

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Take part in torch's calls, which the recorder sees first."""
        raise UnsupportedError("it computes with the number of a step out of the recorder's sight")

    def as_tensor(self) -> Tensor:
        """Return a tensor without axes for it, which torch takes as it takes a number.

        Where the step goes another way, it is a number on which the step was tried: what the
        program computes there in vain is then no infinity, whose gradient would be NaN.
        """
        if isinstance(self._value, bool):
            self._check_exact()
        graph, whole = self._recorder.graph, isinstance(self._value, int)
        node = self._node
        for condition, decided in self._decisions.taken:
            options = (node, float(self._value or 1))
            node = graph.pointwise("where", condition, *(options if decided else options[::-1]))
        kind = torch.int64 if whole else torch.float64
        made = torch.tensor(self._value, dtype=kind)
        self._recorder.given(made, graph.pointwise("stopped", node))
        return made

    # ---- what Python does with numbers

    def _made(self, function: Callable[..., Any], operation: str, *others: Any) -> Any:
        """Return what an operation makes of numbers; the first is this one."""
        if not all(isinstance(other, int | float | StepNumber) for other in others):
            return NotImplemented
        values = [one._value if isinstance(one, StepNumber) else one for one in (self, *others)]
        nodes = [one._node if isinstance(one, StepNumber) else one for one in (self, *others)]
        exact = [one._is_exact for one in (self, *others) if isinstance(one, StepNumber)]
        return self._of(function, operation, values, nodes, all(exact))

    def _swapped(self, function: Callable[..., Any], operation: str, other: Any) -> Any:
        if not isinstance(other, int | float):
            return NotImplemented
        nodes = [other, self._node]
        return self._of(function, operation, [other, self._value], nodes, self._is_exact)

    def _of(
        self, function: Any, operation: str, values: list[Any], nodes: list[Any], exact: bool
    ) -> Any:
        try:
            value = function(*values)
        except ArithmeticError:  # it is one number of many
            value = 1.0
        if not isinstance(value, int | float):
            return NotImplemented
        plain = [float(one) for one in nodes if not isinstance(one, Node)]
        exact &= isinstance(value, int) and all(float(np.float32(one)) == one for one in plain)
        nodes = [one if isinstance(one, Node) else float(one) for one in nodes]
        node = self._recorder.graph.pointwise(operation, *nodes)
        return StepNumber(self._recorder, value, node, self._decisions, exact)

    def __add__(self, other: Any) -> Any:
        return self._made(operator.add, "add", other)

    def __radd__(self, other: Any) -> Any:
        return self._swapped(operator.add, "add", other)

    def __sub__(self, other: Any) -> Any:
        return self._made(operator.sub, "subtract", other)

    def __rsub__(self, other: Any) -> Any:
        return self._swapped(operator.sub, "subtract", other)

    def __mul__(self, other: Any) -> Any:
        return self._made(operator.mul, "multiply", other)

    def __rmul__(self, other: Any) -> Any:
        return self._swapped(operator.mul, "multiply", other)

    def __truediv__(self, other: Any) -> Any:
        return self._made(operator.truediv, "divide", other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._swapped(operator.truediv, "divide", other)

    def __floordiv__(self, other: Any) -> Any:
        return self._made(operator.floordiv, "floored_quotient", other)

    def __mod__(self, other: Any) -> Any:
        return self._made(operator.mod, "remainder", other)

    def __pow__(self, other: Any) -> Any:
        return self._made(operator.pow, "power", other)

    def __rpow__(self, other: Any) -> Any:
        return self._swapped(operator.pow, "power", other)

    def __neg__(self) -> Any:
        return self._made(operator.neg, "negative")

    def __abs__(self) -> Any:
        return self._made(operator.abs, "absolute")

    def __eq__(self, other: object) -> Any:
        return self._made(operator.eq, "equal", other)

    def __ne__(self, other: object) -> Any:
        return self._made(operator.ne, "not_equal", other)

    def __lt__(self, other: Any) -> Any:
        return self._made(operator.lt, "less", other)

    def __le__(self, other: Any) -> Any:
        return self._made(operator.le, "less_equal", other)

    def __gt__(self, other: Any) -> Any:
        return self._made(operator.gt, "greater", other)

    def __ge__(self, other: Any) -> Any:
        return self._made(operator.ge, "greater_equal", other)

    # ---- where it must be one number

    def __bool__(self) -> bool:
        """Return what the step is to decide."""
        self._check_exact()
        graph, node = self._recorder.graph, self._node
        flag = isinstance(self._value, bool)
        return self._decisions.decide(node if flag else graph.pointwise("not_equal", node, 0.0))

    def _check_exact(self) -> None:
        if not self._is_exact:
            raise self._recorder.provenance.refuse(
                "it decides by a number of its state that is no whole number: a program may round "
                "it to the other side"
            )

    def _refuse(self, *_: Any) -> Any:
        raise self._recorder.provenance.refuse(
            "it takes a number of its state for Python's own use, such as a place of a list, a "
            "range or math.exp: count in a tensor (batch,), and use torch's functions"
        )

    __int__ = __float__ = __index__ = __complex__ = __round__ = __trunc__ = __floor__ = _refuse
    __ceil__ = __iter__ = __len__ = __getitem__ = __str__ = __repr__ = __format__ = _refuse


def taken_at(tensor: Tensor, index: Any) -> Tensor:
    """Return what a tensor holds at an index whose first part is a number of a step.

    Args:
        tensor: the tensor.
        index: the number, or a tuple that begins with it.
    """
    first, *rest = index if isinstance(index, tuple) else (index,)
    found = at_place(tensor, first.as_tensor())
    return found[tuple(rest)] if rest else found


def is_place(index: Any) -> bool:
    """Say whether an index is a number of a step, or begins with one."""
    return isinstance(index[0] if isinstance(index, tuple) and index else index, StepNumber)


def step_number(
    recorder: "Recorder", decisions: "Decisions", held: Tensor, is_truth: bool
) -> StepNumber:
    """Return what a step is given for a number in its state.

    Args:
        recorder: records the step.
        decisions: what the step decides.
        held: a tensor of one element, in which the recording keeps the number.
        is_truth: whether it is a truth value.
    """
    one = held.reshape(())
    with torch._C.DisableTorchFunction():  # these are no calls of the step
        node = recorder.find(one).node
    return StepNumber(recorder, True if is_truth else 1, node, decisions)
