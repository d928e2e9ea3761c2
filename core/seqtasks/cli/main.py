"""The command `seqtasks`: its subcommands, the plugins' subcommands, and its error messages."""

import errno
import faulthandler
import gc
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import click

from seqtasks import __version__
from seqtasks.cli.interrupts import received, release_semaphores, watch
from seqtasks.cli.leave import leave
from seqtasks.cli.output import brief, say
from seqtasks.cli.standard_streams import OutputError, settled_streams
from seqtasks.errors import SeqtasksError, UsageError, did_you_mean, one_line
from seqtasks.registry.discovery import (
    DISABLE_VARIABLE,
    EVERY,
    THIRD_PARTY,
    current_registry,
    use_registry,
)
from seqtasks.registry.module_classes import nothing_from_here

__all__ = ["cli", "main"]

BLOCK = "seqtasks block"
"""The name of a thread that makes the runs of a study; its module would import a lot here."""


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
    """Replace a plugin's command that cannot be loaded, so that `--help` still works."""

    def fail() -> NoReturn:
        raise UsageError(reason)

    return click.Command(name, callback=fail, short_help="(cannot be loaded)")


def _switch_off(ctx: click.Context, _: click.Parameter, names: tuple[str, ...]) -> None:
    """Put a registry without the named plugins into use, before any command is looked up."""
    registry = use_registry(names)
    found = [*(plugin.name for plugin in registry.plugins), EVERY, THIRD_PARTY]
    for name in names:
        if name not in found:
            known = did_you_mean(name, found) or f" Known: {', '.join(found)}."
            raise UsageError(f"there is no plugin '{name}'.{known}")
    if not ctx.resilient_parsing:
        wanted = [name.strip() for name in os.environ.get(DISABLE_VARIABLE, "").split(",")]
        unknown = [name for name in wanted if name and name not in found]
        missing = [f"{DISABLE_VARIABLE} names an unknown plugin: {name}" for name in unknown]
        _warn([*registry.warnings, *missing])


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        say(f"Warning: {brief(warning)}", err=True)


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
        seqtasks show parity                 read the definition of one of these
    """  # noqa: D301 - click reads the backslash
    if os.environ.get("NO_COLOR"):
        ctx.color = False


class _LoggedWarnings(logging.Handler):
    """Shows what the library warns of, each once and in one line; the registry's are told already.

    A task, for example, may be tried at several lengths.
    """

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self._told: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.module != "discovery" and text not in self._told:
            self._told.add(text)
            _warn([text])


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit.

    The codes: 0 done, 2 the user's mistake, 1 a failure, 128 plus a signal's number.

    Args:
        arguments: the command line; None for this process's own command line. In that case its
            signals and streams are handled too.
    """
    # Importing torch and matplotlib makes half a million objects, and none is garbage. Looking for
    # garbage after every 700 objects takes a tenth of the time of a short run.
    gc.set_threshold(20_000)
    # It warns of a home that cannot be written, and finds another folder by itself.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    if arguments is None:
        with settled_streams():  # first, or a pipe of ours takes the number of a closed stream
            watch()
            # a cell's own C code may end all by a signal: say at which line
            faulthandler.enable(2, all_threads=False)
            code = _run(None)
        if received() is not None or _is_computing():
            release_semaphores()
            os._exit(code)  # torch is slow to leave, and aborts while a thread computes
        leave(code)
    else:
        code = _run(list(arguments))
    sys.exit(code)


def _is_computing() -> bool:
    """Say whether a thread of a study that was broken off has not ended."""
    return any(one.daemon and one.name == BLOCK for one in threading.enumerate())


def _run(arguments: list[str] | None) -> int:
    """Run the command line and return its exit code."""
    shown = _LoggedWarnings(logging.WARNING)
    logging.getLogger("seqtasks").addHandler(shown)
    try:
        _check_surroundings(sys.argv[1:] if arguments is None else arguments)
        with nothing_from_here():
            code = cli.main(arguments, prog_name="seqtasks", standalone_mode=False)
        sys.stdout.flush()
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
        said = str(error) or str(error.__cause__ or "")  # click turns an interrupt into an Abort
        code = _fail(said or "interrupted", 128 + (received() or signal.SIGINT))
    except SystemExit as error:
        if _is_of_click(error):  # after a completion, or when the reader left
            raise
        code = _fail(
            f"a cell, a task or a plugin ended the program (sys.exit({error.code!r:.40}))"
            f"{_place(error)}; let it raise an error instead",
            1,
        )
    except OutputError as error:
        # A reader that stopped reading our output knows it.
        code = 1
        if error.errno != errno.EPIPE:
            why = "it is closed" if error.errno == errno.EBADF else error.strerror
            code = _fail(f"cannot write to stdout: {why}", 1)
    except Exception as error:
        code = _fail_unforeseen(error)
    finally:
        logging.getLogger("seqtasks").removeHandler(shown)
    return code if isinstance(code, int) else 0


def _fail_unforeseen(error: Exception) -> int:
    """Report an unforeseen error in one line; a library's error may hide the real cause."""
    if (number := received()) is not None:  # a library took an interrupt for its own failure
        return _fail("interrupted", 128 + number)
    # torch has no error class of its own for too little memory
    if isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and "memory" in str(error)
    ):
        return _fail(f"out of memory: {one_line(error)}", 1)
    if sys.flags.dev_mode:
        raise error
    if isinstance(error, OSError):
        name = "" if error.filename is None else f": {error.filename}"
        return _fail(f"{error.strerror or one_line(error)}{name}", 1)
    return _fail(
        f"{one_line(error)}{_place(error)}\nThis is a fault in seqtasks or in a plugin; "
        "`python -X dev -m seqtasks ...` shows where it is.",
        1,
    )


def _check_surroundings(arguments: Sequence[str]) -> None:
    """Refuse surroundings that libraries fail on, because they fail late and with obscure words."""
    try:
        os.getcwd()  # noqa: PTH109 - Path.cwd does no more
    except OSError:
        raise UsageError("the current folder is gone: change to one that exists") from None
    for argument in arguments:
        try:
            os.fsencode(argument).decode("utf-8")
        except UnicodeError:
            raise UsageError(f"the argument {argument!r} is not text in UTF-8") from None


def _is_of_click(error: SystemExit) -> bool:
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and Path(frames[-1].filename).parent == Path(click.__file__).parent


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""


def _fail(message: str, code: int) -> int:
    say("Error: " + brief(message).replace("\n", "\n       "), err=True)
    return code
