"""`seqtasks bench engine`: whole training steps of our engines and of others, side by side."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqtasks.benchmark.sizes import SIZES, Size, find_size
from seqtasks.cli.bench_options import (
    command_and_machine,
    inputs_option,
    json_option,
    line_of_progress,
    repeats_option,
    size_option,
)
from seqtasks.cli.completion import complete_names
from seqtasks.cli.output import check_picture, echo_json, echo_table
from seqtasks.errors import UsageError

if TYPE_CHECKING:
    from seqtasks.benchmark.measuring import Measured
    from seqtasks.benchmark.peak_memory import PeakMemory
    from seqtasks.benchmark.problem import Inputs, Problem

__all__ = ["engine"]

_RATIOS = (("nn", "native"), ("seed", "native"), ("jax", "native"), ("native", "floor"))


@click.command(short_help="Measure training steps, ours and others', side by side.")
@size_option()
@click.option(
    "--cell",
    "cells",
    multiple=True,
    metavar="SPEC",
    default=("concat",),
    shell_complete=complete_names("cell"),
    help="A cell (may be given again); by default concat.",
)
@click.option(
    "--contender",
    "names",
    multiple=True,
    metavar="NAME",
    help="One of those below (may be given again); by default all.",
)
@inputs_option
@repeats_option(5, "every contender has its turn in each round")
@click.option(
    "--quick",
    is_flag=True,
    help="A first answer within a minute: by default the size tiny and one round.",
)
@click.option(
    "--compile", "compiled", is_flag=True, help="With torch.compile, which takes minutes."
)
@click.option(
    "--memory", is_flag=True, help="Measure the peak memory of our engines' steps instead."
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Draw the times (.png, .svg or .pdf).",
)
@json_option
def engine(
    sizes: tuple[str, ...],
    cells: tuple[str, ...],
    names: tuple[str, ...],
    inputs: "Inputs",
    repeats: int,
    quick: bool,
    compiled: bool,
    memory: bool,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Measure whole training steps of our engines and of other contenders, side by side.

    \b
    seed     the loop as people write it by hand, torch.optim.Adam
    nn       nn.RNN, nn.GRU or nn.LSTM in the same model, fused Adam
    compile  torch.compile of the loop (with --compile, or named)
    jax      jax.lax.scan, the whole step jitted (with the extra `bench`)
    plain, torch, native   our engines
    floor    the matrix products that no step can avoid, alone
    """  # noqa: D301 - click reads the backslash
    if plot is not None:
        check_picture(plot)
        if memory:
            raise UsageError("--plot draws times; --memory measures none")
    if memory and names:
        raise UsageError("--memory measures our engines alone; leave --contender out")
    if quick:
        sizes = sizes or ("tiny",)
        source = click.get_current_context().get_parameter_source("repeats")
        repeats = 1 if source is click.core.ParameterSource.DEFAULT else repeats
    chosen = [find_size(name) for name in dict.fromkeys(sizes)] or list(SIZES.values())
    from seqtasks.benchmark.contenders import CONTENDERS, find_contender

    contenders = [find_contender(name) for name in dict.fromkeys(names)] or [
        name for name in CONTENDERS if compiled or name != "compile"
    ]
    machine = command_and_machine()
    problems = _problems(chosen, cells, inputs)
    if not as_json:
        known = [str(machine[name]) for name in ("processor", "compiler") if machine[name]]
        known += [f"{name} {machine[name]}" for name in ("cores", "torch", "jax") if machine[name]]
        click.echo("\n".join([*known[:2], ", ".join(known[2:]) + f", load {machine['load']}"]))
    if memory:
        _measure_memory(problems, machine, as_json)
    else:
        _measure_times(problems, machine, contenders, repeats, plot, as_json)


def _problems(sizes: Sequence[Size], cells: Sequence[str], inputs: "Inputs") -> "list[Problem]":
    """Return the problems of every cell at every size; each has been built once as a check."""
    from seqtasks.benchmark.problem import Problem

    problems = [Problem(size, cell, inputs) for cell in dict.fromkeys(cells) for size in sizes]
    for problem in problems:
        problem.model()
    return problems


def _measure_times(
    problems: "Sequence[Problem]",
    machine: dict[str, Any],
    contenders: Sequence[str],
    repeats: int,
    plot: Path | None,
    as_json: bool,
) -> None:
    from seqtasks.benchmark.measuring import measure

    done: list[Measured] = []
    stopped = False
    for problem in problems:
        try:
            one = measure(problem, contenders, repeats, tell=_progress(problem))
        except KeyboardInterrupt:
            stopped = True
            break
        done.append(one)
        if as_json:
            for row in one.rows():
                line = (
                    f"{row['cell']} at {row['size']}: {row['contender']} {row['ms']:.4g} ms a step"
                )
                click.echo(line, err=True)
        else:
            _echo_times(one)
        _echo_left_out(problem, one.left_out)
        if one.interrupted:
            stopped = True
            break
    if plot is not None and done:
        from seqtasks.benchmark.figure import timing_figure
        from seqtasks.runs.plots import write_figure

        write_figure(timing_figure(done), plot)
    if as_json:
        echo_json({"machine": machine, "rows": [row for one in done for row in one.rows()]})
    else:
        _echo_ratios(done)
        if plot is not None:
            click.echo(f"plot  {plot}")
    if stopped:
        raise KeyboardInterrupt("interrupted; the earlier measurements stand above")


def _measure_memory(problems: "Sequence[Problem]", machine: dict[str, Any], as_json: bool) -> None:
    from seqtasks.benchmark.peak_memory import measure_memory

    done: list[PeakMemory] = []
    for problem in problems:
        _progress(problem)("peak memory")
        done.append(measure_memory(problem))
        _progress(problem)("")
        _echo_left_out(problem, done[-1].left_out)
    if as_json:
        echo_json({"machine": machine, "memory": [row for one in done for row in one.rows()]})
        return
    click.echo("\npeak memory of a training step, MiB, beside model and batches")
    rows = [
        [str(row["cell"]), str(row["size"]), str(row["contender"]), f"{row['mib']:.1f}"]
        for one in done
        for row in one.rows()
    ]
    echo_table(["cell", "size", "engine", "MiB"], rows, right=["MiB"])


def _title(problem: "Problem") -> str:
    size = problem.size
    return (
        f"{problem.cell} at {size.name}: batch {size.batch}, time {size.time}, "
        f"width {size.width}, {problem.inputs}"
    )


def _progress(problem: "Problem") -> Callable[[str], None]:
    return line_of_progress(f"{problem.cell} at {problem.size.name}")


def _echo_left_out(problem: "Problem", reasons: dict[str, str]) -> None:
    for name, reason in reasons.items():
        click.echo(f"left out at {problem.cell}, {problem.size.name}: {name}: {reason}", err=True)


def _echo_times(measured: "Measured") -> None:
    click.echo(f"\n{click.style(_title(measured.problem), bold=True)}")
    rows = [
        [
            timing.contender,
            *(_ms(value) for value in (timing.ms, timing.low, timing.high)),
            _ratio(measured.ratio(timing.contender, "native")),
            timing.setting,
        ]
        for timing in measured.timings
    ]
    headers = ["contender", "ms a step", "low", "high", "/ native", "fastest with"]
    echo_table(headers, rows, right=headers[1:5])


def _echo_ratios(measured: "Sequence[Measured]") -> None:
    click.echo(f"\n{click.style('ratios of medians', bold=True)}")
    names = [f"{slower} / {faster}" for slower, faster in _RATIOS]
    rows = [
        [
            one.problem.cell,
            one.problem.size.name,
            *(_ratio(one.ratio(slower, faster)) for slower, faster in _RATIOS),
        ]
        for one in measured
    ]
    echo_table(["cell", "size", *names], rows, right=names)


def _ms(value: float) -> str:
    return f"{value:.4g}"


def _ratio(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
