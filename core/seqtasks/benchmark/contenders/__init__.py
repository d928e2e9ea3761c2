"""The contenders by name, each built only when it takes part.

    base                    a contender: one or several ways to train a problem's model by n steps
    our_engines             `plain`, `torch` and `native`
    seed_loop, torch_layer  `seed`, the notebook's loop; `nn`, torch's own layer
    compiled_loop           `compile`: `torch.compile` of the loop or of the cell
    jax_cells, jax_scan     `jax`: the cells in JAX, and the training step around `jax.lax.scan`
    matrix_products         `floor`: only the products that no step can avoid

`benchmark.measuring` runs them in turns.
"""

from collections.abc import Sequence
from importlib import import_module

from seqtasks.benchmark.contenders.base import UnavailableError, Variant
from seqtasks.benchmark.problem import Problem
from seqtasks.errors import UsageError, did_you_mean

__all__ = ["CONTENDERS", "ENGINES", "build", "find_contender"]

_BUILDERS = {
    "seed": "seed_loop:variants",
    "nn": "torch_layer:variants",
    "compile": "compiled_loop:variants",
    "jax": "jax_scan:variants",
    "plain": "our_engines:plain",
    "torch": "our_engines:torch",
    "native": "our_engines:native",
    "floor": "matrix_products:variants",
}

_OPTIONAL_PACKAGES = ("jax", "jaxlib", "optax")
"""Packages that the extra `bench` installs. Without them, a contender is left out."""

CONTENDERS = tuple(_BUILDERS)
"""The names of all contenders, in the order of the tables."""

ENGINES = ("plain", "torch", "native")
"""The names of our own engines among them."""


def find_contender(name: str) -> str:
    """Return the full name of a contender.

    Raises:
        UsageError: for an unknown name; it suggests the nearest.
    """
    if name not in CONTENDERS:
        known = ", ".join(CONTENDERS)
        raise UsageError(
            f"unknown contender '{name}'; known: {known}.{did_you_mean(name, CONTENDERS)}"
        )
    return name


def build(name: str, problem: Problem, threads: Sequence[int]) -> list[Variant]:
    """Return the ways to run a contender.

    Args:
        name: one of `CONTENDERS`.
        problem: the problem to train.
        threads: the numbers of torch threads to try.

    Raises:
        UnavailableError: if the contender cannot train this problem, here or anywhere.
        ImportError: if its module cannot be imported for another reason than an absent package.
    """
    module, function = _BUILDERS[name].split(":")
    try:
        contender = import_module(f"{__name__}.{module}")
    except ModuleNotFoundError as error:
        if error.name not in _OPTIONAL_PACKAGES:
            raise  # a mistake of ours, or of an installed package
        raise UnavailableError(
            f"{error.name} is not installed (pip install 'seqtasks[bench]')"
        ) from None
    return getattr(contender, function)(problem, threads)
