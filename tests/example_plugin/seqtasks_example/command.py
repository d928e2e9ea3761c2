"""The command `seqtasks majority-count`."""

import click

from seqtasks import Tokens

__all__ = ["majority_count"]


@click.command()
@click.argument("bits")
def majority_count(bits: str) -> None:
    """Count the zeros and ones of BITS, such as 0110."""
    ids = Tokens("01").encode(bits)
    ones = int(ids.sum())
    click.echo(f"zeros {len(ids) - ones}")
    click.echo(f"ones  {ones}")
