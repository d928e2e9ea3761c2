"""`seqtasks runs`: list the runs in a folder, or do something with some of them."""

import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from seqtasks.cli.runs.listed import echo_csv, echo_rows, echo_summaries
from seqtasks.errors import UsageError, did_you_mean
from seqtasks.runs.listing import list_runs
from seqtasks.runs.run_fields import (
    chosen,
    field_names,
    fields_of,
    known_field,
    matching,
    sort_by,
)

__all__ = ["runs"]


_VERBS = {
    "archive": "remove:archive",
    "compare": "compare:compare",
    "export": "export:export",
    "remove": "remove:remove",
    "show": "show:show",
}
"""The module and the name of each verb; a verb is imported only when it is used."""
_RECORDS = {"run": "experiment.json", "study": "study.json"}


class _Runs(click.Group):
    """A command with a folder, and commands of its own where a verb comes first."""

    allow_extra_args = False
    allow_interspersed_args = True

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        verb = self._verb(args[0]) if args else None
        if verb is not None:
            return verb.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        if len(args) > 1 and not args[0].startswith("-") and not os.path.lexists(args[0]):
            nearest = did_you_mean(args[0], _VERBS)
            if nearest:
                raise UsageError(f"there is no folder {args[0]}, and it is no verb.{nearest}")
        return super().make_context(info_name, args, parent, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self._verb(cmd_name)

    def _verb(self, name: str) -> click.Command | None:
        if name not in _VERBS:
            return None
        module, attribute = _VERBS[name].split(":")
        return getattr(import_module(f"seqtasks.cli.runs.{module}"), attribute)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return click.Command.parse_args(self, ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        return click.Command.invoke(self, ctx)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return click.Command.collect_usage_pieces(self, ctx)


def _complete(_ctx: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Complete a verb or a folder."""
    verbs = [CompletionItem(verb) for verb in _VERBS if verb.startswith(typed)]
    return [*verbs, CompletionItem(typed, type="dir")]


@click.command(cls=_Runs, no_args_is_help=False)
@click.argument("folder", type=click.Path(path_type=Path), default="runs", shell_complete=_complete)
@click.option("--where", metavar="CONDITION", help="Only runs such as 'cell=gru and solved'.")
@click.option(
    "--sort", default="name", show_default=True, metavar="FIELD", help="Sort by any field."
)
@click.option("--reverse", is_flag=True, help="In reverse order.")
@click.option("--columns", metavar="FIELD,...", help="Show these fields, not those that differ.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with all fields, or --columns.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def runs(
    folder: Path,
    where: str | None,
    sort: str,
    reverse: bool,
    columns: str | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List the runs and studies in FOLDER (by default `runs`), with their last scores.

    The table has a column for each setting in which runs of one task differ. If a verb comes first,
    it is taken as such: `seqtasks runs ./show` lists the folder `show`.
    """
    if as_csv and as_json:
        raise UsageError("--csv and --json exclude each other")
    if not os.path.isdir(folder):  # noqa: PTH112 - says no where a name is too long
        raise UsageError(f"there is no folder {folder}; `seqtasks run TASK` makes one")
    found = list_runs(folder)
    rows = [fields_of(summary) for summary in found]
    known = field_names(rows)
    names = None if columns is None else chosen(columns, known)
    by = known_field(sort, known) if rows else sort
    places = range(len(rows)) if where is None else matching(rows, where)
    some, told = [rows[place] for place in places], [found[place] for place in places]
    order = sort_by(some, by, reverse)
    some, told = [some[place] for place in order], [told[place] for place in order]
    if as_json:
        echo_summaries(told if names is None else _only(some, names))
    elif as_csv:
        echo_csv(some, known if names is None else names)
    else:
        echo_rows(some, told, names, _nothing(folder, len(rows), where))


def _only(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    return [{name: row.get(name) for name in names} for row in rows]


def _nothing(folder: Path, number: int, where: str | None) -> str:
    if not number:
        kind = next((kind for kind, file in _RECORDS.items() if (folder / file).exists()), None)
        is_one = f"; it is a {kind} itself: `seqtasks runs show {folder}`" if kind else ""
        return f"no runs in {folder}{is_one}"
    return f"none of the {number:,} runs in {folder} meets the condition {where}"
