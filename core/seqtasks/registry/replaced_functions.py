"""Keep the functions of torch and NumPy as they are while a plugin is imported."""

import contextlib
import importlib.abc
import importlib.machinery
import logging
import sys
from collections.abc import Generator, Mapping, Sequence
from types import ModuleType
from typing import Any

from seqtasks.errors import counted

__all__ = ["functions_kept"]

logger = logging.getLogger("seqtasks")

LIBRARIES: dict[str, tuple[str, ...]] = {
    "math": ("math",),
    "random": ("random",),
    "numpy": ("numpy", "numpy.linalg", "numpy.random"),
    "torch": (
        "torch",
        "torch.autograd",
        "torch.linalg",
        "torch.nn",
        "torch.nn.functional",
        "torch.nn.init",
        "torch.optim",
        "torch.special",
    ),
}
"""The libraries that compute, and their modules and classes that are looked at."""
HOOKS = "torch.nn.modules.module"
"""This module keeps hooks that run with every module, in dictionaries named `_global_...`."""
COMPILERS_OWN = ("/torch/_dynamo/", "/torch/_compile.py")
"""Files whose functions torch's compiler puts around functions of torch when it is imported."""

_Holders = dict[str, tuple[Any, dict[str, Any]]]
"""By name: a module or a class, and what stood in it."""


@contextlib.contextmanager
def functions_kept(title: str) -> Generator[None, None, None]:
    """Put back the functions of a library that an import replaces: runs would give other results.

    The import may itself be the first to import a library; then it is looked at right after that.

    Args:
        title: the name of the import in messages.
    """
    kept: _Holders = {}
    for library in LIBRARIES:
        if library in sys.modules:
            kept |= _holders(library)
    watch = _Watch(kept)
    sys.meta_path.insert(0, watch)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):  # the import may have removed it
            sys.meta_path.remove(watch)
        replaced = [name for name, (holder, before) in kept.items()
                    for name in _put_back(name, holder, before)]  # fmt: skip
        if replaced:
            more = f" and {counted(len(replaced) - 1, 'function')} more" if replaced[1:] else ""
            logger.warning(f"{title} replaces {replaced[0]}{more}; it is put back")


class _Watch(importlib.abc.MetaPathFinder):
    """Looks at a library as soon as it has been imported."""

    def __init__(self, kept: _Holders) -> None:
        self._kept = kept

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find a library as Python does, with a loader that looks at it afterwards."""
        if fullname not in LIBRARIES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        loader: Any = spec.loader
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            self._kept |= _holders(fullname)

        loader.exec_module = exec_module
        return spec


def _holders(library: str) -> _Holders:
    """Return the modules of a library and their classes, with what stands in each now."""
    found: _Holders = {}
    for name in LIBRARIES[library]:
        module = sys.modules.get(name)
        if module is None:
            continue
        members = dict(vars(module))
        found[name] = (module, members)
        for value in members.values():
            if isinstance(value, type) and value.__module__.partition(".")[0] == library:
                found[f"{value.__module__}.{value.__qualname__}"] = (value, dict(vars(value)))
    hooks = sys.modules.get(HOOKS) if library == "torch" else None
    if hooks is not None:
        found[HOOKS] = (hooks, {n: dict(v) for n, v in _global_hooks(hooks).items()})
    return found


def _global_hooks(module: ModuleType) -> dict[str, dict[Any, Any]]:
    named = vars(module).items()
    return {n: v for n, v in named if n.startswith("_global_") and isinstance(v, dict)}


def _put_back(place: str, holder: Any, before: Mapping[str, Any]) -> list[str]:
    """Put back what was replaced in a module or a class, and return its names."""
    if place == HOOKS:
        return _without_new_hooks(holder, before)
    replaced: list[str] = []
    now = vars(holder)
    for name, value in before.items():
        if callable(value) and now.get(name) is not value and not _by_torch(now.get(name)):
            replaced.append(f"{place}.{name}")
            setattr(holder, name, value)
    if isinstance(holder, type):  # what stands in a class hides what its base has
        for name in [name for name in now if name not in before]:
            inherited = any(name in vars(base) for base in holder.__mro__[1:])
            if inherited and callable(now[name]) and not _by_torch(now[name]):
                replaced.append(f"{place}.{name}")
                delattr(holder, name)
    return replaced


def _without_new_hooks(module: ModuleType, before: Mapping[str, Any]) -> list[str]:
    replaced: list[str] = []
    for name, hooks in _global_hooks(module).items():
        for key in [key for key in hooks if key not in before.get(name, {})]:
            replaced.append(f"{HOOKS}.{name}")
            del hooks[key]
    return replaced


def _by_torch(value: Any) -> bool:
    """Say whether torch itself wrapped a function, as it does when its compiler is imported."""
    file = getattr(getattr(value, "__code__", None), "co_filename", "").replace("\\", "/")
    return any(part in file for part in COMPILERS_OWN)
