"""`seqtasks cache`: the compiled programs that are kept for later runs."""

import os
import time

import click

from seqtasks.cli.output import echo_json, say
from seqtasks.cli.runs.sizes import ask, size_text
from seqtasks.cli.wrapping import labelled
from seqtasks.engine.native.execute.cache_limit import (
    LIMIT_VARIABLE,
    cache_limit,
    kept_programs,
    remove_programs,
)
from seqtasks.engine.native.execute.kept_libraries import CACHE_VARIABLE, cache_path
from seqtasks.errors import RunError, UsageError, counted, did_you_mean

__all__ = ["cache"]

_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


class _Cache(click.Group):
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not ctx.resilient_parsing and args[0] not in self.commands:
            raise UsageError(
                f"`seqtasks cache` has no verb '{args[0]}'; it has clear."
                f"{did_you_mean(args[0], self.commands)}"
            )
        return super().resolve_command(ctx, args)


@click.group(cls=_Cache, invoke_without_command=True)
@_json_option
@click.pass_context
def cache(ctx: click.Context, as_json: bool) -> None:
    """Show the compiled programs that are kept for later runs.

    Each size of a model has a program of its own. If the programs together have more than 1 GB, or
    than SEQTASKS_CACHE_LIMIT says, those that were least recently used go.
    """
    if ctx.invoked_subcommand is not None:
        return
    folder, limit = cache_path(), cache_limit()
    try:
        programs = [] if folder is None else kept_programs(folder)
    except OSError as error:
        raise UsageError(f"cannot read the cache folder {folder}: {error.strerror}") from None
    size = sum(program.size for program in programs)
    oldest = programs[0].used if programs else None
    if as_json:
        echo_json(
            {
                "folder": None if folder is None else str(folder),
                "programs": len(programs),
                "bytes": size,
                "limit": limit,
                "oldest_use": None if oldest is None else _date(oldest),
            }
        )
        return
    if folder is None:
        say(f"no programs are kept: {CACHE_VARIABLE} is empty")
        return
    say(f"{'folder':<17} {folder}")  # a path is never broken
    say(labelled("programs", f"{len(programs):,}"))
    set_by = f", set by {LIMIT_VARIABLE}" if os.environ.get(LIMIT_VARIABLE) else ""
    say(labelled("size", f"{size_text(size)} of at most {size_text(limit)}{set_by}"))
    if oldest is not None:
        say(labelled("oldest use", _date(oldest)))


@cache.command()
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@_json_option
def clear(yes: bool, as_json: bool) -> None:
    """Remove all kept programs; a later run compiles what it needs again."""
    folder = cache_path()
    try:
        programs = [] if folder is None else kept_programs(folder)
        if folder is not None and programs:
            size = size_text(sum(program.size for program in programs))
            ask(f"Remove {counted(len(programs), 'program')} ({size}) from {folder}?", [], yes)
            programs = remove_programs(folder)
    except OSError as error:
        raise RunError(f"cannot clear the cache folder {folder}: {error.strerror}") from None
    freed = sum(program.size for program in programs)
    if as_json:
        echo_json({"removed": len(programs), "bytes": freed})
    else:
        say(f"removed {counted(len(programs), 'program')}, {size_text(freed)} freed")


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(seconds))
