"""From options with lists of values to a study, and to its table: for `compare` and `sweep`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqtasks.cli.experiment_options import given_on_the_command_line, with_lengths
from seqtasks.cli.launch_study import launch_study
from seqtasks.cli.output import echo_json, echo_table, say
from seqtasks.cli.run_seeds import command_line
from seqtasks.cli.study_options import check_csv, execution
from seqtasks.errors import UsageError, counted

if TYPE_CHECKING:
    from seqtasks.studies.asking import Asking
    from seqtasks.studies.faces import Planned
    from seqtasks.studies.study import Study

__all__ = ["launch_planned", "read_settings"]


def read_settings(
    task: str | None,
    tasks: str | None,
    settings: Mapping[str, Any],
    lengths: tuple[str, ...],
    trust: bool,
) -> "Asking":
    """Read the values of the options.

    Args:
        task: the argument TASK.
        tasks: the option --tasks.
        settings: the options of an experiment.
        lengths: the options --eval-length.
        trust: whether to execute code that came with a run.

    Raises:
        UsageError: naming the option, for a value that cannot be read.
    """
    from seqtasks.studies import asking

    named = [text for text in (task, tasks) if text is not None]
    if not named:
        raise UsageError("a task is missing: name one, or several with --tasks parity,bitshift")
    return asking.read_settings(
        ",".join(named),
        given_on_the_command_line(settings),
        trust=trust,
        finish=lambda made: with_lengths(made, lengths),
    )


def launch_planned(
    planned: "Planned",
    of_study: Mapping[str, Any],
    *,
    out: Path,
    as_json: bool,
    quiet: bool,
    dry_run: bool,
    echo: "Callable[[Study], None]",
) -> None:
    """Show a study that was planned, or make it and print its table.

    Args:
        planned: the study.
        of_study: the options of a study.
        out: the folder that holds the runs.
        as_json: print one JSON document.
        quiet: print only the study's folder.
        dry_run: only show what would be run.
        echo: prints the table.

    Raises:
        UsageError: if an option is wrong or impossible; nothing is written in this case.
        RunError, RunInterruptedError: see `launch_study`.
    """
    names = ("backend", "jobs", "address", "time_limit", "slurm")
    how = execution(**{name: of_study[name] for name in names})
    check_csv(of_study["csv"])
    if dry_run:
        _show(planned, as_json, out)
        return
    if planned.matched is not None and not quiet:
        for line in _sizes(planned):
            say(line, err=True)
    asked = replace(planned.asked, command=command_line(), keep_weights=of_study["keep_weights"])

    def start(observers: list[Any], stop: Callable[[], int]) -> "Study":
        from seqtasks.studies.lifecycle import run_study

        return run_study(
            asked,
            out=out,
            execution=how,
            observers=observers,
            stop=stop,
            reuse=of_study["reuse"],
        )

    launch_study(start, as_json, quiet, echo, of_study["csv"])


def _sizes(planned: "Planned") -> Sequence[str]:
    """Return a line for each setting whose size was matched."""
    return [
        f"{setting.label}: hidden size {one.experiment.hidden_size}, {one.parameters:,} trained "
        f"numbers ({one.parameters / one.wanted - 1:+.1%})"
        for setting, one in zip(planned.asked.settings, planned.matched or (), strict=True)
    ]


def _show(planned: "Planned", as_json: bool, out: Path) -> None:
    """Print the settings of a study, and how many runs it begins with."""
    from seqtasks.studies.settle import trained_numbers

    asked = planned.asked
    counts = [trained_numbers(setting.experiment) for setting in asked.settings]
    seeds = {row.setting: len(row.seeds) for row in asked.rows}
    if as_json:
        settings = [
            {
                "label": setting.label,
                "parameters": count,
                "experiment": setting.experiment.to_json()[0],
            }
            for setting, count in zip(asked.settings, counts, strict=True)
        ]
        echo_json({"name": asked.name, "runs": asked.points, "settings": settings})
        return
    rows = [
        [setting.label, str(count), str(seeds[index])]
        for index, (setting, count) in enumerate(zip(asked.settings, counts, strict=True))
    ]
    echo_table(["setting", "parameters", "seeds"], rows, right=["parameters", "seeds"])
    say(f"\n{counted(asked.points, 'run')}; nothing was run or written")
    say(f"without --dry-run: {out}/{asked.name}-N")
