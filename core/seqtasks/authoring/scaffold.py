"""Write a new task, a new cell or a whole new plugin, as files that pass their own checks."""

import importlib.resources
import json
import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from string import Template
from typing import Literal, get_args

from seqtasks import __version__
from seqtasks.authoring.names_of_new_things import (
    Names,
    check_free,
    check_module_free,
    names_of,
)
from seqtasks.errors import UsageError
from seqtasks.files.atomic import writing
from seqtasks.registry.discovery import Kind, current_registry

__all__ = ["PARTS", "Made", "Part", "new_file", "new_plugin"]

Part = Literal["task", "cell", "command", "observer"]
PARTS: tuple[Part, ...] = get_args(Part)

_PREFIX = "seqtasks-"
_KINDS: dict[Part, Kind] = {"task": "task", "cell": "cell", "command": "command"}
_WORDS: dict[Part, str] = {
    "task": "a task",
    "cell": "a cell",
    "command": "a command",
    "observer": "an observer",
}
_TEMPLATES = importlib.resources.files("seqtasks.authoring") / "templates"


@dataclass(frozen=True)
class Made:
    """What was made.

    Attributes:
        path: the file or the folder.
        files: the files in it, in the order in which to read them; empty for a file.
        things: what it holds, in words, such as `the task thirds`.
        next_commands: commands to try next.
    """

    path: Path
    files: list[str]
    things: list[str]
    next_commands: list[str] = field(default_factory=list[str])


def new_file(kind: Literal["task", "cell"], word: str, folder: Path) -> Made:
    """Write a file with a task or a cell into a folder.

    Raises:
        UsageError: if the name cannot be used or is taken, or the file is there already.
    """
    names = names_of(word)
    path = folder / f"{names.module}.py"
    _refuse_existing(path)
    check_free(names.registered, [kind])
    check_module_free(names.module, names.registered)
    text = _filled(f"{kind}.py", {"name": names.registered, "Class": names.class_name})
    _write_new(path, text)
    spec = f"./{path.name}:{names.class_name}"
    run = f"seqtasks run {spec}" if kind == "task" else f"seqtasks run parity --cell {spec}"
    commands = [f"seqtasks show {spec}", f"seqtasks check {spec}", run]
    return Made(path, [], [f"the {kind} {names.class_name}"], commands)


def new_plugin(word: str, parts: Collection[Part], folder: Path, author: str = "") -> Made:
    """Write the folder of a plugin into a folder, whole or not at all.

    Args:
        word: the plugin's name; `seqtasks-` before it is left out.
        parts: what the plugin brings.
        folder: where its folder is made.
        author: who holds the copyright; if empty, the authors of the plugin.

    Raises:
        UsageError: if a name cannot be used or is taken, or the folder is there already.
        RunError: if it cannot be written.
    """
    lowered = word.lower().replace("_", "-")
    names = names_of(word[len(_PREFIX) :] if lowered.startswith(_PREFIX) else word)
    distribution, package = _PREFIX + names.registered, f"seqtasks_{names.module}"
    path = folder / distribution
    _refuse_existing(path)
    held: dict[Part, Names] = {
        part: _part_names(names, part, parts) for part in PARTS if part in parts
    }
    for part, one in held.items():
        check_free(one.registered, [_KINDS[part]] if part in _KINDS else [])
    if any(one.name == names.registered for one in current_registry().plugins):
        raise UsageError(
            f"there is already a plugin '{names.registered}': choose another name, such as "
            f"'my-{names.registered}'"
        )
    check_module_free(package, names.registered)
    files = _files_of_plugin(names, held, author or f"The authors of {distribution}")
    _write_folder(path, files)
    commands = [
        f"cd {distribution}",
        "pip install -e '.[test]'",
        f"seqtasks check {distribution}",
    ]
    return Made(path, sorted(files), _things(held), commands)


def _part_names(names: Names, part: Part, parts: Collection[Part]) -> Names:
    """Return the names of a part. A task has the plugin's name, or else a cell has it."""
    if part == "task" or (part == "cell" and "task" not in parts):
        return names
    suffix = part.capitalize()
    registered = names.registered if part == "command" else f"{names.registered}-{part}"
    return Names(registered, f"{names.module}_{part}", names.class_name + suffix)


def _things(held: Mapping[Part, Names], quote: str = "") -> list[str]:
    """Return what a plugin brings, in words."""
    found: list[str] = []
    for part, one in held.items():
        if part == "observer":
            found.append("an observer of runs")
        else:
            name = f"seqtasks {one.registered}" if part == "command" else one.registered
            found.append(f"the {part} {quote}{name}{quote}")
    return found


def _files_of_plugin(names: Names, held: Mapping[Part, Names], author: str) -> dict[str, str]:
    """Return the content of each file of a plugin, by its path in the plugin's folder."""
    package = f"seqtasks_{names.module}"
    values = {
        "name": names.registered,
        "package": package,
        "distribution": _PREFIX + names.registered,
        "description": f"{_listed([_WORDS[part] for part in held]).capitalize()} for seqtasks",
        "things": _listed(_things(held, "`")),
        "author": author,
        "quoted_author": json.dumps(author, ensure_ascii=False),
        "year": str(date.today().year),
        "version": ".".join(__version__.split(".")[:2]),
        "imports": "from seqtasks import Register, hookimpl",
    }
    for part, one in held.items():
        values |= {part: one.registered, f"{part}_module": one.module}
        values[part.capitalize()] = one.class_name
    if "observer" in held:
        register = "Register, " if len(held) > 1 else ""
        values["imports"] = f"from typing import Any\n\nfrom seqtasks import {register}hookimpl"
    values["use"] = _use(held)
    values["files"] = "\n".join(_rows(package, held))

    hooks = [f"{part}s_hook.py" if part in _KINDS else f"{part}_hook.py" for part in held]
    files = {
        name: _filled(f"plugin/{template}", values)
        for name, template in {
            "README.md": "README.md",
            "pyproject.toml": "pyproject.toml",
            "LICENSE": "LICENSE",
            ".gitignore": "gitignore",
            ".github/workflows/ci.yml": "ci.yml",
            "tests/test_checks.py": "test_checks.py",
        }.items()
    }
    init = [_filled(f"plugin/{template}", values) for template in ["init.py", *hooks]]
    files[f"{package}/__init__.py"] = "".join(init)
    files[f"{package}/py.typed"] = ""
    for part, one in held.items():
        own = {**values, "name": one.registered, "Class": one.class_name}
        place = "" if part in ("task", "cell") else "plugin/"
        files[f"{package}/{one.module}.py"] = _filled(f"{place}{part}.py", own)
        files[f"tests/test_{part}.py"] = _filled(f"plugin/test_{part}.py", own)
    return files


def _use(held: Mapping[Part, Names]) -> str:
    """Return the commands of the README that use what the plugin brings."""
    lines: list[str] = []
    task = held["task"].registered if "task" in held else "parity"
    if "task" in held or "cell" in held:
        cell = f" --cell {held['cell'].registered}" if "cell" in held else ""
        lines.append(f"    seqtasks run {task}{cell}")
    if "command" in held:
        lines.append(f"    seqtasks {held['command'].registered} parity")
    if "observer" in held and not lines:
        lines.append("    seqtasks run parity")
    return "\n".join([*lines, ""])


def _rows(package: str, held: Mapping[Part, Names]) -> list[str]:
    """Return the rows of the README's table for the parts of a plugin."""
    words = {
        "task": "a task, with its source, its alphabets and an example",
        "cell": "a cell, as its paper prints it",
        "command": "a subcommand of `seqtasks`",
        "observer": "what is written about each run",
    }
    rows = [f"| `{package}/{one.module}.py` | {words[part]} |" for part, one in held.items()]
    tests = ", ".join(f"`tests/test_{part}.py`" for part in held)
    rows.append("| `tests/test_checks.py` | the checks of the plugin, as tests |")
    rows.append(f"| {tests} | each thing beside an independent definition |")
    return rows


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def _filled(template: str, values: Mapping[str, str]) -> str:
    text = _TEMPLATES.joinpath(*f"{template}.template".split("/")).read_text(encoding="utf-8")
    return Template(text).substitute(values)


def _refuse_existing(path: Path) -> None:
    if os.path.lexists(path):
        raise UsageError(f"{path.name} is there already, and is not overwritten")


def _write_new(path: Path, text: str) -> None:
    """Write a file that must not be there yet, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            with open(temporary, "x", encoding="utf-8") as file:
                file.write(text)
            try:
                path.hardlink_to(temporary)  # which, unlike a renaming, replaces nothing
            except FileExistsError:
                _refuse_existing(path)
        finally:
            temporary.unlink(missing_ok=True)


def _write_folder(path: Path, files: Mapping[str, str]) -> None:
    """Write files into a new folder under a temporary name, and rename the folder."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        temporary.mkdir()
        try:
            for name, text in files.items():
                file = temporary / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            _refuse_existing(path)
            temporary.rename(path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
