"""The names of a new task, cell or plugin: made from one word, and refused if they are taken."""

import importlib.util
import keyword
import re
import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import seqtasks
from seqtasks.errors import UsageError
from seqtasks.registry.discovery import Kind, current_registry

__all__ = ["Names", "check_free", "check_module_free", "names_of"]

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LONGEST = 24
"""Names stand twice in a line of the files."""
_IMPORTED = {"Array", "Tensor"}
"""Classes that a template imports, beside what `seqtasks` offers."""


@dataclass(frozen=True)
class Names:
    """The names of one thing.

    Attributes:
        registered: its name in specs, such as `my-task`.
        module: its module, such as `my_task`.
        class_name: its class, such as `MyTask`.
    """

    registered: str
    module: str
    class_name: str


def names_of(word: str) -> Names:
    """Return the names of a thing, made from a word such as `my-task`, `my_task` or `MyTask`.

    Raises:
        UsageError: if the word makes no names that Python accepts, or hides another module.

    Example:
        >>> from seqtasks.authoring.names_of_new_things import names_of
        >>> names_of("RunningMean")
        Names(registered='running-mean', module='running_mean', class_name='RunningMean')
    """
    if not _WORD.fullmatch(word):
        plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
        parts = re.findall(r"[A-Za-z0-9]+", re.sub(r"^[^A-Za-z]+", "", plain))
        advice = f", such as '{'-'.join(parts).lower()}'" if parts else ", such as 'my-task'"
        raise UsageError(
            f"{word!r} cannot be a name: begin with a letter, and use letters, digits, '-' and "
            f"'_'{advice}"
        )
    if len(word) > _LONGEST:
        raise UsageError(f"the name {word!r} has {len(word)} characters; at most {_LONGEST} fit")
    parts = _HUMP.sub("-", word).replace("_", "-").lower().split("-")
    module = "_".join(parts)
    as_class = word[0].isupper() and word.isalnum()
    made = word if as_class else "".join(part.capitalize() for part in parts)
    names = Names("-".join(parts), module, made)
    if keyword.iskeyword(module) or keyword.iskeyword(names.class_name):
        raise UsageError(f"'{word}' is a word of Python: {_instead(names.registered)}")
    if module in sys.stdlib_module_names:
        raise UsageError(f"'{module}' is a module of Python: {_instead(names.registered)}")
    if module == "seqtasks":
        raise UsageError(f"'seqtasks' is the name of this program: {_instead('tasks')}")
    if names.class_name in _IMPORTED or names.class_name in seqtasks.__all__:
        raise UsageError(
            f"the class {names.class_name} would hide the one of seqtasks: "
            f"{_instead(names.registered)}"
        )
    return names


def check_free(name: str, kinds: Iterable[Kind]) -> None:
    """Refuse a name that something of one of these kinds has already.

    Raises:
        UsageError: naming the plugin that has it.
    """
    for kind in kinds:
        if entry := current_registry().get(kind, name):
            raise UsageError(
                f"there is already a {kind} '{name}', of plugin {entry.plugin} of "
                f"{entry.distribution}: {_instead(name)}"
            )


def check_module_free(module: str, name: str) -> None:
    """Refuse the name of a module that can be imported.

    Raises:
        UsageError: naming the module.
    """
    if importlib.util.find_spec(module) is not None:
        raise UsageError(f"there is already a module '{module}': {_instead(name)}")


def _instead(name: str) -> str:
    return f"choose another name, such as 'my-{name}'"
