"""The sanitizers find nothing in generated programs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_exactness import BUILT_IN, PUBLISHED

FLAGS = "-O1 -g0 -fsanitize=address,undefined -fno-sanitize-recover=all"
SCRIPT = Path(__file__).with_name("sanitized.py")


@pytest.fixture(scope="session")
def libraries():
    """Return what is to be loaded before Python; skip where there is none."""
    if shutil.which("gcc") is None:
        pytest.skip("there is no gcc")
    found = []
    for name in ("libasan.so", "libubsan.so"):
        asked = ["gcc", f"-print-file-name={name}"]
        path = subprocess.run(asked, capture_output=True, text=True).stdout.strip()
        if not Path(path).is_absolute():
            pytest.skip(f"gcc has no {name}")
        found.append(path)
    return ":".join(found)


def sanitized(libraries, *cells):
    variables = {
        "CC": "gcc",
        "SEQTASKS_CFLAGS": FLAGS,
        "LD_PRELOAD": libraries,
        "ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *cells],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.split() == list(cells)


def test_one_cell(libraries):
    sanitized(libraries, "lstm")


@pytest.mark.slow
@pytest.mark.parametrize("cell", BUILT_IN + PUBLISHED)
def test_every_cell(libraries, cell):
    sanitized(libraries, cell)


def test_they_would_find_something(libraries, tmp_path):
    """A program that writes behind its memory ends with the sanitizer's report."""
    code = (
        "import ctypes, sys; from seqtasks.engine.native.compiler import load;"
        "library = load('#include <stdlib.h>\\nint f(int n) { char *p = malloc(8); p[n] = 1; "
        "int r = p[n]; free(p); return r; }');"
        "print(library.f(7)); library.f(8)"
    )
    variables = {"CC": "gcc", "SEQTASKS_CFLAGS": FLAGS, "LD_PRELOAD": libraries}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **variables, "SEQTASKS_CACHE": str(tmp_path / "programs")},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "1\n" or done.stdout == ""
    assert done.returncode != 0
    assert "heap-buffer-overflow" in done.stderr
