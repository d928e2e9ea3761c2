"""Shell completion of task, cell, readout, experiment and run names."""

from collections.abc import Callable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from seqtasks.registry.discovery import Kind, current_registry

__all__ = ["complete_names", "complete_runs"]

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def complete_names(*kinds: Kind) -> Completer:
    """Return a completer of the names of some kinds; it completes files after a `.` or `/`."""

    def complete(
        _ctx: click.Context, _parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        if incomplete.startswith((".", "/")):
            return [CompletionItem(incomplete, type="file")]
        return [
            CompletionItem(entry.name, help=entry.summary)
            for kind in kinds
            for entry in current_registry().entries(kind)
            if entry.name.startswith(incomplete)
        ]

    return complete


def complete_runs(
    _ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the run directories of the folder that is typed; at first, of `runs`."""
    folder, slash, _ = incomplete.rpartition("/")
    typed = f"{folder}/" if slash else "runs/"
    records = ("experiment.json", "study.json")
    found = sorted(path.parent.name for one in records for path in Path(typed).glob(f"*/{one}"))
    runs = [f"{typed}{name}" for name in found if not name.startswith(".")]
    matching = [CompletionItem(run) for run in runs if run.startswith(incomplete)]
    return matching or [CompletionItem(incomplete, type="dir")]
