"""What is known of how a module is called, what it returns, and what its state is."""

from dataclasses import dataclass
from typing import Any, Literal

import torch

from seqtasks.cells.any_module.arguments import Entering, Method, given_to
from seqtasks.cells.state_tree import Tree

__all__ = ["ELAPSED", "Batch", "Convention", "Part", "Returns", "Start", "TimeArgument", "TimeForm"]

Batch = Literal["first", "second", "rows"]
"""Where a module has the batch axis of x; `rows`: it has none, and takes one instance."""

Returns = Literal["state", "output and state", "state and output"]

Start = Literal["zeros", "itself", "method"]
"""Where the first state comes from; `itself`: a call without a state, which is none with zeros."""

TimeForm = Literal["number", "scalar", "tensor"]

ELAPSED = 1.0
"""The time that passes from one step to the next."""


@dataclass(frozen=True)
class Part:
    """A tensor or a whole number in a module's state.

    Attributes:
        label: how a program writes it, such as `state[0]`.
        kind: `tensor`, or `int` or `bool` for a number of Python's.
        shape: its shape without the batch axis.
        axis: its batch axis; None if all instances of a batch share it.
        dtype: the type of a tensor that is not the module's own floating-point type, else None.
    """

    label: str
    kind: Literal["tensor", "int", "bool"]
    shape: tuple[int, ...] = ()
    axis: int | None = None
    dtype: torch.dtype | None = None

    @property
    def is_shared(self) -> bool:
        """Whether a call can take one value of it only, for all its instances."""
        return self.axis is None


@dataclass(frozen=True)
class TimeArgument:
    """An argument that names a time or a step.

    Attributes:
        name: the name of the argument.
        is_number: whether it is the number of the step; else it is the time since the last.
        form: what is given: a number of Python's, a tensor of no axis, or a tensor (batch, 1).
    """

    name: str
    is_number: bool
    form: TimeForm = "number"

    def describe(self) -> str:
        """Say what the argument is given."""
        if self.is_number:
            return f"{self.name} is the number of the step, from 0"
        return f"{self.name} is {ELAPSED}, the time from one step to the next"


@dataclass(frozen=True)
class Convention:
    """How a module is called, what it returns, and what its state is.

    Attributes:
        tree: the nesting of its state.
        parts: the tensors and numbers in its state.
        batch: where x has the batch axis.
        returns: what a call returns.
        reads: the index of the part that is a step's output; None if a call returns the output.
        output_axis: the batch axis of the output.
        output_size: the features of a step's output.
        start: where the first state comes from.
        method: the method that makes the first state.
        times: the further arguments that it is given.
        left: the further arguments that stay at their defaults.
        copies: whether it changes its arguments in place, and so is given copies.
        by_vmap: whether `torch.vmap` can run it on the instances of a batch at once.
        entering: how it is given its state.
    """

    tree: Tree
    parts: tuple[Part, ...]
    batch: Batch
    returns: Returns
    reads: int | None
    output_axis: int
    output_size: int
    start: Start
    method: Method | None = None
    times: tuple[TimeArgument, ...] = ()
    left: tuple[str, ...] = ()
    copies: bool = False
    by_vmap: bool = False
    entering: Entering = "second"

    @property
    def counts(self) -> bool:
        """Whether it is given the number of the step."""
        return any(one.is_number for one in self.times)

    @property
    def counts_for_all(self) -> bool:
        """Whether all instances of a call share the number of the step that it is given."""
        return any(one.is_number and one.form != "tensor" for one in self.times)

    @property
    def needs_groups(self) -> bool:
        """Whether a call takes only instances that agree in something they share."""
        if self.batch == "rows":
            return False
        shared = any(part.is_shared for part in self.parts)
        return shared or self.counts_for_all

    @property
    def obstacle(self) -> str:
        """Why only the plain loop can run it; empty if no reason is known."""
        if self.batch == "rows" and self.start == "itself":
            return "it takes one instance at a time, and begins without a state"
        return ""

    def describe(self) -> dict[str, str]:
        """Say what was understood, by what it is about."""
        x = {"first": "(batch, input)", "second": "(input, batch)", "rows": "(input,)"}
        call = ", ".join(given_to(self.entering, "x", self._state_arguments()))
        said = {"called as": f"module({call}), x of {x[self.batch]}"}
        if self.batch == "rows":
            how = "by torch.vmap" if self.by_vmap else "one after the other"
            said["called as"] += f", for one instance; those of a batch {how}"
        said["state"] = ", ".join(map(self._described, self.parts))
        shape = f"({self.output_size},)" if self.batch == "rows" else f"(batch, {self.output_size})"
        returned = {
            "state": "the next state",
            "output and state": f"(output, state), the output of {shape}",
            "state and output": f"(state, output), the output of {shape}",
        }
        said["returns"] = returned[self.returns]
        output = "the output"
        if self.reads is not None:
            output = self.parts[self.reads].label
        said["readout reads"] = output
        said["starts from"] = {
            "zeros": "zeros",
            "method": f"its own {'' if self.method is None else self.method.describe()}",
            "itself": "a call without a state, which starts from other than zeros",
        }[self.start]
        if self.times:
            said["third argument"] = ", ".join(one.describe() for one in self.times)
        if self.left:
            said["left at default"] = ", ".join(self.left)
        if self.copies:
            said["in place"] = "it changes its arguments, so it is given copies"
        return said

    def _state_arguments(self) -> Any:
        return [part.label for part in self.parts] if self.entering == "apart" else "state"

    def _described(self, part: Part) -> str:
        if part.kind != "tensor":
            return f"{part.label} a {'whole number' if part.kind == 'int' else 'truth value'}"
        sizes = list(map(str, part.shape))
        if part.axis is not None and self.batch != "rows":
            sizes.insert(part.axis, "batch")
        shape = f"({', '.join(sizes)}{',' * (len(sizes) == 1)})"
        kind = "" if part.dtype is None else f" of {str(part.dtype).removeprefix('torch.')}"
        shared = ", shared by the batch" * (part.is_shared and self.batch != "rows")
        return f"{part.label} {shape}{kind}{shared}"
