"""The registry finds what plugins offer, in a fixed order, and says plainly what it lacks."""

import sys

import pytest

from seqtasks import UsageError
from seqtasks.registry.discovery import (
    KINDS,
    Registry,
    current_registry,
    use_registry,
)


def task(name: str, target: str = "somewhere:Something") -> str:
    """Return the code of a plugin that registers a task."""
    return f"@hookimpl\ndef register_tasks(register):\n    register('{name}', '{target}', 'sum')\n"


def plugin_of(registry: Registry, name: str) -> str:
    """Return the plugin that a task comes from."""
    return registry.entry("task", name).plugin


def test_plugins_come_built_in_first_and_then_by_distribution_name(site):
    for name in ("zebra", "aardvark", "middle"):
        site.plugin(name, task(name))
    plugins = [plugin.name for plugin in Registry().plugins]
    third_party = [p for p in plugins if p in ("zebra", "aardvark", "middle")]
    assert third_party == ["aardvark", "middle", "zebra"]
    assert max(plugins.index("builtin"), plugins.index("bits")) < plugins.index("aardvark")


def test_an_entry_says_where_it_comes_from(site):
    site.plugin("mine", task("new-task"))
    entry = Registry().entry("task", "new-task")
    assert (entry.kind, entry.name, entry.target) == ("task", "new-task", "somewhere:Something")
    assert (entry.summary, entry.plugin, entry.distribution) == ("sum", "mine", "mine-dist")


def test_a_plugin_is_listed_with_its_distribution_and_version(site):
    site.plugin("mine", task("new-task"))
    registry = Registry()
    found = next(plugin for plugin in registry.plugins if plugin.name == "mine")
    assert (found.distribution, found.version) == ("mine-dist", "1.0")
    assert (found.status, found.problem) == ("loaded", "")
    assert registry.plugin_versions()["mine-dist"] == "1.0"


def test_entries_and_names_are_sorted(site):
    site.plugin("mine", task("zzz") + task("aaa").replace("register_tasks", "register_cells"))
    registry = Registry()
    for kind in ("task", "cell"):
        assert registry.names(kind) == sorted(registry.names(kind))
        assert [entry.name for entry in registry.entries(kind)] == registry.names(kind)
    assert registry.names("task")[-1] == "zzz"
    assert registry.names("cell")[0] == "aaa"


def test_every_kind_can_be_registered(site):
    hooks = "".join(
        f"@hookimpl\ndef register_{kind}s(register):\n    register('my-{kind}', object())\n"
        for kind in KINDS
    )
    site.plugin("mine", hooks)
    registry = Registry()
    assert registry.warnings == []
    assert all(registry.entry(kind, f"my-{kind}").plugin == "mine" for kind in KINDS)


def test_one_name_may_be_a_task_and_a_cell(site):
    site.plugin("mine", task("gru"))
    registry = Registry()
    assert registry.warnings == []
    assert registry.entry("task", "gru").plugin == "mine"
    assert registry.entry("cell", "gru").plugin == "builtin"


def test_the_built_in_wins_a_name_and_the_loser_is_reported(site):
    site.plugin("aardvark", task("bitflip") + "    register('other', 'a:B')\n")
    registry = Registry()
    assert plugin_of(registry, "bitflip") == "bits"
    assert plugin_of(registry, "other") == "aardvark"  # only the entry is lost, not its plugin
    (warning,) = registry.warnings
    lost = "task 'bitflip' of plugin aardvark of aardvark-dist is not used: "
    assert warning == lost + "bits of seqtasks has that name; it is aardvark/bitflip"


def test_of_two_strangers_the_first_by_distribution_wins_a_name(site):
    site.plugin("zebra", task("shared"))
    site.plugin("aardvark", task("shared"))
    registry = Registry()
    assert plugin_of(registry, "shared") == "aardvark"
    (warning,) = registry.warnings
    assert warning.startswith("task 'shared' of plugin zebra of zebra-dist is not used")
    assert warning.endswith("aardvark of aardvark-dist has that name; it is zebra/shared")


def test_the_plugin_or_its_distribution_before_a_name_says_which_is_meant(site):
    site.plugin("zebra", task("shared", "zebra:Z"))
    site.plugin("aardvark", task("shared", "aardvark:A"))
    registry = Registry()
    for plugin, target in (("zebra", "zebra:Z"), ("aardvark", "aardvark:A")):
        for prefix in (plugin, f"{plugin}-dist"):
            assert registry.entry("task", f"{prefix}/shared").target == target
    assert registry.names("task").count("shared") == 1
    held = registry.entry("task", "shared")
    assert [other.full_name for other in registry.others(held)] == ["zebra/shared"]
    assert registry.get("cell", "zebra/shared") is None
    assert registry.entry("task", "bits/parity") is registry.entry("task", "parity")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("bits/parit", "bits/parity"), ("bit/parity", "parity"), ("bits/gru", None), ("a/", None)],
)
def test_an_unknown_name_of_a_plugin_suggests_one_of_that_plugin(name, nearest):
    with pytest.raises(UsageError) as caught:
        current_registry().entry("task", name)
    assert f"unknown task '{name}'." in str(caught.value)
    assert nearest is None or f"Did you mean '{nearest}'?" in str(caught.value)


def test_a_plugin_that_registers_a_name_twice_keeps_the_first(site):
    site.plugin("mine", task("twice", "first:A") + "    register('twice', 'second:B')\n")
    registry = Registry()
    assert registry.entry("task", "twice").target == "first:A"
    assert len(registry.warnings) == 1


def test_an_object_is_returned_as_it_was_registered(site):
    site.plugin(
        "mine", "THING = object()\n" + task("thing").replace("'somewhere:Something'", "THING")
    )
    registry = Registry()
    assert registry.load(registry.entry("task", "thing")) is sys.modules["mine_plugin"].THING


def test_a_lazy_target_may_be_an_attribute_of_an_attribute(site):
    site.module("mine_parts", "class Outer:\n    class Inner: ...\n")
    site.plugin("mine", task("nested", "mine_parts:Outer.Inner"))
    registry = Registry()
    assert registry.load(registry.entry("task", "nested")).__qualname__ == "Outer.Inner"


LAZY = """
import sys
from seqtasks.registry.discovery import current_registry
registry = current_registry()
entry = registry.entry("task", "lazy")
registry.names("cell"), registry.entries("task"), registry.plugin_versions()
print("mine_parts" in sys.modules, "torch" in sys.modules, "numpy" in sys.modules)
registry.load(entry)
print("mine_parts" in sys.modules)
"""


def test_a_lazy_target_is_imported_only_when_it_is_used(site, python):
    site.module("mine_parts", "Lazy = 1\n")
    site.plugin("mine", task("lazy", "mine_parts:Lazy"))
    done = python("-c", LAZY, path=(site.folder,))
    assert done.stdout == "False False False\nTrue\n", done.stderr


@pytest.mark.parametrize(
    ("target", "code", "cause"),
    [
        ("no_such_module:Thing", "", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("mine_parts:Missing", "", "has no attribute 'Missing'"),
        ("mine_parts:Thing", "raise OSError('no licence')", "OSError: no licence"),
        ("mine_parts:Thing", "raise SystemExit('no licence')", "SystemExit: no licence"),
        ("mine_parts:Thing", "def (", "SyntaxError"),
    ],
    ids=["module", "attribute", "raises", "exits", "syntax"],
)
def test_a_lazy_target_that_cannot_be_loaded_says_so_when_it_is_used(site, target, code, cause):
    site.module("mine_parts", code)
    site.plugin("mine", task("lazy", target))
    registry = Registry()
    assert registry.warnings == []
    with pytest.raises(UsageError) as raised:
        registry.load(registry.entry("task", "lazy"))
    message = f"task 'lazy' of plugin mine (mine-dist) cannot be loaded from '{target}': "
    assert str(raised.value).startswith(message)
    assert cause in str(raised.value)


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(UsageError, match=r"unknown task 'bitfilp'\. Did you mean 'bitflip'\?"):
        Registry().entry("task", "bitfilp")


def test_a_name_unlike_any_lists_those_there_are(site):
    with pytest.raises(UsageError, match=r"unknown readout 'qqq'\. Known: .*concat, state, sum\."):
        Registry().entry("readout", "qqq")


def test_an_unknown_name_mentions_plugins_set_aside_and_why(site):
    site.plugin("broken", "import no_such_module\n")
    with pytest.raises(UsageError) as raised:
        Registry().entry("task", "bitfilp")
    assert str(raised.value).endswith(
        "Plugins set aside: broken (ModuleNotFoundError: No module named 'no_such_module')."
    )


def test_an_unknown_name_mentions_plugins_switched_off():
    with pytest.raises(UsageError, match=r"unknown task 'bitflip'\..*switched off: bits\."):
        Registry(["bits"]).entry("task", "bitflip")


def test_a_plugin_switched_off_registers_nothing_and_is_not_imported(site):
    site.plugin("mine", task("new-task") + "raise OSError('was imported')\n")
    registry = Registry(["mine"])
    assert registry.get("task", "new-task") is None
    assert registry.warnings == []
    assert "mine_plugin" not in sys.modules
    assert [p.status for p in registry.plugins if p.name == "mine"] == ["disabled"]
    assert "mine-dist" not in registry.plugin_versions()


def test_the_environment_and_the_argument_both_switch_plugins_off(site, monkeypatch):
    monkeypatch.setattr("seqtasks.registry.discovery._current", None)
    for name in ("one", "two", "three"):
        site.plugin(name, task(f"task-{name}"))
    monkeypatch.setenv("SEQTASKS_DISABLE_PLUGINS", "one , two")
    assert "task-three" in current_registry().names("task")
    off = [plugin.name for plugin in current_registry().plugins if plugin.status == "disabled"]
    assert off == ["one", "two"]
    assert use_registry(["three"]) is current_registry()
    assert not any(name.startswith("task-") for name in current_registry().names("task"))
    monkeypatch.setenv("SEQTASKS_DISABLE_PLUGINS", "")
    assert "task-one" in use_registry().names("task")


def test_the_own_plugins_are_found_by_their_entry_points_alone(monkeypatch):
    assert Registry().plugins
    monkeypatch.setattr(sys, "path", [])  # where distributions, and so entry points, are found
    hidden = Registry()
    assert hidden.plugins == []
    assert all(hidden.entries(kind) == [] for kind in KINDS)
