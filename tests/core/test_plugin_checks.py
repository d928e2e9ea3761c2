"""Each mistake in a long table of plugins is caught by the check that one would expect."""

import importlib
import json
import zipfile
from pathlib import Path

import pytest

import seqtasks as st
from seqtasks.registry.discovery import use_registry
from seqtasks.testing import (
    check_plugin,
    find_plugin,
    plugin_checks,
    run_checks,
    subjects,
    task_checks,
)
from seqtasks.testing.check import CheckFailedError
from seqtasks.testing.plugins import importing, wheels

GOOD = "seqtasks>=0.1"
TASK = """
@hookimpl
def register_tasks(register):
    register("mine", "mine_parts:Mine", "say the bit again")
"""
PARTS = """
import numpy as np
import seqtasks as st
import click

class Mine(st.Task):
    "Say the bit again."
    source = "our own"
    inputs = targets = st.Tokens("01")
    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))
    def encode(self, inputs):
        return inputs

class Silent(Mine): ...

class Mixes(Mine):
    "Mix the rows of a batch."
    def encode(self, inputs):
        return (inputs + inputs.sum()) % 2

@click.command()
def quiet(): ...
"""


@pytest.fixture
def planted(site):
    """Install a plugin `mine` of `mine-dist`, and return what its checks say."""

    def install(code=TASK, requires=(GOOD,), target=""):
        site.module("mine_parts", PARTS)
        site.plugin("mine", code, requires, target)
        use_registry()
        return "mine-dist"

    yield install
    site.folder.rename(site.folder.with_name("gone"))
    use_registry()


@pytest.fixture(autouse=True)
def few_checks(monkeypatch):
    """Of a task, try two promises: all take seconds."""
    names = {"encode-is-pure", "rows-are-independent"}
    few = [one for one in task_checks(st.task("parity")) if one.name in names]
    monkeypatch.setattr(subjects, "task_checks", lambda task: few)


def told(name, *only):
    """Return status and message of each check, or of a few, by the check's name."""
    plugin = find_plugin(name)
    checks = [one for one in plugin_checks(plugin) if one.name in (only or [one.name])]
    outcomes = run_checks(plugin, checks)
    return {one.check.name: (one.status, one.message) for one in outcomes}


def failed(found):
    return [name for name, (status, _) in found.items() if status == "failed"]


def test_a_plugin_that_does_what_it_must_passes_and_each_thing_has_a_check(planted):
    found = told(planted())
    assert failed(found) == []
    assert found["has-an-entry-point"] == ("passed", "mine = mine_plugin")
    assert found["requires-seqtasks"] == ("passed", "seqtasks>=0.1")
    assert found["registers-rightly"] == ("passed", "1 task")
    assert found["builds-a-wheel"][0] == "skipped"  # a folder that was never built
    assert found["installs"] == (
        "skipped",
        "only with --install: it downloads all that the plugin requires",
    )
    assert found["task-mine"] == ("passed", "2 passed")
    check_plugin("mine")


PLANTED = {
    "imports-no-torch": ("import torch\n" + TASK, "imports torch: register each thing by a lazy"),
    "prints-nothing": ("print('hello')\n" + TASK, "prints 'hello'"),
    "hooks-are-known": (
        TASK + "\n@hookimpl\ndef register_optimizers(register): ...\n",
        "register_optimizers, which seqtasks",
    ),
    "hooks-are-known ": (
        TASK + "\n@hookimpl\ndef register_cells(register, surplus): ...\n",
        "surplus",
    ),
    "hooks-are-known    ": (
        TASK.replace("(register)", "(given)").replace("    register(", "    given("),
        "must take the argument `register`",
    ),
    "hooks-are-known  ": ("def register_tasks(register): ...", "without @seqtasks.hookimpl above"),
    "hooks-are-known   ": ("nothing = 1", "gives nothing: mark a hook"),
    "registers-rightly": (TASK.replace('"mine"', '"my task"'), "cannot be the name of a task"),
    "targets-exist": (TASK.replace(":Mine", ":Gone"), "has no attribute 'Gone'"),
    "names-are-free": (TASK.replace('"mine"', '"parity"'), "also registered by plugin bits"),
    "each-thing-is-documented": (TASK.replace(":Mine", ":Silent"), "task 'mine' has no docum"),
    "can-be-imported": ("import no_such_module\n" + TASK, "No module named 'no_such_module'"),
}


@pytest.mark.parametrize("check", PLANTED)
def test_a_planted_mistake_is_caught_by_its_check_alone(planted, site, check):
    code, words = PLANTED[check]
    if "torch" in check:
        # the real one takes a second
        site.module("torch", "def get_rng_state(): ...\ndef set_rng_state(state): ...\n")
    found = told(planted(code))
    assert failed(found) == [check.strip()]
    assert words in found[check.strip()][1]


def test_a_slow_import_is_told_with_its_time(planted, monkeypatch):
    monkeypatch.setattr(importing, "_LONGEST_IMPORT", 0.02)
    wait = "import time\nwhile time.process_time() - start < 0.03: ...\n"
    found = told(planted(f"import time\nstart = time.process_time()\n{wait}{TASK}"))
    assert failed(found) == ["imports-quickly"]
    assert (
        "takes 0.03 s of processor time, and brings in no other package"
        in found["imports-quickly"][1]
    )


CHANGES = {
    "import os; os.environ['OMP_NUM_THREADS'] = '7'": "variable OMP_NUM_THREADS",
    "import random; random.seed(0)": "Python's random state",
    "import numpy as np; np.random.seed(0)": "NumPy's random state",
    "import warnings; warnings.simplefilter('ignore')": "the filters of warnings",
    "import logging; logging.basicConfig()": "the root logger",
    "import sys; sys.path.append('/nowhere')": "sys.path",
    "import os; os.chdir('/')": "the current folder",
}


def test_a_changed_setting_of_the_process_is_named(planted):
    found = told(planted("\n".join([*CHANGES, TASK])))
    assert failed(found) == ["changes-no-settings"]
    for words in CHANGES.values():
        assert words in found["changes-no-settings"][1]


def test_numpy_alone_changes_nothing_and_is_named_as_brought_in(planted):
    found = told(planted(f"import numpy\n{TASK}"))
    assert failed(found) == []
    assert "numpy" in found["imports-no-torch"][1]


@pytest.mark.parametrize(
    ("requires", "words"),
    [
        ((), "does not require seqtasks"),
        (("seqtasks",), "requires any version of seqtasks"),
        (("seqtasks>=99",), "it needs seqtasks>=99"),
    ],
)
def test_a_requirement_that_is_missing_or_does_not_fit_is_named(planted, requires, words):
    found = told(planted(requires=requires), "requires-seqtasks", "can-be-imported")
    assert failed(found) == ["requires-seqtasks"]
    assert words in found["requires-seqtasks"][1]


def test_a_distribution_without_an_entry_point_is_told_what_to_write():
    found = told("numpy")
    assert failed(found) == ["has-an-entry-point", "requires-seqtasks"]
    assert "[project.entry-points.seqtasks]" in found["has-an-entry-point"][1]


OBJECT = """
class Plugin:
    @hookimpl(specname="register_tasks")
    def tasks(self, register):
        register("mine", "mine_parts:Mine", "say the bit again")
plugin = Plugin()
"""


def test_an_object_whose_hooks_have_other_names_passes(planted):
    found = told(planted(OBJECT, target="mine_plugin:plugin"))
    assert failed(found) == []
    assert found["hooks-are-known"] == ("passed", "register_tasks")
    assert found["registers-rightly"] == ("passed", "1 task")


def test_a_command_without_help_and_a_summary_that_lacks_are_told(planted):
    hook = "@hookimpl\ndef register_commands(register):\n    register('quiet', 'mine_parts:quiet'"
    found = told(planted(f"{TASK}{hook}, 'does nothing')\n"))
    assert "command 'quiet' has no documentation" in found["each-thing-is-documented"][1]


def test_an_import_that_ends_the_process_is_told(planted):
    found = told(planted(f"import os, sys\nif len(sys.argv) == 4: os._exit(3)\n{TASK}"))
    assert "ended the process with code 3" in found["can-be-imported"][1]


def test_an_unknown_or_switched_off_plugin_is_refused():
    with pytest.raises(st.UsageError, match=r"no distribution 'memry'\. Did you mean 'memory'\?"):
        check_plugin("memry")
    with pytest.raises(st.UsageError, match="no distribution 'seqtasks-absent'"):
        subjects.find_subject("seqtasks-absent")
    use_registry(["bits"])
    try:
        with pytest.raises(st.UsageError, match="bits is switched off"):
            check_plugin("bits")
    finally:
        use_registry()


def test_failures_come_as_one_error_and_a_check_can_be_skipped(planted):
    name = planted("print('hello')\n" + TASK)
    with pytest.raises(CheckFailedError, match=r"fails 1 of \d+ checks:\n- prints-nothing: "):
        check_plugin(name)
    check_plugin("mine", skip={"prints-nothing": "a greeting"})


def test_a_thing_that_lost_its_name_is_checked_and_not_the_one_that_has_it(planted):
    name = planted(TASK.replace('"mine"', '"parity"').replace(":Mine", ":Mixes"))
    status, message = told(name, "task-parity")["task-parity"]
    assert status == "failed"
    assert "`seqtasks check mine/parity --kind task` shows all\n" in message


def test_a_thing_that_fails_its_checks_is_named_with_them(planted):
    name = planted(TASK.replace(":Mine", ":Mixes"))
    status, message = told(name, "task-mine")["task-mine"]
    assert status == "failed"
    assert "`seqtasks check mine --kind task` shows all\n" in message
    assert "rows-are-independent: " in message


@pytest.mark.parametrize(
    ("name", "task"),
    [("memory", "copy"), pytest.param("seqtasks", "parity", marks=pytest.mark.slow)],
)
def test_our_own_plugins_pass_and_have_a_check_for_each_thing(name, task):
    plugin = find_plugin(name)
    things = {f"{entry.kind}-{entry.name}" for entry in plugin.entries}
    own = [one for one in plugin_checks(plugin) if one.name not in things | {"builds-a-wheel"}]
    outcomes = run_checks(plugin, own)
    assert [one.check.name for one in outcomes if one.status == "failed"] == []
    assert f"task-{task}" in {one.name for one in plugin_checks(plugin)} & things


def test_the_page_of_the_checks_has_the_promise_of_each(planted):
    page = (Path(__file__).parents[2] / "docs" / "reference" / "checks.md").read_text()
    section = page.partition("## Checks of a plugin")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    plugin = find_plugin(planted())
    checks = [one for one in plugin_checks(plugin, install=True) if one.name != "task-mine"]
    assert rows == [f"| `{check.name}` | {check.promise} |" for check in checks]


# ---- wheels


@pytest.fixture
def project(site, tmp_path):
    """A source folder of a plugin, and its distribution, which is known to come from there."""

    def make(packages='["mine_plugin"]', registered="mine_plugin.parts:Mine"):
        folder = tmp_path / "project"
        (folder / "mine_plugin").mkdir(parents=True)
        (folder / "mine_plugin" / "__init__.py").write_text(
            "from seqtasks import hookimpl\n" + TASK.replace("mine_parts:Mine", registered)
        )
        (folder / "mine_plugin" / "parts.py").write_text(PARTS)
        (folder / "mine_more").mkdir()
        (folder / "mine_more" / "__init__.py").write_text(PARTS)
        (folder / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            '[project]\nname = "mine-dist"\nversion = "1.0"\ndependencies = ["seqtasks>=0.1"]\n'
            '[project.entry-points.seqtasks]\nmine = "mine_plugin"\n'
            f"[tool.hatch.build.targets.wheel]\npackages = {packages}\n"
        )
        info = site.folder / "mine_dist-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine-dist\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[seqtasks]\nmine = mine_plugin\n")
        url = {"url": folder.as_uri(), "dir_info": {"editable": True}}
        (info / "direct_url.json").write_text(json.dumps(url))
        for name in ("mine_plugin", "mine_more"):
            (site.folder / name).symlink_to(folder / name)
        importlib.invalidate_caches()
        use_registry()
        return find_plugin("mine-dist")

    yield make
    site.folder.rename(site.folder.with_name("gone"))
    use_registry()


def wheel_of(folder, *names, points="[seqtasks]\nmine = mine_plugin\n"):
    """Return a wheel that holds files of these names."""
    path = folder / "mine_dist-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")
        archive.writestr("mine_dist-1.0.dist-info/entry_points.txt", points)
    return path


MODULE = "mine_plugin/__init__.py"
WHEELS = {
    "complete": ((MODULE, "mine_plugin/parts.py"), {}, None),
    "no module": (("other.py",), {}, "lacks mine_plugin, the module of its entry point"),
    "no target": ((MODULE,), {}, "lacks mine_plugin/parts, the target of its task 'mine'"),
    "no entry point": ((MODULE,), {"points": "[console_scripts]\n"}, "no entry point of the group"),
}


@pytest.mark.parametrize(("names", "options", "words"), WHEELS.values(), ids=WHEELS)
def test_a_wheel_that_lacks_what_the_plugin_needs_is_told(
    project, monkeypatch, tmp_path, names, options, words
):
    plugin = project()
    monkeypatch.setattr(wheels, "_built", lambda *_: wheel_of(tmp_path, *names, **options))
    if words is None:
        assert wheels.builds_a_wheel(plugin) == "mine_dist-1.0-py3-none-any.whl, 3 files"
    else:
        with pytest.raises(CheckFailedError, match=words):
            wheels.builds_a_wheel(plugin)


@pytest.mark.slow
def test_the_wheel_of_the_source_folder_is_built_beside_nothing_of_it(project):
    plugin = project()
    folder = wheels._source_of(plugin.distribution)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert wheels.builds_a_wheel(plugin).startswith("mine_dist-1.0-")
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.mark.slow
def test_a_package_that_is_not_in_the_wheel_and_a_build_that_fails_are_told(project):
    plugin = project('["mine_more"]', "mine_more:Mine")
    with pytest.raises(CheckFailedError, match="lacks mine_plugin, the module of its entry point"):
        wheels.builds_a_wheel(plugin)
    folder = wheels._source_of(plugin.distribution)
    (folder / "pyproject.toml").write_text("[project]\nname = 3\n")
    with pytest.raises(CheckFailedError, match=r"pip wheel .* failed:"):
        wheels.builds_a_wheel(plugin)
