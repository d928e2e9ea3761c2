"""`seqtasks.compare`, `sweep` and `tune`: studies of several settings, for programs."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqtasks.runs.active_run import Stop, never
from seqtasks.specs.seeds import Seeds
from seqtasks.studies.asking import read_settings
from seqtasks.studies.calls import Backend
from seqtasks.studies.faces import Planned, to_compare, to_sweep
from seqtasks.studies.study import Study
from seqtasks.studies.until_sure import UntilSure

__all__ = ["compare", "sweep", "tune"]


def compare(
    task: Any,
    *,
    seeds: str | Iterable[int] = range(100),
    match: str | None = None,
    until_sure: UntilSure | bool = False,
    out: str | Path | None = None,
    trust: bool = False,
    **how: Any,
) -> Study:
    """Compare settings seed by seed: on the same data and evaluation instances at each seed.

    Args:
        task: a task or its spec string; a list of tasks, or text as on the command line
            (`"parity,bitshift:shift=[1,2]"`), for several.
        seeds: the seeds of each setting, as for `seqtasks.run`.
        match: `parameters` or `hidden-size`, to make cells equal in size.
        until_sure: whether to add seeds until each difference is sure, or how.
        out: the folder in which to make the directory; None to keep everything in memory alone.
        trust: whether to execute code that came with a run.
        how: `progress`, `observers`, `stop`, `backend`, `jobs`, `address`, `keep_weights`, `reuse`
            and `time_limit` as for `seqtasks.run`, and fields of Experiment. A field takes a value,
            a list of values, or text with lists and ranges: `cell="gru,lstm"`,
            `learning_rate=[0.01, 0.1]`, `learning_rate="best:1e-4..1e-2:log5"`.

    Returns:
        The study; `summary()` has the pairs, and what they show in words.

    Raises:
        UsageError: if an argument is wrong or impossible; nothing is written in this case.

    Example:
        >>> import seqtasks as st
        >>> settings = {"steps": 100, "evaluation_lengths": (10,)}
        >>> study = st.compare("bitflip", cell="concat,sum", seeds=range(4), **settings)
        >>> [setting.label for setting in study.settings], len(study.summary()["pairs"]) > 0
        (['concat', 'sum'], True)
    """
    running, settings = _split(how)
    asking = read_settings(task, settings, trust=trust)
    chosen = Seeds.read(seeds)
    until = until_sure if isinstance(until_sure, UntilSure) else None
    if until_sure is True:
        until = UntilSure(first=len(chosen))
    planned = to_compare(
        asking.load,
        asking.choices,
        chosen,
        match=match,
        choose_rate=asking.choose_rate,
        until_sure=until,
        yes=True,
    )
    return _run(planned, out, running)


def sweep(
    task: Any,
    *,
    seeds: str | Iterable[int] = range(5),
    random: int | None = None,
    draw_seed: int | None = None,
    best: int = 3,
    fresh_seeds: int = 20,
    match: str | None = None,
    out: str | Path | None = None,
    trust: bool = False,
    **how: Any,
) -> Study:
    """Try the points of a grid or random ones, and measure the best on seeds of their own.

    Args:
        task: as for `compare`.
        seeds: the seeds of each point.
        random: how many points to draw from the values; None for the whole grid.
        draw_seed: the seed of the draws, with `random` alone; None for 0.
        best: how many of the best points are run again on fresh seeds.
        fresh_seeds: the number of fresh seeds; 0 for none.
        match: as for `compare`.
        out: as for `compare`.
        trust: as for `compare`.
        how: as for `compare`.

    Returns:
        The study; `summary()["best"]` has the best points on the fresh seeds.

    Raises:
        UsageError: if an argument is wrong or impossible; nothing is written in this case.
    """
    running, settings = _split(how)
    asking = read_settings(task, settings, trust=trust)
    planned = to_sweep(
        asking.load,
        asking.choices,
        Seeds.read(seeds),
        random=random,
        draw_seed=draw_seed,
        best=best,
        fresh=fresh_seeds,
        match=match,
        yes=True,
    )
    return _run(planned, out, running)


def tune(
    task: Any,
    *,
    seeds: str | Iterable[int] = range(3),
    trials: int = 50,
    search_seed: int = 0,
    prune: bool = True,
    best: int = 3,
    fresh_seeds: int = 20,
    out: str | Path | None = None,
    trust: bool = False,
    **how: Any,
) -> Study:
    """Search settings by Optuna, and measure the best on seeds of their own.

    Args:
        task: a task or its spec string.
        seeds: the seeds of each point.
        trials: how many points are proposed.
        search_seed: the seed of the proposals.
        prune: whether to end a point early if its first run is worse than half of those before it;
            only with `out`.
        best: as for `sweep`.
        fresh_seeds: as for `sweep`.
        out: as for `compare`.
        trust: as for `compare`.
        how: as for `compare`.

    Raises:
        UsageError: if Optuna is not installed, or an argument is wrong or impossible.
    """
    from seqtasks.studies.tune import to_tune

    running, settings = _split(how)
    asking = read_settings(task, settings, trust=trust)
    planned = to_tune(
        asking.load,
        asking.choices,
        Seeds.read(seeds),
        trials=trials,
        search_seed=search_seed,
        prune=prune,
        best=best,
        fresh=fresh_seeds,
    )
    return _run(planned, out, running)


_RUNNING = (
    "progress",
    "observers",
    "stop",
    "backend",
    "jobs",
    "address",
    "keep_weights",
    "reuse",
    "time_limit",
)


def _split(how: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what says how the runs are made, and the settings of the experiments."""
    running = {name: value for name, value in how.items() if name in _RUNNING}
    return running, {name: value for name, value in how.items() if name not in _RUNNING}


def _run(planned: Planned, out: str | Path | None, running: dict[str, Any]) -> Study:
    from seqtasks.studies.execution import Execution
    from seqtasks.studies.lifecycle import run_study

    backend: Backend = running.get("backend", "auto")
    stop: Stop | None = running.get("stop", never)
    return run_study(
        replace(planned.asked, keep_weights=bool(running.get("keep_weights", False))),
        out=out,
        execution=Execution(
            backend, running.get("jobs"), running.get("address"), running.get("time_limit")
        ),
        observers=running.get("observers", ()),
        stop=stop,
        reuse=bool(running.get("reuse", False)),
        progress=bool(running.get("progress", False)),
    )
