"""`seqtasks bench`: the group of what measures, each command imported only when it is used."""

from importlib import import_module
from importlib.util import find_spec

import click

__all__ = ["bench"]

_COMMANDS = {
    "engine": "seqtasks.cli.bench_engine:engine",
    "tasks": "seqtasks.cli.bench_tasks:tasks",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, target in _COMMANDS.items() if find_spec(target.split(":")[0])]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module, attribute = _COMMANDS[cmd_name].split(":")
        return getattr(import_module(module), attribute)


@click.group(cls=_Lazy)
def bench() -> None:
    """Measure engines and tasks."""
