"""Digest the definition of a class: its syntax tree and all that it uses of its package."""

import ast
import hashlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.files.atomic import read_regular
from seqtasks.files.python_text import parsed
from seqtasks.registry.module_syntax import ModuleSyntax, read_module, written
from seqtasks.registry.user_files import source_of
from seqtasks.trust.sources import MOST_SOURCE, Source

__all__ = ["definition_digest", "model_definition"]

_CONTRACT = frozenset(
    {"seqtasks.cells.base", "seqtasks.tasks", "seqtasks.tasks.batch", "seqtasks.tasks.task"}
)
"""Modules of seqtasks that every definition builds on, so that they are part of none."""

_EVERYTHING = "*"


def definition_digest(thing: Any) -> str | None:
    """Return the SHA-256 of the definition of a class, a function or an instance.

    It covers the definition's syntax tree and every function, class and constant that it uses,
    directly or not, in the same package (or in the user's files); in torch, in the same module.
    Comments, docstrings, the text's layout and other packages do not count. For a task that is
    registered as an instance, the values of its fields count too.

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


class _Package:
    """The modules in which a definition is followed."""

    def __init__(self) -> None:
        self._read: dict[str, ModuleSyntax | None] = {}

    def content(self, name: str) -> tuple[bytes, bool] | None:
        """Return a module's source and whether it is a package, or None for one outside."""
        raise NotImplementedError

    def module(self, name: str) -> ModuleSyntax | None:
        """Return a module, or None for one that is outside or cannot be read."""
        if name not in self._read:
            found, self._read[name] = self.content(name), None
            if found is not None:
                with suppress(SyntaxError, ValueError):
                    self._read[name] = read_module(parsed(found[0]), name, found[1])
        return self._read[name]


class _Installed(_Package):
    def __init__(self, module: str) -> None:
        super().__init__()
        self._root = first = module.partition(".")[0]
        if first == "seqtasks":
            self._root = module.rpartition(".")[0]
        elif first == "torch":  # a layer reaches 600 modules there, which take ten seconds to read
            self._root = module
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
            met[place] = "".join(map(written, statements))
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


def _imported(package: _Package, known: ModuleSyntax, name: str) -> Iterator[tuple[str, str]]:
    """Yield the origins of a name that a module imports."""
    if name in known.imports:
        module, attribute = _target(package, *known.imports[name])
        yield module, attribute or _EVERYTHING
    else:
        yield from ((module, name) for module in known.stars)


def _used(
    package: _Package, module: str, known: ModuleSyntax, statement: ast.stmt
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
