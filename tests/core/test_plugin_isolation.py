"""A plugin that is broken in any way is set aside with one line, and everything else works."""

import signal
import sys
import threading
from pathlib import Path

import pytest

from seqtasks import Experiment, UsageError, __version__, task
from seqtasks.registry.discovery import KINDS, Registry
from seqtasks.registry.plugin_imports import importing

REGISTERS = """
@hookimpl
def register_tasks(register):
    register('kept-out', 'somewhere:Something')
"""


CELLS = "\n@hookimpl\ndef register_cells(register):\n    "


BROKEN = {
    "import": ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    "raises": ("raise ValueError('no licence\\nsecond line')", "ValueError: no licence"),
    "exits": ("raise SystemExit('wants to leave')", "SystemExit: wants to leave"),
    "syntax": ("def (", "SyntaxError: invalid syntax (broken_plugin.py, line 2)"),
    "own-error": ("from seqtasks import UsageError\nraise UsageError('one\\ntwo')", "one"),
    "hook-raises": (REGISTERS + CELLS + "1 / 0", "ZeroDivisionError: division by zero"),
    "hook-exits": (REGISTERS + CELLS + "raise SystemExit(3)", "SystemExit: 3"),
    "unknown-hook": (
        REGISTERS + "\n@hookimpl\ndef register_optimizers(register): ...",
        f"register_optimizers, which seqtasks {__version__} does not know (it may need a newer",
    ),
    "wrong-arguments": (
        REGISTERS + "\n@hookimpl\ndef register_cells(register, surplus): ...",
        "surplus",
    ),
    "observer-wrong-arguments": (
        REGISTERS + "\n@hookimpl\ndef run_started(run, surplus): ...",
        "surplus",
    ),
    "no-arguments": (REGISTERS + "\n@hookimpl\ndef register_cells(): ...", "register_cells()"),
    "generator-exit": ("raise GeneratorExit('at import')", "GeneratorExit: at import"),
    "skipped": ("import pytest\npytest.skip('here', allow_module_level=True)", "Skipped: here"),
    "panic": ("class Panic(BaseException): ...\nraise Panic('of Rust')", "Panic: of Rust"),
    "hook-panics": (REGISTERS + CELLS + "raise GeneratorExit", "GeneratorExit"),
    "unmarked": (
        "def register_tasks(register):\n    register('kept-out', 'a:B')",
        "it defines register_tasks without @seqtasks.hookimpl above it",
    ),
    "one-unmarked": (
        REGISTERS + "\ndef register_cells(register): ...",
        "it defines register_cells without @seqtasks.hookimpl above it",
    ),
    "nothing-marked": ("def tasks(register): ...", "it gives nothing: no function in it is marked"),
}


LEFT_OUT = {
    "name": ("'my cell', object()", "'my cell' cannot be the name of a cell: use letters, digits,"),
    "name-of-two-lines": (
        "'my\\ncell', object()",
        r"'my\ncell' cannot be the name of a cell: use letters, digits, '-' and '_', such as 'my-",
    ),
    "name-no-text": ("3, object()", "the name of a cell must be text, got 3"),
    "name-empty": ("'', object()", "'' cannot be the name of a cell"),
    "target": (
        "'my-cell', 'nowhere'",
        "the target of cell 'my-cell' must be an object or 'module:attribute', got 'nowhere'",
    ),
    "half-target": (
        "'my-cell', 'nowhere:'",
        "the target of cell 'my-cell' must be an object or 'module:attribute', got 'nowhere:'",
    ),
    "summary": ("'mine', object(), summary=5", "the summary of cell 'mine' must be text, got 5"),
    "family": ("'m', object(), family=['a']", "the family of cell 'm' must be text, got ['a']"),
}


def assert_set_aside(registry: Registry, cause: str) -> None:
    __tracebackhide__ = True
    (warning,) = registry.warnings
    start = "plugin broken of broken-dist is set aside: "
    assert warning.startswith(start)
    assert cause in warning.removeprefix(start)
    assert "\n" not in warning
    (broken,) = [plugin for plugin in registry.plugins if plugin.name == "broken"]
    assert broken.status == "set aside"
    assert broken.problem == warning.removeprefix(start)
    assert not [e for kind in KINDS for e in registry.entries(kind) if e.plugin == "broken"]
    assert "broken-dist" not in registry.plugin_versions()
    assert not registry.hooks.has_plugin("broken-dist:broken")


def assert_everything_else_works(registry: Registry) -> None:
    __tracebackhide__ = True
    loaded = [plugin.name for plugin in registry.plugins if plugin.status == "loaded"]
    assert {"builtin", "bits"} <= set(loaded)
    assert registry.load(registry.entry("task", "bitflip")).__name__ == "BitFlip"
    assert registry.get("cell", "gru") is not None


@pytest.mark.parametrize(("code", "cause"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_set_aside_with_one_line_that_says_why(site, code, cause):
    site.plugin("broken", code)
    registry = Registry()
    assert_set_aside(registry, cause)
    assert_everything_else_works(registry)


@pytest.mark.parametrize(("arguments", "why"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_one_thing_registered_wrongly_is_left_out_alone(site, arguments, why):
    site.plugin("half", f"{REGISTERS}{CELLS}register({arguments})\n    register('good', object())")
    registry = Registry()
    [warning] = registry.warnings
    assert warning.startswith(f"plugin half of half-dist has one thing left out: {why}")
    assert "\n" not in warning
    [half] = [plugin for plugin in registry.plugins if plugin.name == "half"]
    assert (half.status, half.problem) == ("loaded", "")
    assert half.gives == {"task": ["kept-out"], "cell": ["good"]}
    assert warning.endswith(half.left_out[0])
    assert registry.get("task", "kept-out") is not None
    assert registry.get("cell", "good") is not None


def test_plugins_before_and_after_a_broken_one_are_loaded(site):
    site.plugin("aardvark", REGISTERS.replace("kept-out", "before"))
    site.plugin("broken", REGISTERS + "raise OSError('gone')\n")
    site.plugin("zebra", REGISTERS.replace("kept-out", "after"))
    registry = Registry()
    assert_set_aside(registry, "OSError: gone")
    assert {"before", "after"} <= set(registry.names("task"))


def test_each_broken_plugin_has_its_own_line(site):
    for name in ("one", "two"):
        site.plugin(name, f"raise OSError('{name} is gone')\n")
    assert Registry().warnings == [
        "plugin one of one-dist is set aside: OSError: one is gone",
        "plugin two of two-dist is set aside: OSError: two is gone",
    ]


def test_a_name_that_a_broken_plugin_wanted_goes_to_the_next(site):
    site.plugin("broken", REGISTERS.replace("kept-out", "wanted") + CELLS + "1 / 0")
    site.plugin("zebra", REGISTERS.replace("kept-out", "wanted"))
    assert Registry().entry("task", "wanted").plugin == "zebra"


def test_a_plugin_whose_entry_point_names_nothing_is_set_aside(site):
    site.plugin("broken", REGISTERS, target="broken_plugin:nothing")
    assert_set_aside(Registry(), "has no attribute 'nothing'")


def test_two_plugins_of_one_module_do_not_harm_each_other(site):
    site.plugin("aardvark", REGISTERS)
    site.plugin("broken", target="aardvark_plugin")
    registry = Registry()
    assert_set_aside(registry, "already registered")
    assert registry.entry("task", "kept-out").plugin == "aardvark"


def test_a_plugin_that_needs_a_newer_seqtasks_is_set_aside_unread(site):
    site.plugin("broken", REGISTERS, requires=("numpy", "seqtasks>=99"))
    assert_set_aside(Registry(), f"it needs seqtasks>=99, this is seqtasks {__version__}")
    assert "broken_plugin" not in sys.modules


@pytest.mark.parametrize("requirement", ["Seqtasks>=99", "SEQTASKS[tensorboard] >= 99"])
def test_the_case_of_a_requirement_does_not_matter(site, requirement):
    site.plugin("broken", REGISTERS, requires=(requirement,))
    assert_set_aside(Registry(), ">=99")


@pytest.mark.parametrize(
    "requirement",
    [
        "seqtasks",
        f"seqtasks=={__version__}",
        "seqtasks[tensorboard]>=0.1",
        "seqtasks-other>=99",
        "seqtasks>=99; extra == 'future'",
        "seqtasks>=99; python_version < '3'",
    ],
)
def test_a_requirement_that_holds_or_does_not_apply_keeps_no_plugin_out(site, requirement):
    site.plugin("mine", REGISTERS.replace("kept-out", "let-in"), requires=(requirement,))
    registry = Registry()
    assert registry.warnings == []
    assert "let-in" in registry.names("task")


def test_a_prerelease_satisfies_what_asks_for_less(site, monkeypatch):
    monkeypatch.setattr("seqtasks.registry.plugin_imports.__version__", "0.2.0rc1")
    site.plugin("mine", REGISTERS, requires=("seqtasks>=0.1",))
    assert Registry().warnings == []


def test_a_requirement_that_cannot_be_read_sets_the_plugin_aside(site):
    site.plugin("broken", REGISTERS, requires=("seqtasks (>=",))
    assert_set_aside(Registry(), "InvalidRequirement")


@pytest.mark.parametrize("metadata", [None, "Metadata-Version: 2.1\n"], ids=["missing", "nameless"])
def test_a_distribution_with_damaged_metadata_harms_nothing(site, metadata):
    site.plugin("aardvark", REGISTERS.replace("kept-out", "beside"))
    site.plugin("broken", REGISTERS)
    file = site.folder / "broken_dist-1.0.dist-info" / "METADATA"
    file.unlink() if metadata is None else file.write_text(metadata)
    registry = Registry()
    assert_everything_else_works(registry)
    assert "beside" in registry.names("task")


def test_an_interrupt_while_plugins_load_is_an_interrupt(site):
    site.plugin("impatient", "raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        Registry()


def test_a_thing_that_is_no_task_says_whose_it_is(site, monkeypatch):
    monkeypatch.setattr("seqtasks.registry.discovery._current", None)
    site.plugin("mine", "\n@hookimpl\ndef register_tasks(register):\n    register('thing', 3)\n")
    message = r"task 'thing' of plugin mine \(mine-dist\) is not a subclass of seqtasks\.Task"
    with pytest.raises(UsageError, match=message):
        task("thing")


def test_a_target_that_is_missing_harms_no_other_of_its_plugin(site, monkeypatch):
    monkeypatch.setattr("seqtasks.registry.discovery._current", None)
    site.module("mine_parts", "from seqtasks_bits.parity import Parity\nclass Good(Parity): ...\n")
    hook = "\n@hookimpl\ndef register_tasks(register):\n    register('bad', 'mine_parts:Gone')\n"
    site.plugin("mine", hook + "    register('good', 'mine_parts:Good')\n")
    good = task("good")
    assert Experiment.for_task(good).to_json()[0]["task"] == "good"


def test_a_plugin_does_not_move_the_process_nor_make_it_deaf(site, tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    code = "import os, signal\nos.chdir('/')\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    site.plugin("broken", code + CELLS + "register('mine', object())")
    before = signal.getsignal(signal.SIGTERM)
    Registry()
    assert Path.cwd() == tmp_path
    assert signal.getsignal(signal.SIGTERM) is before
    said = [record.getMessage() for record in caplog.records]
    assert "plugin broken of broken-dist changed the current folder; it is put back" in said
    assert "plugin broken of broken-dist ignored SIGTERM; it is heeded again" in said


def test_threads_that_import_plugins_at_once_leave_stdout_where_it_was():
    entered, left, wait = threading.Event(), threading.Event(), 0.2

    def first():
        with importing("plugin one", "one"):
            entered.set()
            left.wait(wait)  # the second would be inside by then

    def second():
        entered.wait()
        with importing("plugin two", "two"):
            left.set()
            threads[0].join(wait)

    before = sys.stdout
    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sys.stdout is before
