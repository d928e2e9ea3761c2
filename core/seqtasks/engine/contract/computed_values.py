"""Give a program the values that torch computes from parameters alone."""

from collections.abc import Callable

from torch import Tensor

from seqtasks.engine.contract.passes import Passes
from seqtasks.engine.record.computed import evaluated

__all__ = ["on_even_place", "with_values"]


def with_values(
    program: Passes, read: Callable[[Tensor], Tensor] | None = None
) -> tuple[Passes, list[Tensor]]:
    """Return a program that reads computed values, and the tensors it depends on.

    Args:
        program: the program.
        read: returns the tensor to use for a parameter or buffer of the model; None for itself.

    Returns:
        The program for one call, and its tensors in the order of `Passes.tensors`: those of the
        model, and computed values, through which torch's autograd goes on to the parameters.

    Raises:
        RuntimeError: if a computed value has another shape than when the model was recorded.
    """
    model_graph = program.model_graph
    tensors = program.tensors()
    if read is not None:
        tensors = [read(tensor) for tensor in tensors]
    if not model_graph.computed:
        return program, tensors
    found = evaluated(list(model_graph.computed.values()), read or _itself)
    for leaf, value in zip(model_graph.computed, found, strict=True):
        if tuple(value.shape) != leaf.shape:
            raise RuntimeError(
                f"a value computed from parameters alone now has the shape {tuple(value.shape)}, "
                f"and had {leaf.shape}: run the model by the plain loop (engine='plain')"
            )
    brought = [value.to(tensors[0].device, model_graph.dtype).contiguous() for value in found]
    values = dict(zip(model_graph.computed, brought, strict=True))
    pairs = zip(model_graph.leaves, tensors, strict=True)
    tensors = [values.get(leaf, tensor) for leaf, tensor in pairs]
    return program.reading([tensor.detach().contiguous() for tensor in tensors]), tensors


def _itself(tensor: Tensor) -> Tensor:
    return tensor


def on_even_place(gradient: Tensor | None) -> Tensor | None:
    """Return a gradient that torch can read as complex numbers, as it does on the way back.

    Numbers in pairs begin at an even place of their memory; a program lays gradients one after the
    other.
    """
    return gradient if gradient is None or gradient.storage_offset() % 2 == 0 else gradient.clone()
