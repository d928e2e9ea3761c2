"""A page's examples run in an empty folder that holds the files the page shows."""

import importlib.util
import sys

import pytest
from pages import write_files
from stand_in_optuna import stand_in

# Tools, not pages; one needs packages that the tests do not.
collect_ignore = [
    "conftest.py",
    "docstring_examples.py",
    "gallery_pages.py",
    "make_cell_tables.py",
    "make_console.py",
    "make_pictures.py",
    "pages.py",
    "stand_in_optuna.py",
]

NEEDS = {
    "hugging-face.md": "datasets",
    "jax.md": "jax",
    "lightning.md": "lightning",
    "other-programs.md": "pandas",
    "report.md": "vl_convert",
}
"""The packages without which a page cannot run."""

SLOW = ("hugging-face.md", "jax.md", "lightning.md", "serve-a-model.md")
"""Pages that take seconds, most of them to import or to export."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the slow pages; Lightning warns of torch, on which we have no influence."""
    for item in items:
        if item.path.name in SLOW and item.path.parent.name == "how-to":
            item.add_marker(pytest.mark.slow)
        if item.path.name == "lightning.md":
            item.add_marker(pytest.mark.filterwarnings("ignore"))


@pytest.fixture(autouse=True)
def page_folder(request, tmp_path, monkeypatch):
    """Write the files that the page shows into a new folder, and go there."""
    needed = NEEDS.get(request.path.name)
    if needed is not None and importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    if request.path.name == "optuna.md" and importlib.util.find_spec("optuna") is None:
        monkeypatch.setitem(sys.modules, "optuna", stand_in())
    write_files(request.path.read_text(encoding="utf-8"), tmp_path)
    monkeypatch.chdir(tmp_path)
