"""The checks of a plugin, in the order in which they are run."""

from seqtasks.testing.check import Check, NotApplicable, named
from seqtasks.testing.plugins.importing import (
    can_be_imported,
    changes_no_settings,
    has_an_entry_point,
    hooks_are_known,
    imports_no_torch,
    imports_quickly,
    prints_nothing,
    registers_rightly,
)
from seqtasks.testing.plugins.installed import InstalledPlugin
from seqtasks.testing.plugins.metadata import requires_seqtasks
from seqtasks.testing.plugins.registered import (
    each_thing_is_documented,
    names_are_free,
    targets_exist,
)
from seqtasks.testing.plugins.things import checks_of_things
from seqtasks.testing.plugins.wheels import builds_a_wheel, installs

__all__ = ["plugin_checks"]

_CHECKS = [
    named(has_an_entry_point),
    named(requires_seqtasks),
    named(can_be_imported, has_an_entry_point),
    named(hooks_are_known, can_be_imported),
    named(imports_no_torch, can_be_imported),
    named(imports_quickly, can_be_imported, imports_no_torch),
    named(prints_nothing, has_an_entry_point),
    named(changes_no_settings, has_an_entry_point),
    named(registers_rightly, hooks_are_known),
    named(names_are_free, hooks_are_known),
    named(targets_exist, hooks_are_known),
    named(each_thing_is_documented, targets_exist),
    named(builds_a_wheel, has_an_entry_point),
]
_INSTALLS = named(installs, builds_a_wheel)


def plugin_checks(plugin: InstalledPlugin, *, install: bool = False) -> list[Check]:
    """Return the checks of a plugin, each after those that it needs.

    After the checks of the plugin there is one for each task, cell and readout that it brings: it
    runs all checks of that thing.

    Args:
        plugin: the installed distribution, with the plugins to check.
        install: whether its wheel is installed into an empty environment, with all it requires.
    """
    needs = ("targets-exist",)
    last = _INSTALLS if install else Check(_INSTALLS.name, _INSTALLS.promise, _not_asked_for)
    return [*_CHECKS, *checks_of_things(plugin, needs), last]


def _not_asked_for(plugin: InstalledPlugin) -> str:
    raise NotApplicable("only with --install: it downloads all that the plugin requires")
