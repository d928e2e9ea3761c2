"""What a module is given for the arguments that name a time or a step."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from seqtasks.cells.any_module.convention import ELAPSED, Convention

__all__ = ["times_given"]


def times_given(
    about: Convention,
    number: Tensor | None,
    like: Tensor,
    as_number: Callable[[Tensor, bool], Any],
) -> dict[str, Any]:
    """Return the arguments that name a time or a step.

    Args:
        about: the convention.
        number: the numbers of the steps, which agree unless the module takes one for each instance.
        like: of the device and the type of x, with one axis for one instance and two for a batch.
        as_number: returns the number in a tensor.
    """
    given: dict[str, Any] = {}
    for one in about.times:
        if one.is_number and number is not None:
            first = number.reshape(-1)[0] if number.numel() else number.new_zeros(())
            given[one.name] = number if one.form == "tensor" else first
            if one.form == "number":
                given[one.name] = as_number(first, False)
        else:
            shape = [*like.shape[:-1], 1] if one.form == "tensor" else []
            given[one.name] = ELAPSED if one.form == "number" else like.new_full(shape, ELAPSED)
    return given
