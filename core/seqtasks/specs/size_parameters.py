"""Find the parameters of a class that take the two sizes of a cell, whatever their names."""

import inspect
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Any

__all__ = ["SizeParameters", "UnclearSizesError", "size_parameters"]

_INPUT = {
    *("input_size", "input_dim", "input_dims", "input_features", "input_units", "input_width"),
    *("in_features", "in_dim", "in_size", "in_channels", "in_units", "n_in", "n_input"),
    *("n_inputs", "num_inputs", "num_input", "num_features", "nin", "ninp", "d_in", "d_input"),
    *("dim_in", "inp_size", "inp_dim", "n_features", "x_size", "x_dim", "size_in"),
}
_HIDDEN = {
    *("hidden_size", "hidden_dim", "hidden_dims", "hidden_features", "hidden_units", "hid_size"),
    *("hid_dim", "hidden_width", "out_features", "out_dim", "out_size", "out_channels"),
    *("output_size", "output_dim", "units", "num_units", "n_units", "n_hid", "n_hidden"),
    *("num_hidden", "num_hiddens", "nhid", "nhidden", "n_out", "n_output", "n_outputs", "nout"),
    *("d_hidden", "d_out", "dim_out", "dim_hidden", "state_size", "state_dim", "d_state"),
    *("num_neurons", "n_neurons", "h_size", "h_dim", "size_out", "cell_size", "memory_size"),
    *("n_rec", "num_rec", "n_recurrent", "reservoir_size", "n_reservoir", "res_size", "n_units"),
}
_BOTH = {
    *("d_model", "dim", "dims", "size", "width", "features", "channels", "n", "d", "h", "units"),
    *(
        "model_dim",
        "embed_dim",
        "embedding_dim",
        "n_embd",
        "feature_size",
        "num_hidden",
        "dimension",
    ),
}
"""Names for one size of input and state, of a class that needs nothing else."""
_EITHER = {"hidden_size", "hidden_dim", "units", "num_units", "n_hid", "n_hidden", "nhid"}
"""Of several names for the hidden size, these win: an output may have a size of its own."""
_NUMBERS: tuple[Any, ...] = (inspect.Parameter.empty, Any, int, "Any", "int")


class UnclearSizesError(Exception):
    """A class's parameters do not tell which of them take the sizes."""


@dataclass(frozen=True)
class SizeParameters:
    """Which parameters of a class take the input size and the hidden size.

    Attributes:
        input: the name of the parameter; None if the class takes no input size, or the spec set it.
        hidden: the name of the other; None if the class takes none, or the spec set it.
        by_place: whether both are given by place and not by name.
    """

    input: str | None
    hidden: str | None
    by_place: bool = False

    @property
    def is_one(self) -> bool:
        """Whether one parameter takes both sizes, which must be equal then."""
        return self.input is not None and self.input == self.hidden

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that take a size."""
        return tuple({name: 0 for name in (self.input, self.hidden) if name is not None})

    def describe(self) -> str:
        """Say which parameters take which size."""
        if self.by_place and self.input is None:
            return "the input size and the hidden size, by place"
        if self.is_one:
            return f"one size for input and state to {self.input}"
        told = [("input size", self.input), ("hidden size", self.hidden)]
        return ", ".join(f"{size} to {name}" for size, name in told if name is not None) or "none"

    def arguments(
        self, input_size: int, hidden_size: int
    ) -> tuple[tuple[int, ...], dict[str, int]]:
        """Return the arguments by place, and by name."""
        if self.by_place:
            return (input_size, hidden_size), {}
        sizes = ((self.input, input_size), (self.hidden, hidden_size))
        return (), {name: size for name, size in sizes if name is not None}


def size_parameters(target: Callable[..., Any], given: Container[str] = ()) -> SizeParameters:
    """Return which parameters of a class take the sizes.

    The usual names decide (`in_features`, `n_hid`, `units`, ...). Otherwise the first two
    parameters without a default take the input size and the hidden size, in this order.

    Args:
        target: the class, or a function that makes a module.
        given: the parameters that the spec sets; a size that it sets is not given again.

    Raises:
        UnclearSizesError: if this does not tell which parameters take the sizes.
    """
    parameters = list(inspect.signature(target).parameters.values())
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if not named:
        if any(p.kind is p.VAR_POSITIONAL for p in parameters):
            return SizeParameters(None, None, by_place=True)
        raise UnclearSizesError("it takes no sizes")
    names = [p.name for p in named]
    required = [p.name for p in named if p.default is p.empty]
    for_input = _known(names, _INPUT)
    for_hidden = _known(names, _EITHER) or _known(required, _HIDDEN) or _known(names, _HIDDEN)
    needed = [name for name in required if name != for_input and name not in given]
    if needed and for_hidden not in (*required, *_EITHER):
        for_hidden = None  # `d_model, d_state=16`: a size of something within
    unknown = [name for name in required if name not in (for_input, for_hidden)]
    first = [p for p in named if p.kind is not p.KEYWORD_ONLY][:2]
    free = [p.name if p.name in unknown and p.annotation in _NUMBERS else None for p in first]
    if for_input is None and for_hidden is None and len(unknown) == 1:
        if free[0] == unknown[0] and unknown[0].lower() in _BOTH:
            one = None if unknown[0] in given else unknown[0]
            return SizeParameters(one, one)
    elif len(free) == 2:  # the first two tell only together
        for_input = for_input or free[0]
        for_hidden = for_hidden or free[1]
    sizes = {"input": for_input, "hidden": for_hidden}
    missing = [size for size, name in sizes.items() if name is None]
    unknown = [name for name in unknown if name not in sizes.values() and name not in given]
    if missing and unknown:
        raise UnclearSizesError(
            f"the names of its parameters ({', '.join(names)}) do not tell which takes the "
            f"{' and the '.join(missing)} size; give {', '.join(f'{n}=...' for n in unknown)}"
        )
    for_input, for_hidden = (
        None if name is None or name in given else name for name in sizes.values()
    )
    by_place = {p.name for p in named if p.kind is p.POSITIONAL_ONLY}
    if by_place & {for_input, for_hidden}:
        if [p.name for p in first] != [for_input, for_hidden]:
            raise UnclearSizesError("its sizes can be given by place only, and are not the first")
        return SizeParameters(for_input, for_hidden, by_place=True)
    return SizeParameters(for_input, for_hidden)


def _known(names: list[str], known: set[str]) -> str | None:
    return next((name for name in names if name.lower() in known), None)
