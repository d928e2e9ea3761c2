"""The numbers of rows on which a model is tried."""

import itertools

from torch import nn

__all__ = ["rows_for"]


def rows_for(module: nn.Module, how_many: int, least: int = 5) -> tuple[int, ...]:
    """Return numbers of rows that no tensor of a module has as a size, so rows stand out."""
    taken = {size for t in [*module.parameters(), *module.buffers()] for size in t.shape}
    for attribute in vars(module).values():
        if isinstance(attribute, int):
            taken.add(attribute)
    primes = (n for n in range(least, 2000) if all(n % d for d in range(2, int(n**0.5) + 1)))
    return tuple(itertools.islice((n for n in primes if n not in taken), how_many))
