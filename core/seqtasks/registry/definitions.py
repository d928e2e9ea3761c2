"""Digest the definition of a class: its syntax tree and all that it uses of its package."""

import ast
import hashlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.files.atomic import read_regular
from seqtasks.registry.user_files import source_of
from seqtasks.trust.sources import MOST_SOURCE, Source

__all__ = ["definition_digest", "model_definition"]

_CONTRACT = frozenset({"seqtasks.cells.base", "seqtasks.tasks", "seqtasks.tasks.task"})
"""Modules of seqtasks that every definition builds on, so that they are part of none."""

_EVERYTHING = "*"


def definition_digest(thing: Any) -> str | None:
    """Return the SHA-256 of the definition of a class, a function or an instance.

    It covers the definition's syntax tree and every function, class and constant that it uses,
    directly or not, in the same package (or in the user's files). Comments, docstrings, the text's
    layout and other packages do not count. For a task that is registered as an instance, the
    values of its fields count too.

    Returns:
        The digest, or None if there is no source to read.
    """
    named = inspect.isclass(thing) or inspect.isroutine(thing)
    target: Any = thing if named else type(thing)
    source = source_of(target)
    if source is None:
        found = _of_module(str(target.__module__), str(target.__qualname__))
    else:
        found = _of_source(source, str(target.__qualname__))
    if found is None or named or not is_dataclass(thing):
        return found
    values = [(one.name, repr(getattr(thing, one.name, None))) for one in fields(thing)]
    return hashlib.sha256(repr((found, values)).encode(errors="surrogatepass")).hexdigest()


def model_definition(model: Any) -> str | None:
    """Return the SHA-256 of what a module of torch's is defined by, with the modules in it.

    It covers the class of each module by its name and, of the classes of the model's own package
    or files, the definition.

    Returns:
        The digest, or None if there is no source of the model's class to read.
    """
    own = definition_digest(type(model))
    if own is None:
        return None
    package = type(model).__module__.partition(".")[0]
    parts = [(name, type(part)) for name, part in model.named_modules()]
    classes = dict.fromkeys(cls for _, cls in parts)
    near = [cls for cls in classes if cls.__module__.partition(".")[0] == package != "torch"]
    named = [(name, cls.__qualname__) for name, cls in parts]
    written = repr([own, named, [definition_digest(cls) for cls in near]])
    return hashlib.sha256(written.encode(errors="surrogatepass")).hexdigest()


@dataclass
class _Module:
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


class _Package:
    """The modules in which a definition is followed."""

    def __init__(self) -> None:
        self._read: dict[str, _Module | None] = {}

    def content(self, name: str) -> tuple[bytes, bool] | None:
        """Return a module's source and whether it is a package, or None for one outside."""
        raise NotImplementedError

    def module(self, name: str) -> _Module | None:
        """Return a module, or None for one that is outside or cannot be read."""
        if name not in self._read:
            found, self._read[name] = self.content(name), None
            if found is not None:
                with suppress(SyntaxError, ValueError):
                    self._read[name] = _read_module(ast.parse(found[0]), name, found[1])
        return self._read[name]


class _Installed(_Package):
    def __init__(self, module: str) -> None:
        super().__init__()
        first = module.partition(".")[0]
        self._root = module.rpartition(".")[0] if first == "seqtasks" else first
        self.contents: dict[Path, bytes] = {}

    def content(self, name: str) -> tuple[bytes, bool] | None:
        if name in _CONTRACT or not f"{name}.".startswith(f"{self._root}."):
            return None
        file = _file_of(name)
        if file is None or file.suffix != ".py":
            return None
        content = _read(file)
        if content is None:
            return None
        self.contents[file] = content
        return content, file.name == "__init__.py"


class _Files(_Package):
    """A user's file, which has no name here, and its neighbours."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._contents = {one.name: (one.content, one.package) for one in source.neighbours}
        self._contents[""] = (source.content, False)

    def content(self, name: str) -> tuple[bytes, bool] | None:
        return self._contents.get(name)


_known: dict[tuple[str, str, Path | None], tuple[dict[Path, bytes], str | None]] = {}
"""Digests by module, name and file, with the contents of all files that went into them."""


def _of_module(module: str, name: str) -> str | None:
    key = module, name, _file_of(module)
    contents, found = _known.get(key, ({}, None))
    if not contents or any(_read(file) != content for file, content in contents.items()):
        package = _Installed(module)
        found = _digest(package, module, name)
        _known[key] = package.contents, found
    return found


def _read(file: Path) -> bytes | None:
    with suppress(UsageError):
        return read_regular(file, MOST_SOURCE, follow=True)
    return None


@lru_cache(maxsize=64)
def _of_source(source: Source, name: str) -> str | None:
    return _digest(_Files(source), "", name)


def _digest(package: _Package, module: str, qualified_name: str) -> str | None:
    """Follow a definition through its package, and return the digest of everything it reaches."""
    first = package.module(module)
    name = qualified_name.partition(".")[0]
    if first is None or name not in first.bindings:
        return None
    met: dict[tuple[str, str], str] = {}
    pending = [(module, name)]
    try:
        while pending:
            place = pending.pop()
            if place in met:
                continue
            met[place] = ""
            known = package.module(place[0])
            if known is None:
                continue  # of another package: only its name, in `met`, counts
            if place[1] == _EVERYTHING:
                pending += [(place[0], one) for one in known.bindings]
                continue
            statements = known.bindings.get(place[1], [])
            met[place] = "".join(map(_written, statements))
            if not statements:
                pending += _imported(package, known, place[1])
            for statement in statements:
                pending += _used(package, place[0], known, statement)
    except RecursionError:
        return None
    # A program's module is `__main__` when it runs and has a name when it is imported.
    own = {("" if place[0] == module else place[0], place[1]): text for place, text in met.items()}
    text = repr([qualified_name, sorted(own.items())])
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _target(package: _Package, module: str, attribute: str | None) -> tuple[str, str | None]:
    """Return the target of an import: a module, or something in a module."""
    inner = f"{module}.{attribute}" if module else attribute
    if attribute is None or inner is None or package.module(inner) is None:
        return module, attribute
    return inner, None


def _imported(package: _Package, known: _Module, name: str) -> Iterator[tuple[str, str]]:
    """Yield the origins of a name that a module imports."""
    if name in known.imports:
        module, attribute = _target(package, *known.imports[name])
        yield module, attribute or _EVERYTHING
    else:
        yield from ((module, name) for module in known.stars)


def _used(
    package: _Package, module: str, known: _Module, statement: ast.stmt
) -> Iterator[tuple[str, str]]:
    """Yield the names of its module and of imported modules that a statement uses."""
    whole: set[ast.AST] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found = known.imports.get(node.value.id)
            if found is None or node.value.id in known.bindings:
                continue
            origin, attribute = _target(package, *found)
            if attribute is None:  # the statement uses only this attribute of the module
                whole.add(node.value)
                origin, attribute = _target(package, origin, node.attr)
                yield origin, attribute or _EVERYTHING
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node not in whole:
            if node.id in known.bindings:
                yield module, node.id
            else:
                yield from _imported(package, known, node.id)


def _read_module(tree: ast.Module, name: str, is_package: bool) -> _Module:
    made = _Module()
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


def _written(node: Any) -> str:
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
            parts.append(f"{name}={_written(value)}")
        return f"{type(node).__name__}({', '.join(parts)})"
    if isinstance(node, list):
        return f"[{', '.join(map(_written, node))}]"
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


def _file_of(name: str) -> Path | None:
    """Return the file of an imported module, or of a module in an imported package."""
    module = sys.modules.get(name)
    if module is not None:
        file = getattr(module, "__file__", None)
        return Path(file) if isinstance(file, str) else None
    parent, _, last = name.rpartition(".")
    for place in getattr(sys.modules.get(parent), "__path__", ()):
        for file in (Path(place) / last / "__init__.py", Path(place) / f"{last}.py"):
            if file.is_file():
                return file
    return None
