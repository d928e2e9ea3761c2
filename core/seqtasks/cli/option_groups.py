"""Help of a command with many options, in groups under headings."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

__all__ = ["GroupedCommand"]


class GroupedCommand(click.Command):
    """A command that groups its options in the help.

    Options outside all groups come last, under "Other options".

    Args:
        groups: the parameter names under each heading, in order.
    """

    def __init__(self, *args: Any, groups: Mapping[str, Sequence[str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups = groups

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under the headings."""
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        records = {
            option.name: record
            for option in options
            if (record := option.get_help_record(ctx)) is not None
        }
        for heading, names in self.groups.items():
            with formatter.section(heading):
                formatter.write_dl([records.pop(name) for name in names if name in records])
        if records:
            with formatter.section("Other options"):
                formatter.write_dl([*records.values()])
