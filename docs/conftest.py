"""A page's examples run in an empty folder that holds the files the page shows."""

import pytest
from pages import write_files

# Tools, not pages; one needs packages that the tests do not.
collect_ignore = [
    "conftest.py",
    "docstring_examples.py",
    "gallery_pages.py",
    "make_console.py",
    "make_pictures.py",
    "pages.py",
]


@pytest.fixture(autouse=True)
def page_folder(request, tmp_path, monkeypatch):
    """Write the files that the page shows into a new folder, and go there."""
    write_files(request.path.read_text(encoding="utf-8"), tmp_path)
    monkeypatch.chdir(tmp_path)
