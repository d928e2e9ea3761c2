"""What another process does for a check: make a task, draw from it, and answer with digests."""

import importlib
import json
import os
import signal
import sys
from typing import Any

from seqtasks.errors import one_line
from seqtasks.registry.discovery import DISABLE_VARIABLE, current_registry, use_registry
from seqtasks.registry.find import build_task
from seqtasks.registry.find import task as find_task
from seqtasks.registry.references import class_reference
from seqtasks.specs.bind import bind
from seqtasks.tasks.task import Task
from seqtasks.testing.tasks.samples import digest

__all__ = ["main"]

_SECONDS_IDLE = 300
"""After this time without a request the process ends: a notebook may stay open for days."""


def main() -> None:
    """Answer each line of stdin by a line on stdout, until stdin is closed.

    The argument is 1 if torch may be imported, and 0 if not.
    """
    if sys.argv[1] == "0":
        modules: dict[str, Any] = sys.modules
        modules["torch"] = None  # so that an import of it fails
    with os.fdopen(os.dup(1), "w") as out:
        os.dup2(2, 1)  # what a task's module prints must not stand among the answers
        settled: dict[str, Any] = {"path": list(sys.path)}
        signal.alarm(_SECONDS_IDLE)
        for line in sys.stdin:
            signal.alarm(0)
            request = json.loads(line)
            surroundings = {name: request[name] for name in ("folder", "path", "disabled")}
            if surroundings != settled:
                _settle(surroundings, settled["path"])
                settled = surroundings
            out.write(json.dumps(_answer(request)) + "\n")
            out.flush()
            signal.alarm(_SECONDS_IDLE)


def _settle(surroundings: dict[str, Any], before: list[str]) -> None:
    """Go to the folder of a request, and look for modules and plugins where it does.

    What was imported from places that are on the path no more is forgotten.
    """
    os.chdir(surroundings["folder"])
    gone = tuple(f"{place}{os.sep}" for place in set(before) - set(surroundings["path"]) if place)
    for name, module in list(sys.modules.items()):
        if gone and (getattr(module, "__file__", None) or "").startswith(gone):
            del sys.modules[name]
    sys.path[:] = surroundings["path"]
    os.environ[DISABLE_VARIABLE] = surroundings["disabled"]
    importlib.invalidate_caches()
    use_registry()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        made = _made(request["reference"])
        return {"digests": [*digest(made, request["lengths"])]}
    except _NotThereError as error:
        return {"digests": [], "error": str(error), "not_there": True}
    except (Exception, SystemExit) as error:
        missing = any(
            isinstance(one, ImportError) and (one.name or "").partition(".")[0] == "torch"
            for one in _causes(error)
        )
        in_plugin = not missing and any(
            one.status == "set aside" and "torch" in (one.problem or "")
            for one in current_registry().plugins
        )
        return {
            "digests": [],
            "error": one_line(error),
            "lacks_torch": missing or in_plugin,
            "in_plugin": in_plugin,
        }


class _NotThereError(Exception):
    """Only the program that asks can make the task."""


def _made(reference: Any) -> Task:
    if isinstance(reference, str):
        return find_task(reference)
    name, spec = class_reference(reference, "task")
    try:
        target: Any = importlib.import_module(name)
        for part in spec.name.split("."):
            target = getattr(target, part)
    except AttributeError as error:
        raise _NotThereError(f"{name} has no class {spec.name}") from error
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise _NotThereError(f"there is no module {name}") from error
        raise
    return build_task(target, bind(spec, target), reference["class"])


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    pending: BaseException | None = error
    while pending is not None and pending not in found:
        found.append(pending)
        pending = pending.__cause__ or pending.__context__
    return found
