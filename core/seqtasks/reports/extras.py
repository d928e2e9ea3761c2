"""What the extra `report` installs: the charts, their JavaScript, the templates."""

from importlib.util import find_spec

from seqtasks.errors import UsageError

__all__ = ["check_extras"]

_NEEDED = {"altair": "altair", "vl_convert": "vl-convert-python", "jinja2": "jinja2"}


def check_extras() -> None:
    """Check that all that pages are made with is installed.

    Raises:
        UsageError: if something is missing, with the command that installs it.
    """
    missing = [package for module, package in _NEEDED.items() if find_spec(module) is None]
    if missing:
        raise UsageError(f"a report needs {', '.join(missing)}: pip install 'seqtasks[report]'")
