"""Pages to read, each made once."""

from importlib.util import find_spec
from pathlib import Path

import pytest

NEEDED = ("altair", "vl_convert", "jinja2")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests of pages where the extra `report` is not installed."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    here = Path(__file__).parent
    for item in items:
        if missing and here in item.path.parents:
            why = f"the extra report is not installed: {', '.join(missing)}"
            item.add_marker(pytest.mark.skip(reason=why))
