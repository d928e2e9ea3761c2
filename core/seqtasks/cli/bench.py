"""`seqtasks bench`: the group of measuring commands, each imported only when it is used."""

from importlib import import_module

import click

from seqtasks.errors import UsageError, did_you_mean

__all__ = ["bench"]

_COMMANDS = {
    "calls": "seqtasks.cli.bench_calls:calls",
    "cells": "seqtasks.cli.bench_cells:cells",
    "engine": "seqtasks.cli.bench_engine:engine",
    "study": "seqtasks.cli.bench_study:study",
    "tasks": "seqtasks.cli.bench_tasks:tasks",
}


class _Benches(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module, attribute = _COMMANDS[cmd_name].split(":")
        return getattr(import_module(module), attribute)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if not ctx.resilient_parsing and args[0] not in known:
            raise UsageError(
                f"there is no benchmark '{args[0]}'; known: {', '.join(known)}."
                f"{did_you_mean(args[0], known)}"
            )
        return super().resolve_command(ctx, args)


@click.group(cls=_Benches)
def bench() -> None:
    """Measure calls, cells, engines, studies and tasks."""
