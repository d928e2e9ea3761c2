"""What the engines write for five small models is kept whole, so that no change goes unseen.

A difference is no fault in itself: a better program is a difference too. Look at it, and if it is
meant, renew the files with `pytest tests/engine/test_golden_sources.py --renew`.
"""

import difflib
from pathlib import Path

import pytest
from golden_models import GOLDEN, WRITERS

FOLDER = Path(__file__).parent / "golden"
NAMES = [f"{name}{suffix}" for name in GOLDEN for suffix in WRITERS]
MOST_LINES = 120


@pytest.mark.parametrize("name", NAMES)
def test_a_source_is_what_it_was(name, request):
    path = FOLDER / name
    written = WRITERS[path.suffix](GOLDEN[path.stem])
    if request.config.getoption("renew"):
        path.write_text(written)
    kept = path.read_text() if path.exists() else ""
    if written != kept:
        pytest.fail(_difference(kept, written, name), pytrace=False)


def test_every_kept_source_is_compared():
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(NAMES)


@pytest.mark.parametrize("name", GOLDEN)
def test_a_kept_source_names_no_processor_and_no_folder(name):
    for suffix in WRITERS:
        text = (FOLDER / f"{name}{suffix}").read_text()
        assert "/home" not in text
        assert str(Path(__file__).parents[2]) not in text
        assert "#include" not in text.replace("#include <pthread.h>\n#include <sched.h>\n", "")


def test_a_difference_is_told_line_by_line_with_the_command_that_renews():
    told = _difference("one\ntwo\nthree\n", "one\n2\nthree\n", "gru.c")
    assert "-two\n+2\n" in told
    assert "tests/engine/test_golden_sources.py --renew" in told
    long = _difference("", "line\n" * 1000, "gru.c")
    assert long.count("\n") < MOST_LINES + 10
    assert "more lines differ" in long


def _difference(kept: str, written: str, name: str) -> str:
    lines = list(
        difflib.unified_diff(
            kept.splitlines(keepends=True),
            written.splitlines(keepends=True),
            f"golden/{name}, as kept",
            f"{name}, as written now",
            n=2,
        )
    )
    shown = "".join(lines[:MOST_LINES])
    if len(lines) > MOST_LINES:
        shown += f"... and {len(lines) - MOST_LINES} more lines differ\n"
    return (
        f"The engine writes another {name} than the one kept. If that is meant, renew it with\n"
        f"    pytest tests/engine/test_golden_sources.py --renew\n\n{shown}"
    )
