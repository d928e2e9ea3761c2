"""Take the initial weights of a seed from a model that is made for it.

Some constructors look at the numbers that they draw: they draw again until all fit. Their models
may then differ in more than tensors, and a program holds for one model alone. So each model is
compared with the model that the program was made of.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from numpy.typing import NDArray
from torch import Tensor, nn

from seqtasks.engine.record.fingerprint import (
    TooLargeError,
    attributes_of,
    compared,
    identity,
    value,
)
from seqtasks.studies.replicas.initial_weights import named_tensors
from seqtasks.studies.replicas.pattern import NotAlikeError

__all__ = ["MadeWeights"]


class MadeWeights:
    """The initial weights of one seed after the other, each from a model of its own.

    Args:
        make: makes the untrained model of a seed.
        leaves: the names of the tensors that programs read.
        seed: the seed of the model that the program was made of.

    Attributes:
        model: the model of the seed drawn last.

    Raises:
        NotAlikeError: if models hold too much to compare.
    """

    def __init__(self, make: Callable[[int], nn.Module], leaves: Sequence[str], seed: int) -> None:
        self._make, self._leaves = make, leaves
        self.model = make(seed)
        self._likeness = _likeness(self.model, leaves)

    def draw(self, seed: int) -> list[NDArray[Any]]:
        """Return the initial weights of a seed, each parameter as one row of numbers.

        Raises:
            NotAlikeError: if the model differs in more than these.
        """
        self.model = self._make(seed)
        if _likeness(self.model, self._leaves) != self._likeness:
            raise NotAlikeError("its models differ in more than their weights")
        named = named_tensors(self.model)
        return [named[name].detach().reshape(-1).numpy() for name in self._leaves]


def _likeness(model: nn.Module, leaves: Sequence[str]) -> Hashable:
    """Return a value that is equal for models that differ in the tensors of programs alone."""
    parts = [(name, module) for name, module in model.named_modules(remove_duplicate=False) if name]
    places = {id(module): name for name, module in parts}

    def token(held: Any) -> Hashable:
        if isinstance(held, nn.Module):
            return type(held), places.get(id(held))
        return value(held) if isinstance(held, Tensor) else identity(held)

    try:
        of_parts = [
            (name, type(module), compared(attributes_of(module), token)) for name, module in parts
        ]
    except TooLargeError as error:
        raise NotAlikeError("its parts hold too much to compare") from error
    of_tensors = [
        (
            name,
            tensor.dtype,
            tensor.shape,
            tensor.requires_grad,
            None if name in leaves else value(tensor),
        )
        for name, tensor in named_tensors(model).items()
    ]
    return tuple(of_parts), tuple(of_tensors)
