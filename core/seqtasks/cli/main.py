"""The command `seqtasks`: its subcommands, those of plugins, and what an error looks like."""

import gc
import logging
import os
import sys
from collections.abc import Iterable, Sequence
from typing import NoReturn

import click

from seqtasks import __version__
from seqtasks.cli.output import say
from seqtasks.errors import SeqtasksError, UsageError, did_you_mean, one_line
from seqtasks.registry import DISABLE_VARIABLE, EVERY, THIRD_PARTY, current_registry, use_registry

__all__ = ["cli", "main"]


class _Commands(click.Group):
    """The registered commands, each imported only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return current_registry().names("command")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        registry = current_registry()
        entry = registry.get("command", cmd_name)
        if entry is None:
            return None
        try:
            command = registry.load(entry)
        except UsageError as error:
            return _unusable(cmd_name, str(error))
        if not isinstance(command, click.Command):
            return _unusable(
                cmd_name,
                f"command '{cmd_name}' of plugin {entry.plugin} ({entry.distribution}) "
                "is not a click command",
            )
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        registry = current_registry()
        if not ctx.resilient_parsing and registry.get("command", args[0]) is None:
            raise UsageError(registry.unknown(args[0], "command"))
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _warn(current_registry().warnings)
        super().format_help(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        entries = current_registry().entries("command")
        if not entries:
            formatter.write_paragraph()
            formatter.write_text("There are no commands: the plugin builtin is switched off.")
            return
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.summary) for entry in entries])


def _unusable(name: str, reason: str) -> click.Command:
    """Stand for a plugin's command that cannot be loaded, so that `--help` still works."""

    def fail() -> NoReturn:
        raise UsageError(reason)

    return click.Command(name, callback=fail, short_help="(cannot be loaded)")


def _switch_off(ctx: click.Context, _: click.Parameter, names: tuple[str, ...]) -> None:
    """Put a registry without the named plugins in use, before any command is looked up."""
    registry = use_registry(names)
    found = [*(plugin.name for plugin in registry.plugins), EVERY, THIRD_PARTY]
    for name in names:
        if name not in found:
            known = did_you_mean(name, found) or f" Known: {', '.join(found)}."
            raise UsageError(f"there is no plugin '{name}'.{known}")
    if not ctx.resilient_parsing:
        wanted = [name.strip() for name in os.environ.get(DISABLE_VARIABLE, "").split(",")]
        unknown = [name for name in wanted if name and name not in found]
        missing = [f"{DISABLE_VARIABLE} names no plugin there is: {name}" for name in unknown]
        _warn([*registry.warnings, *missing])


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        say(f"Warning: {warning}", err=True)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="seqtasks")
@click.option(
    "--no-plugin",
    metavar="NAME",
    multiple=True,
    expose_value=False,
    is_eager=True,
    callback=_switch_off,
    help=f"Leave a plugin out (may be given again); '{EVERY}' and '{THIRD_PARTY}' leave out many.",
)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Train recurrent cells on sequence tasks.

    \b
        seqtasks run bitflip --cell concat   train a cell on a task and score it
        seqtasks list                        see the tasks, cells, readouts and experiments
        seqtasks show parity                 read what one of them is
    """  # noqa: D301 - click reads the backslash
    if os.environ.get("NO_COLOR"):
        ctx.color = False


class _LoggedWarnings(logging.Handler):
    """Shows what the library warns of, one line each; the registry's are told once already."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.module != "registry":
            _warn([record.getMessage()])


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 2 the user's mistake, 1 a failure, 130 interrupted."""
    # To import torch and matplotlib makes half a million objects, of which none is garbage: to look
    # for some after every 700 takes a tenth of the time of a short run.
    gc.set_threshold(20_000)
    # It warns of a home that cannot be written, and finds another folder for itself.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    shown = _LoggedWarnings(logging.WARNING)
    logging.getLogger("seqtasks").addHandler(shown)
    try:
        code = cli.main(
            None if arguments is None else list(arguments),
            prog_name="seqtasks",
            standalone_mode=False,
        )
    except SeqtasksError as error:
        code = _fail(str(error), error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        code = 2
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "seqtasks"
        code = _fail(f"{error.format_message()} See `{path} --help`.", 2)
    except click.ClickException as error:
        code = _fail(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt) as error:
        said = str(error) or str(error.__cause__ or "")  # click makes an Abort of an interrupt
        code = _fail(said or "interrupted", 130)
    except BrokenPipeError:
        # The reader of our output left; nothing more can be said, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and "memory" not in str(error):
            raise  # torch has no error of its own for too little memory
        code = _fail(f"out of memory: {one_line(error)}", 1)
    finally:
        logging.getLogger("seqtasks").removeHandler(shown)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> int:
    say("Error: " + message.replace("\n", "\n       "), err=True)
    return code
