"""What every test, example and page runs with: few threads, checked graphs, quick compilations."""

import os
import signal
import tempfile
from collections import Counter
from importlib.util import find_spec

import pytest
from tests.quick_shares import QUICK_SHARES

# Threads of several workers at once would wait for each other more than they compute.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Every graph is verified between the engine's passes.
os.environ.setdefault("SEQTASKS_VERIFY", "1")
# Without optimisation, and with functions that stay functions, gcc takes a seventh of the time.
QUICK_FLAGS = "-O0 -DINLINE=static"
# What the tests allow to be executed is forgotten with them.
os.environ["SEQTASKS_STATE"] = tempfile.mkdtemp(prefix="seqtasks-state-")

# A shell without job control lets what it starts in the background ignore SIGINT, and all that
# this starts in turn: the commands that the tests interrupt would not hear of it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

collect_ignore = ["conftest.py"]
# Without the extra `report`, the modules that make pages cannot be imported.
no_pages = not all(find_spec(name) for name in ("altair", "jinja2", "vl_convert"))
collect_ignore_glob = ["core/seqtasks/reports/*"] if no_pages else []


def pytest_configure(config: pytest.Config) -> None:
    """Let all tests share the programs they compile, and keep them for the next time.

    The quick suite compiles quickly. Where slow tests run, all programs are as for users: two tests
    may compare their bits. `SEQTASKS_CFLAGS= pytest` runs the quick suite with those flags too.
    """
    quick = config.option.markexpr == "not slow"
    os.environ.setdefault("SEQTASKS_CFLAGS", QUICK_FLAGS if quick else "")
    folder = config.cache.mkdir("programs")
    folder.chmod(0o700)
    os.environ["SEQTASKS_CACHE"] = str(folder)


@pytest.hookimpl(tryfirst=True)  # before pytest deselects the slow tests
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow the cases that `tests/quick_shares.py` leaves out of the quick suite."""
    cases: Counter[str] = Counter()
    for item in items:
        if item.get_closest_marker("slow") is not None:
            continue
        test = item.nodeid.partition("[")[0]
        file, _, name = test.partition("::")
        share = QUICK_SHARES.get(file, {}).get(name)
        if share is not None:
            if share == 0 or cases[test] % share:
                item.add_marker(pytest.mark.slow)
            cases[test] += 1


@pytest.fixture
def compiled_as_for_users(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile programs with the flags that users get."""
    monkeypatch.setenv("SEQTASKS_CFLAGS", "")
