"""`seqtasks bench`: measurements, each in a module that is imported when it is asked for."""

from importlib import import_module

import click

__all__ = ["bench"]

_COMMANDS = {
    "tasks": "seqtasks.cli.bench_tasks:tasks",
}


class _Benches(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name].partition(":")
        return getattr(import_module(module), attribute)


@click.group(cls=_Benches)
def bench() -> None:
    """Measure engines and tasks."""
