"""Checks of what a distribution says of itself."""

from seqtasks import __version__
from seqtasks.registry.plugin_imports import OWN_DISTRIBUTION
from seqtasks.testing.check import CheckFailedError, NotApplicable
from seqtasks.testing.plugins.installed import InstalledPlugin

__all__ = ["requires_seqtasks"]


def requires_seqtasks(plugin: InstalledPlugin) -> str:
    """The distribution says which versions of seqtasks it needs, and this one is among them."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    if plugin.distribution.name == OWN_DISTRIBUTION:
        raise NotApplicable("it is part of seqtasks")
    found: list[Requirement] = []
    for text in plugin.distribution.requires or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            raise CheckFailedError(f"its requirement {text!r} cannot be read: {error}") from None
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if canonicalize_name(requirement.name) == OWN_DISTRIBUTION and applies:
            found.append(requirement)
    oldest = ".".join(__version__.split(".")[:2])
    write = f'write dependencies = ["seqtasks>={oldest}"] into its pyproject.toml'
    if not found:
        raise CheckFailedError(f"it does not require seqtasks: {write}, and install it again")
    for requirement in found:
        if not requirement.specifier:
            raise CheckFailedError(
                f"it requires any version of seqtasks, also one without the hooks it needs: {write}"
            )
        if not requirement.specifier.contains(__version__, prereleases=True):
            raise CheckFailedError(
                f"it needs {requirement}, and this is seqtasks {__version__}: a plugin that does "
                "not fit is set aside"
            )
    return ", ".join(map(str, found))
