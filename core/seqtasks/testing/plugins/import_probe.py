"""Import a plugin in a process of its own, and write down what its import did.

    python -P import_probe.py NAME VALUE FILE

NAME and VALUE are an entry point of the group `seqtasks`; FILE gets a JSON document. It is a
program, not a module: what `seqtasks.testing` imports would hide what the plugin imports.
"""

import hashlib
import importlib
import inspect
import json
import locale
import logging
import os
import random
import signal
import sys
import threading
import time
import warnings
from importlib.metadata import EntryPoint
from typing import Any

import pluggy

from seqtasks import hookspecs
from seqtasks.errors import one_line
from seqtasks.registry.process_settings import torch_settings, warn_of_replaced
from seqtasks.registry.registrations import KINDS, Entry, Plugin, collector


def main(name: str, value: str, file: str) -> None:
    """Import the plugin, call its hooks, and write what happened to a file."""
    importlib.import_module("click")  # as every command has done before
    before, settings, variables = set(sys.modules), _settings(), dict(os.environ)
    point = EntryPoint(name, value, hookspecs.ENTRY_POINT_GROUP)
    plugin, entries = Plugin(name, "", ""), list[Entry]()
    found: dict[str, Any] = {"error": "", "unknown_hooks": [], "unmarked_hooks": []}
    start = time.process_time()
    try:
        module = point.load()
        marked = _marked(module)
        found["wrong_arguments"] = _wrong_arguments(module, marked)
        for kind in KINDS:
            hook = marked.get(f"register_{kind}s")
            if hook and not found["wrong_arguments"]:
                hook(collector(kind, plugin, entries))
    except BaseException as error:  # foreign code may raise anything at import
        found["error"] = one_line(error)
        module, marked = None, dict[str, Any]()
    found["seconds"] = time.process_time() - start
    new = {one.partition(".")[0] for one in set(sys.modules) - before if one[0] != "_"}
    ours = {one for one in set(sys.modules) - before if one.startswith("seqtasks.")}
    own = value.partition(":")[0].partition(".")[0]
    found["modules"] = sorted(new - {own, "seqtasks"} - set(sys.stdlib_module_names))
    found["seqtasks_modules"] = sorted({".".join(one.split(".")[:2]) for one in ours})
    found["changed"] = _changed(settings, variables, own)
    found["numpy_state"] = _numpy_state()
    if module is not None:
        known = _hooks()
        found["unknown_hooks"] = sorted(set(marked) - known)
        found["unmarked_hooks"] = sorted(
            one
            for one in known - set(marked)
            if getattr(getattr(module, one, None), "__module__", None)
            == getattr(module, "__name__", "")
        )
        found["marked_hooks"] = sorted(marked)
    found["left_out"] = plugin.left_out
    with open(file, "w", encoding="utf-8") as out:
        json.dump(found, out)


def _hooks() -> set[str]:
    return {name for name, one in vars(hookspecs).items() if hasattr(one, "seqtasks_spec")}


def _marked(module: Any) -> dict[str, Any]:
    """Return the functions that are marked as hooks, by the hook's name."""
    found: dict[str, Any] = {}
    for name in dir(module):
        one = getattr(module, name, None)
        options = getattr(one, "seqtasks_impl", None)
        if isinstance(options, dict):
            found[options.get("specname") or name] = one
    return found


def _wrong_arguments(module: Any, marked: dict[str, Any]) -> str:
    """Return what is wrong with the arguments of a hook; empty if nothing is."""
    for name, hook in marked.items():
        if name.startswith("register_") and "register" not in inspect.signature(hook).parameters:
            return f"its hook {name} must take the argument `register`"
    manager = pluggy.PluginManager("seqtasks")
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(module)
    except pluggy.PluginValidationError as error:
        return " ".join(str(error).split())
    return ""


def _is_for_all(one: Any) -> bool:
    """Say whether a filter is for all warnings; libraries add filters for warnings of their own."""
    _, message, category, module, _ = one
    return message is None and module is None and category is Warning


def _settings() -> dict[str, Any]:
    """Return what an import must leave as it is, each as text."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    root = logging.getLogger()
    return {
        "the current folder": os.path.realpath(os.curdir),
        "the handlers of signals": [repr(signal.getsignal(number)) for number in numbers],
        "Python's recursion limit": sys.getrecursionlimit(),
        "sys.path": list(sys.path),
        "the filters of warnings": [one for one in warnings.filters if _is_for_all(one)],
        "the root logger": [root.level, list(map(repr, root.handlers))],
        "Python's random state": hash(random.getstate()),
        "the locale": locale.setlocale(locale.LC_ALL),
        "sys.stdout or sys.stderr": [id(sys.stdout), id(sys.stderr)],
        "sys.excepthook": id(sys.excepthook),
        "the threads of Python": sorted(one.name for one in threading.enumerate()),
        "torch's default type, device or gradients": torch_settings(),
    }


def _changed(before: dict[str, Any], variables: dict[str, str], own: str) -> list[str]:
    """Return what the import changed, in words."""
    after = _settings()
    changed = [name for name, value in before.items() if after[name] != value]
    names = sorted(variables.keys() | os.environ.keys())
    changed += [
        f"the environment variable {name}"
        for name in names
        if variables.get(name) != os.environ.get(name)
    ]
    warned: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: warned.append(record.getMessage())
    logging.getLogger("seqtasks").addHandler(handler)
    if own != "seqtasks":
        warn_of_replaced("it", own)
    return [*changed, *(f"functions of ours: {text}" for text in warned)]


def _numpy_state() -> str:
    """Return NumPy's global random state, which differs in each process unless it was set."""
    numpy: Any = sys.modules.get("numpy")
    if numpy is None or "numpy.random" not in sys.modules:
        return ""
    return hashlib.sha256(numpy.random.get_state()[1].tobytes()).hexdigest()


if __name__ == "__main__":
    main(*sys.argv[1:])
