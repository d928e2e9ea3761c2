"""Find the modules, globals and attributes that the code of a function names."""

import dis
import functools
import types
from typing import Any

__all__ = ["Chain", "chains_in", "imports_in", "names_in"]

Chain = tuple[str, ...]


@functools.lru_cache(maxsize=4096)
def imports_in(code: types.CodeType) -> tuple[str, ...]:
    """Return the names of modules that code imports; relative names begin with dots."""
    found: list[str] = []
    constants: list[Any] = [0, None]
    for instruction in dis.get_instructions(code):
        if instruction.opname == "LOAD_CONST":
            constants.append(instruction.argval)
        elif instruction.opname == "IMPORT_NAME":
            level = constants[-2]
            found.append("." * (level if isinstance(level, int) else 0) + instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found += imports_in(constant)
    return tuple(found)


@functools.lru_cache(maxsize=4096)
def chains_in(code: types.CodeType) -> tuple[Chain, ...]:
    """Return the global names that code reads, each with attributes read directly from it."""
    found: dict[Chain, None] = {}
    chain: Chain = ()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            found[chain] = None
            chain = (instruction.argval,)
        elif chain and instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            chain = (*chain, instruction.argval)
        elif instruction.opname not in ("CACHE", "PRECALL", "PUSH_NULL"):
            found[chain] = None
            chain = ()
    found[chain] = None
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found.update(dict.fromkeys(chains_in(constant)))
    found.pop((), None)
    return tuple(found)


@functools.lru_cache(maxsize=4096)
def names_in(code: types.CodeType) -> frozenset[str]:
    """Return all names of globals and attributes that code uses."""
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return frozenset(code.co_names).union(*map(names_in, inner))
