"""Run a torch module of any convention as a cell."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.cells.any_module.arguments import Method, given_to
from seqtasks.cells.any_module.convention import Convention, Part
from seqtasks.cells.any_module.times_given import times_given
from seqtasks.cells.base import Cell, State
from seqtasks.cells.state_tree import joined, leaves_like

__all__ = ["ModuleCell"]


def _number(leaf: Tensor, is_truth: bool) -> int | bool:
    return bool(leaf) if is_truth else int(leaf)


class ModuleCell(Cell):
    """A torch module as a cell; `any_module.understand` finds its convention.

    The state is one tensor (batch, ...) or a flat tuple of them: the module's output, if a call
    returns it beside the state; then the tensors of the module's state in their order, with the
    batch axis first; then the number of the next step, if the module is given it; and last, whether
    the sequence has begun, if the module starts by itself.

    Args:
        module: the module.
        convention: how it is called, what it returns, and what its state is.
        input_size: the features of x.
        hidden_size: the hidden size that the module was made with.
    """

    _number: Callable[[Tensor, bool], Any] = staticmethod(_number)

    def __init__(
        self, module: nn.Module, convention: Convention, input_size: int, hidden_size: int
    ) -> None:
        super().__init__(input_size, hidden_size)
        self.module = module
        self.convention = convention

    @property
    def title(self) -> str:
        """The name of the module's class, for messages."""
        return type(self.module).__name__

    @property
    def obstacle(self) -> str:
        """Why no program can run the module; empty if none is known."""
        return self.convention.obstacle

    @property
    def takes_one_row(self) -> bool:
        """Whether a call takes one instance, or those alone that share the numbers it is given."""
        return self.convention.batch == "rows" or self.convention.needs_groups

    @contextmanager
    def giving_numbers(self, number: Callable[[Tensor, bool], Any]) -> Generator[None]:
        """Let the module be given other numbers than Python's, for a batch of one instance.

        Args:
            number: returns the number in a tensor of one element, or the truth value if True.
        """
        self.__dict__["_number"] = number
        try:
            yield
        finally:
            del self.__dict__["_number"]

    @property
    def output_size(self) -> int:
        """The features of a step's output."""
        return self.convention.output_size

    def initial_state(self, batch_size: int, steps: int) -> State:
        """Return the module's own first state; see the class for its order."""
        about = self.convention
        leaves: list[Tensor] = []
        if about.reads is None:
            leaves.append(self.zeros(batch_size, about.output_size))
        if about.start == "method" and about.method is not None:
            leaves += self._from_method(about.method, batch_size)
        else:
            leaves += [self._zeros(part, batch_size) for part in about.parts]
        if about.counts:
            leaves.append(self.zeros(batch_size, 1).to(torch.int64))
        if about.start == "itself":
            leaves.append(self.zeros(batch_size, 1).to(torch.bool))
        return leaves[0] if len(leaves) == 1 else tuple(leaves)

    def forward(self, x: Tensor, state: State) -> State:
        """Return the state after a step; see the class for its order."""
        about = self.convention
        leaves = [state] if isinstance(state, Tensor) else list(state)
        if about.reads is None:
            leaves = leaves[1:]
        begun = leaves.pop() if about.start == "itself" else None
        number = leaves.pop() if about.counts else None
        if about.batch == "rows":
            made = self._by_rows(x, leaves, number, begun)
        elif about.needs_groups and self._number is _number:
            made = self._by_groups(x, leaves, number, begun)
        elif begun is not None:
            made = self._begun_or_not(x, leaves, number, begun)
        else:
            made = self._called(x, leaves, number)
        if number is not None:
            made.append(number + 1)
        if begun is not None:
            made.append(torch.ones_like(begun))
        return made[0] if len(made) == 1 else tuple(made)

    def output(self, x: Tensor, state: State) -> Tensor:
        """Return a step's output, which the call returned or which is a part of the state."""
        reads = self.convention.reads
        leaf = state if isinstance(state, Tensor) else state[reads or 0]
        return leaf if leaf.dim() == 2 else leaf.flatten(1)

    # ---- the first state

    def _zeros(self, part: Part, batch_size: int) -> Tensor:
        if part.kind != "tensor":
            return self.zeros(batch_size).to(torch.int64)
        made = self.zeros(batch_size, *part.shape)
        if part.dtype is not None and part.dtype.is_complex:  # of the parameters' precision
            return made.to(made.dtype.to_complex())
        return made.to(part.dtype)

    def _from_method(self, method: Method, batch_size: int) -> list[Tensor]:
        raw = method.call(self.module, batch_size, self.zeros(0, self.input_size))
        made = leaves_like(self.convention.tree, raw)
        pairs = zip(made, self.convention.parts, strict=True)
        return [self._of_batch(leaf, part, batch_size) for leaf, part in pairs]

    # ---- a call

    def _called(
        self, x: Tensor, leaves: Sequence[Tensor], number: Any, *, begins: bool = False
    ) -> list[Tensor]:
        """Call the module for instances that agree in what they share; return the new leaves."""
        about = self.convention
        if about.copies:
            x, leaves = x.clone(), [leaf.clone() for leaf in leaves]
        given = [
            self._of_module(leaf, part) for leaf, part in zip(leaves, about.parts, strict=True)
        ]
        times = times_given(about, number, x, self._number)
        entered = x.t() if about.batch == "second" else x
        if begins:
            result = self.module(entered, **times)
        else:
            called = given_to(about.entering, entered, joined(about.tree, given))
            result = self.module(*called, **times)
        return self._taken(result, len(x))

    def _begun_or_not(
        self, x: Tensor, leaves: Sequence[Tensor], number: Any, begun: Tensor
    ) -> list[Tensor]:
        """Call the module without a state and with one; return, for each row, what it is to have.

        A row that has not begun has no state to call with: it is given one that the module made.
        """
        first = self._called(x, leaves, number, begins=True)
        own = first[len(first) - len(leaves) :]
        given = [
            _chosen(begun, leaf, made.detach()) for leaf, made in zip(leaves, own, strict=True)
        ]
        later = self._called(x, given, number)
        return [_chosen(begun, *pair) for pair in zip(later, first, strict=True)]

    def _taken(self, result: Any, batch_size: int) -> list[Tensor]:
        """Return the output, if it is apart, and the leaves of the state that a call returned."""
        about = self.convention
        made: list[Tensor] = []
        if about.reads is None:
            output, result = result if about.returns == "output and state" else reversed(result)
            output = output.movedim(about.output_axis, 0) if about.output_axis else output
            made.append(output if output.dim() == 2 else output.flatten(1))
        leaves = leaves_like(about.tree, result)
        made += [
            self._of_batch(leaf, part, batch_size)
            for leaf, part in zip(leaves, about.parts, strict=True)
        ]
        return made

    def _of_module(self, leaf: Tensor, part: Part) -> Any:
        """Return a leaf as the module takes it, for instances that agree in what they share."""
        if part.kind != "tensor":
            return self._number(leaf[0] if len(leaf) else torch.tensor(0), part.kind == "bool")
        if part.axis is None:
            return leaf[0] if len(leaf) else leaf.new_zeros(part.shape)
        return leaf.movedim(0, part.axis) if part.axis else leaf

    def _of_batch(self, leaf: Any, part: Part, batch_size: int) -> Tensor:
        """Return a leaf with the batch axis first; what instances share is repeated for each."""
        if part.kind != "tensor":
            held = int(leaf) if self._number is _number else leaf
            return self.zeros(batch_size).to(torch.int64) + held
        if part.axis is None:
            return leaf.expand(batch_size, *leaf.shape)
        return leaf.movedim(part.axis, 0) if part.axis else leaf

    # ---- instances that differ in what they share

    def _by_groups(
        self, x: Tensor, leaves: list[Tensor], number: Tensor | None, begun: Tensor | None
    ) -> list[Tensor]:
        """Call the module once for each group of instances that agree in what they share."""
        about = self.convention
        shared = [leaf for leaf, part in zip(leaves, about.parts, strict=True) if part.is_shared]
        if number is not None and about.counts_for_all:
            shared.append(number)
        if begun is not None:
            shared.append(begun)
        groups: dict[Any, list[int]] = {}
        values = [leaf.detach().flatten(1).tolist() for leaf in _with_axis(shared)]
        for row, key in enumerate(zip(*values, strict=True)):
            groups.setdefault(repr(key), []).append(row)
        if len(groups) <= 1:
            return self._group(x, leaves, number, begun)
        results: list[list[Tensor]] = []
        order: list[int] = []
        for rows in groups.values():
            chosen = torch.tensor(rows, device=x.device)
            some = [leaf.index_select(0, chosen) for leaf in leaves]
            others = [None if t is None else t.index_select(0, chosen) for t in (number, begun)]
            results.append(self._group(x.index_select(0, chosen), some, *others))
            order += rows
        back = torch.tensor(order, device=x.device).argsort()
        return [torch.cat(parts).index_select(0, back) for parts in zip(*results, strict=True)]

    def _group(
        self, x: Tensor, leaves: Sequence[Tensor], number: Tensor | None, begun: Tensor | None
    ) -> list[Tensor]:
        begins = begun is not None and len(begun) > 0 and not bool(begun[0])
        return self._called(x, leaves, number, begins=begins)

    # ---- one instance at a time

    def _by_rows(
        self, x: Tensor, leaves: list[Tensor], number: Tensor | None, begun: Tensor | None
    ) -> list[Tensor]:
        """Call a module that takes one instance for each instance of a batch."""
        about = self.convention
        if about.by_vmap and self._number is _number:
            run: Any = torch.vmap(self._row, in_dims=0, randomness="different")
            given = leaves if number is None else [*leaves, number]
            return list(run(x, *given))
        results = [
            self._row(
                x[row],
                *(leaf[row] for leaf in leaves),
                *(() if number is None else (number[row],)),
                begins=begun is not None and not bool(begun[row]),
            )
            for row in range(len(x))
        ]
        return [torch.stack(parts) for parts in zip(*results, strict=True)]

    def _row(self, x: Tensor, *leaves: Tensor, begins: bool = False) -> tuple[Tensor, ...]:
        """Call the module for one instance."""
        about = self.convention
        number: Any = None
        if about.counts:
            *leaves, number = leaves  # pyright: ignore[reportAssignmentType]
        if about.copies:
            x, leaves = x.clone(), tuple(leaf.clone() for leaf in leaves)
        given = [
            leaf if part.kind == "tensor" else self._number(leaf, part.kind == "bool")
            for leaf, part in zip(leaves, about.parts, strict=True)
        ]
        times = times_given(about, number, x, self._number)
        if begins:
            result = self.module(x, **times)
        else:
            called = given_to(about.entering, x, joined(about.tree, given))
            result = self.module(*called, **times)
        made: list[Tensor] = []
        if about.reads is None:
            output, result = result if about.returns == "output and state" else reversed(result)
            made.append(output.flatten())
        for leaf in leaves_like(about.tree, result):
            held: Any = leaf
            zero = torch.zeros((), dtype=torch.int64, device=x.device)
            made.append(leaf if isinstance(leaf, Tensor) else zero + held)
        return tuple(made)


def _chosen(begun: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """Return the rows of one tensor where a sequence has begun, else those of another."""
    return torch.where(begun.view(-1, *[1] * (one.dim() - 1)), one, other)


def _with_axis(leaves: Sequence[Tensor]) -> list[Tensor]:
    return [leaf if leaf.dim() > 1 else leaf[:, None] for leaf in leaves]
