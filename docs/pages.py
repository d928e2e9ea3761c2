"""The files that a page shows: its code blocks with a title."""

import re
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "tests" / "example_plugin"
EXAMPLE_FOLDER = "seqtasks-example/"
SHOWN_FILE = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
DOCSTRING_EXAMPLE = re.compile(r'\n\n    Example:\n.*?(?=\n    """)', re.DOTALL)


def write_files(page: str, folder: Path) -> None:
    """Write the files that a page shows into a folder.

    Blocks of one title are parts of one file, two empty lines apart. A file of the example plugin
    must equal `tests/example_plugin`, without the examples in its docstrings.
    """
    for name, content in SHOWN_FILE.findall(page):
        if name.startswith(EXAMPLE_FOLDER):
            original = EXAMPLE / name.removeprefix(EXAMPLE_FOLDER)
            text = DOCSTRING_EXAMPLE.sub("", original.read_text(encoding="utf-8"))
            assert content == text, f"{name} is not {original}"
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text(encoding="utf-8") + "\n\n" if file.exists() else ""
        file.write_text(before + content, encoding="utf-8")
