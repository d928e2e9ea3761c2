"""Which definitions of a task's module use torch: the task, or others that lie beside it."""

import ast
import inspect
import sys
from collections.abc import Iterator
from typing import Any

from seqtasks.tasks.task import Task

__all__ = ["uses_of_torch"]


def uses_of_torch(task: Task) -> tuple[bool, list[str]]:
    """Say whether a task's own classes use torch, and name other definitions that do.

    Without the source of the module, the result is no and none.
    """
    module = sys.modules.get(type(task).__module__)
    own = {cls.__name__ for cls in type(task).__mro__ if cls.__module__ == type(task).__module__}
    try:
        tree = ast.parse(inspect.getsource(module)) if module is not None else ast.Module([], [])
    except (OSError, TypeError, SyntaxError):
        tree = ast.Module([], [])
    names = set(_imported(tree.body))
    users = [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and _uses(node, names)
    ]
    others = [name for name in users if name not in own]
    return bool(own & set(users)), others or _torch_modules(module)


def _imported(nodes: list[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements bind by an import of torch."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for one in node.names:
                if one.name.partition(".")[0] == "torch":
                    yield one.asname or "torch"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "torch":
            yield from (one.asname or one.name for one in node.names)


def _uses(node: ast.AST, names: set[str]) -> bool:
    """Say whether a definition has one of the names, or imports torch itself."""
    return any(
        (isinstance(one, ast.Name) and one.id in names)
        or (isinstance(one, ast.stmt) and any(_imported([one])))
        for one in ast.walk(node)
    )


def _torch_modules(module: Any) -> list[str]:
    """Return the names of the torch modules, such as cells, that a module defines."""
    base: Any = getattr(sys.modules.get("torch.nn"), "Module", None)
    if base is None or module is None:
        return []
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, base)
        and value.__module__ == module.__name__
    ]
