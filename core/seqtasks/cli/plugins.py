"""`seqtasks plugins`: show the plugins found, who made them, what they give and what they cost."""

from importlib.metadata import Distribution

import click

from seqtasks.cli.output import echo_json, echo_table, say
from seqtasks.cli.wrapping import labelled
from seqtasks.errors import counted
from seqtasks.registry.discovery import Plugin, current_registry
from seqtasks.registry.plugin_imports import OWN_DISTRIBUTION
from seqtasks.trust.distributions import installed

__all__ = ["plugins"]

_HOME_PAGES = ("homepage", "home", "repository", "source", "source code", "github")
"""The labels of a project's addresses, the most telling first."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def plugins(as_json: bool) -> None:
    """Show the plugins found, and why any plugin was set aside.

    The time is what the import of a plugin took when this command started. Below the table there
    are the author and the home page of each distribution, and the names of what its plugins give.
    """
    registry = current_registry()
    about = {one.distribution: _about(one.distribution) for one in registry.plugins}
    if as_json:
        echo_json(
            {
                "plugins": [
                    {
                        "name": plugin.name,
                        "distribution": plugin.distribution,
                        "version": plugin.version,
                        **about[plugin.distribution],
                        "status": plugin.status,
                        "problem": plugin.problem,
                        "gives": plugin.gives,
                        "observes": plugin.observes,
                        "left_out": plugin.left_out,
                        "seconds": plugin.seconds,
                    }
                    for plugin in registry.plugins
                ],
                "warnings": registry.warnings,
            }
        )
        return
    rows = [
        [
            plugin.name,
            f"{plugin.distribution} {plugin.version}",
            plugin.status,
            "" if plugin.seconds is None else f"{1000 * plugin.seconds:.1f} ms",
            _gives(plugin),
        ]
        for plugin in registry.plugins
    ]
    headers = ["plugin", "distribution", "status", "start-up", "gives, or why not"]
    echo_table(headers, rows, right=["start-up"])
    for name, known in about.items():
        theirs = [one for one in registry.plugins if one.distribution == name]
        if name != OWN_DISTRIBUTION and (lines := _lines(known, theirs)):
            say("\n".join(["", name, *lines]))


def _about(name: str) -> dict[str, str | None]:
    """Return what the metadata of a distribution say of it; None for what they lack."""
    held = installed(name)
    if held is None:
        return dict.fromkeys(("summary", "author", "home_page"))
    metadata = held.metadata
    author = metadata["Author"] or metadata["Author-email"] or metadata["Maintainer"]
    return {
        "summary": metadata["Summary"] or None,
        "author": author or None,
        "home_page": _home_page(held),
    }


def _home_page(held: Distribution) -> str | None:
    """Return the address of a project, by the labels of its addresses."""
    old = held.metadata["Home-page"]
    addresses = {"homepage": old} if old else {}
    for text in held.metadata.get_all("Project-URL") or ():
        label, _, address = text.partition(",")
        addresses.setdefault(label.strip().lower(), address.strip())
    return next((addresses[one] for one in _HOME_PAGES if addresses.get(one)), None)


def _lines(about: dict[str, str | None], theirs: list[Plugin]) -> list[str]:
    """Return who made a distribution, and the names of all that its plugins give."""
    rows = {"what": about["summary"], "author": about["author"], "home page": about["home_page"]}
    lines = [labelled(label, text) for label, text in rows.items() if text]
    gives: dict[str, list[str]] = {}
    for plugin in theirs:
        for kind, names in plugin.gives.items():
            gives.setdefault(kind, []).extend(names)
    return lines + [labelled(f"{kind}s", ", ".join(names)) for kind, names in gives.items()]


def _gives(plugin: Plugin) -> str:
    """Return how many things of each kind a plugin gives, or its problem."""
    parts = [counted(len(names), kind) for kind, names in plugin.gives.items()]
    if plugin.observes:
        parts.append(f"an observer ({', '.join(plugin.observes)})")
    parts += [f"left out: {why}" for why in plugin.left_out]
    return plugin.problem or ", ".join(parts)
