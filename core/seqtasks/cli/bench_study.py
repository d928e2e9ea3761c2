"""`seqtasks bench study`: a whole study beside one training by torch, and beside JAX."""

import click

from seqtasks.benchmark.sizes import find_size
from seqtasks.cli.bench_options import command_and_machine, json_option, line_of_progress
from seqtasks.cli.output import echo_json, echo_table
from seqtasks.errors import UsageError

__all__ = ["study"]

_SIZES = ("tiny", "small")
_SAID = {
    "nn": "one training by nn.RNN, 1 thread",
    "one thread": "the study, 1 thread",
    "two threads": "the study, 2 threads",
    "jax": "JAX, vmap over the seeds",
    "half": "half the study, a process of its own",
    "two halves": "two such processes at once",
}


@click.command(short_help="Measure a whole study beside torch and JAX.")
@click.option(
    "--size",
    "sizes",
    multiple=True,
    metavar="NAME",
    help=f"{' or '.join(_SIZES)} (may be given again); by default both.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 100_000),
    metavar="N",
    help="Replicas; by default 1000 at tiny and 100 at small.",
)
@click.option("--steps", type=click.IntRange(1, 100_000), default=1000, show_default=True)
@click.option(
    "--repeats",
    type=click.IntRange(1, 1000),
    default=3,
    show_default=True,
    help="Rounds; every contender has its turn in each round.",
)
@json_option
def study(
    sizes: tuple[str, ...], seeds: int | None, steps: int, repeats: int, as_json: bool
) -> None:
    """Measure a whole study of many seeds beside other ways to train the same model.

    The study is complete: data, validation every 100 steps, scores at the trained length, its
    folder. nn.RNN in torch is trained once, with its batches drawn beforehand. JAX trains all
    replicas at once by vmap (with the extra `bench`), on batches drawn beforehand. Two processes
    with half of the study each share nothing but the machine: they show what its second core can
    give. Compiling and the first warm-up are printed apart.
    """
    for name in sizes:
        find_size(name)
        if name not in _SIZES:
            raise UsageError(f"studies are measured at {' and '.join(_SIZES)}, not at {name}")
    from seqtasks.studies.benchmark import RATIOS, STUDIED, measure_study

    machine = command_and_machine()
    documents: list[dict[str, object]] = []
    for name in dict.fromkeys(sizes or _SIZES):
        size = find_size(name)
        count = STUDIED[name] if seeds is None else seeds
        times = measure_study(size, count, steps, repeats, line_of_progress(name))
        documents.append(times.to_json())
        for contender, reason in times.left_out.items():
            click.echo(f"left out at {name}: {contender}: {reason}", err=True)
        if as_json:
            continue
        title = f"{count} seeds at {name}: batch {size.batch}, time {size.time}, width {size.width}"
        click.echo(f"\n{click.style(title, bold=True)}, {steps} steps each")
        trainings = {**dict.fromkeys(_SAID, count), "nn": 1, "half": max(1, count // 2)}
        rows = [
            [
                _SAID[contender],
                f"{times.median(contender) or 0:.3g}",
                f"{min(rounds):.3g}",
                f"{max(rounds):.3g}",
                f"{1000 * (times.median(contender) or 0) / trainings[contender]:.3g}",
                f"{times.ready[contender]:.3g}",
            ]
            for contender, rounds in times.seconds.items()
        ]
        headers = ["contender", "seconds", "low", "high", "ms a training", "to get ready"]
        echo_table(headers, rows, right=headers[1:])
        for said, pair in RATIOS.items():
            ratio = times.ratio(*pair)
            click.echo(f"{said}: {'-' if ratio is None else f'{ratio:.2f}'}")
        if times.ceiling is not None:
            click.echo(f"at most, by two processes of half the study each: {times.ceiling:.2f}")
    if as_json:
        echo_json({"machine": machine, "sizes": documents})
    else:
        cores, load = machine["cores"], machine["load"]
        click.echo(f"\n{machine['processor']}, {cores} cores, load {load} at the start")
