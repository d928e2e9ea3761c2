"""The command line: click commands that parse, call and print."""

from seqtasks.cli.main import cli, main

__all__ = ["cli", "main"]
