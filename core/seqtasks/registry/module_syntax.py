"""Read which names a module's source binds and imports; write its statements as text."""

import ast
from dataclasses import dataclass, field
from typing import Any

__all__ = ["ModuleSyntax", "read_module", "written"]


@dataclass
class ModuleSyntax:
    """A module's statements by the names that they bind, and its imports.

    Attributes:
        bindings: top-level statements by each name that they bind or change.
        imports: by local name, a module and a name in it; None for the module itself.
        stars: modules whose names were all imported with `*`.
    """

    bindings: dict[str, list[ast.stmt]] = field(default_factory=dict[str, list[ast.stmt]])
    imports: dict[str, tuple[str, str | None]] = field(
        default_factory=dict[str, tuple[str, str | None]]
    )
    stars: list[str] = field(default_factory=list[str])


def read_module(tree: ast.Module, name: str, is_package: bool) -> ModuleSyntax:
    """Return what a module's tree binds and imports; a name in a package tells where it lies."""
    made = ModuleSyntax()
    inside = name if is_package else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                local = alias.asname or alias.name.partition(".")[0]
                made.imports[local] = (alias.name if alias.asname else local, None)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, inside)
            for alias in node.names:
                if alias.name == "*":
                    made.stars.append(base)
                else:
                    made.imports[alias.asname or alias.name] = (base, alias.name)
    for statement in tree.body:
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            for bound in _bound(statement):
                made.bindings.setdefault(bound, []).append(statement)
    return made


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if node.level == 0:
        return node.module or ""
    parts = package.split(".") if package else []
    parts = parts[: max(0, len(parts) - node.level + 1)]
    return ".".join([*parts, *filter(None, [node.module])])


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names that a top-level statement binds or may change."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return {statement.name}
    names: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Name):
            stored = isinstance(node.ctx, ast.Store)
            # `Cell.forward = other` and `register(Cell)` may change the names that they mention.
            if stored or isinstance(statement, ast.Expr):
                names.add(node.id)
        elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            root: ast.AST = node
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if isinstance(root, ast.Name):
                names.add(root.id)
    return names


def written(node: Any) -> str:
    """Return a syntax tree as text, independent of layout, comments and docstrings.

    Empty fields are left out, so that new fields of another Python do not count.
    """
    if isinstance(node, ast.AST):
        parts: list[str] = []
        for name, value in ast.iter_fields(node):
            if name in ("kind", "type_comment") or value is None or value == []:
                continue
            if name == "body" and isinstance(value, list):
                value = _without_docstring(node, value)
            parts.append(f"{name}={written(value)}")
        return f"{type(node).__name__}({', '.join(parts)})"
    if isinstance(node, list):
        return f"[{', '.join(map(written, node))}]"
    return repr(node)


def _without_docstring(node: ast.AST, body: list[Any]) -> list[Any]:
    documented = isinstance(
        node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    )
    if documented and body and isinstance(body[0], ast.Expr):
        value = body[0].value
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return body[1:]
    return body
