"""The option `--trust` of commands that read a run."""

import click

__all__ = ["trust_option"]

trust_option = click.option(
    "--trust",
    is_flag=True,
    help="Execute code that came with the run, from now on. What you ran before needs no --trust.",
)
