"""Find out whether a step may depend on the training mode of its modules.

A run trains a model and scores it in evaluation mode. If no code reads the mode, one program serves
both.
"""

from collections.abc import Iterable

from torch import nn

from seqtasks.engine.record.hooks import has_hooks
from seqtasks.engine.record.reads import Reads, is_fixed

__all__ = ["ANY_NAME", "INDIFFERENT", "may_read_the_mode"]

ANY_NAME = {"getattr", "vars", "__dict__", "eval", "exec", "attrgetter", "__getattribute__"}
"""With one of these names, code may read attributes without naming them."""
INDIFFERENT = {
    nn.Module,
    *(nn.Linear, nn.Bilinear, nn.Identity, nn.Embedding, nn.Flatten, nn.Unflatten),
    *(nn.ModuleList, nn.ModuleDict, nn.Sequential, nn.ParameterList, nn.ParameterDict),
    *(nn.RNNCell, nn.GRUCell, nn.LSTMCell, nn.RNNCell.__base__),
    *(nn.LayerNorm, nn.GroupNorm),
    *(nn.Tanh, nn.Sigmoid, nn.ReLU, nn.GELU, nn.SiLU, nn.ELU, nn.LeakyReLU, nn.Softplus),
    *(nn.Softmax, nn.LogSoftmax, nn.LogSigmoid),
}
"""Classes of torch that do the same in both modes."""


def may_read_the_mode(modules: Iterable[nn.Module], reads: Reads) -> bool:
    """Say whether a step of some modules may do something else in evaluation mode.

    A hook may read the mode, as the hook of an old spectral norm does.

    Args:
        modules: the modules, with all modules inside them.
        reads: what they read.
    """
    if reads.may_draw or "training" in reads.names or reads.names & ANY_NAME:
        return True  # `may_draw`: they perhaps call code that nobody has read
    parts = list(modules)
    kinds = {kind for module in parts for kind in type(module).__mro__}
    return any(map(_may_read, kinds)) or any(map(has_hooks, parts))


def _may_read(kind: type) -> bool:
    """Say whether code of a class may read the mode, though no code that was followed does."""
    if kind in INDIFFERENT or not is_fixed(kind) or not issubclass(kind, nn.Module):
        return False
    return kind.__module__.partition(".")[0] != "seqtasks"
