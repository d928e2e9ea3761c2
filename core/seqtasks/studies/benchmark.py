"""Measure a whole study beside one training by torch, and beside JAX with `vmap` over seeds."""

import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from statistics import median
from typing import Any

from seqtasks.benchmark.contenders import build
from seqtasks.benchmark.contenders.base import UnavailableError, using_threads
from seqtasks.benchmark.problem import Problem
from seqtasks.benchmark.sizes import Size
from seqtasks.errors import one_line
from seqtasks.experiments.experiment import Experiment
from seqtasks.specs.seeds import Seeds
from seqtasks.studies.calls import study_of_one
from seqtasks.studies.execution import Execution
from seqtasks.studies.lifecycle import run_study
from seqtasks.studies.own_processes import OwnProcesses

__all__ = ["STUDIED", "StudyTimes", "measure_study"]

STUDIED = {"tiny": 1000, "small": 100}
"""The sizes at which studies are measured, with their numbers of seeds."""
CELL, LEARNING_RATE = "concat", 1e-2
WARM = 8
"""How many seeds are trained before the clock starts."""

Tell = Callable[[str], None]


@dataclass
class StudyTimes:
    """The times of a size.

    Attributes:
        size: the size.
        seeds: the number of replicas.
        steps: the training steps of each.
        seconds: by contender, the seconds of each round: `nn` trains once; `one thread`, `two
            threads` and `jax` train all replicas; `half` is a study of half of them in a process of
            its own, and `two halves` are two such processes at once.
        ready: by contender, the seconds until its first round could begin: imports, compiling.
        left_out: by contender, why it was not measured.
    """

    size: Size
    seeds: int
    steps: int
    seconds: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    ready: dict[str, float] = field(default_factory=dict[str, float])
    left_out: dict[str, str] = field(default_factory=dict[str, str])

    def median(self, contender: str) -> float | None:
        """Return a contender's median over the rounds; None if it was not measured."""
        measured = self.seconds.get(contender)
        return median(measured) if measured else None

    def ratio(self, one: str, other: str) -> float | None:
        """Return the ratio of two medians; None if one is missing."""
        above, below = self.median(one), self.median(other)
        return None if above is None or below is None else above / below

    @property
    def ceiling(self) -> float | None:
        """How much faster two cores are here than one, if nothing is shared but the machine."""
        alone = self.ratio("half", "two halves")
        return None if alone is None else 2 * alone

    def to_json(self) -> dict[str, Any]:
        """Return the times as plain data."""
        return {
            "size": self.size.name,
            "seeds": self.seeds,
            "steps": self.steps,
            "seconds": self.seconds,
            "ready": self.ready,
            "left_out": self.left_out,
            "ratios": {name: self.ratio(*pair) for name, pair in RATIOS.items()},
            "ceiling": self.ceiling,
        }


RATIOS: Mapping[str, tuple[str, str]] = {
    "study on two threads / one training by nn": ("two threads", "nn"),
    "one thread / two threads": ("one thread", "two threads"),
    "jax / study on two threads": ("jax", "two threads"),
}
"""The ratios that are printed, by their names."""


def measure_study(
    size: Size, seeds: int, steps: int = 1000, repeats: int = 3, tell: Tell = lambda _: None
) -> StudyTimes:
    """Measure a study of many seeds, side by side with other ways to train.

    The contenders take turns. A study is whole: it draws its data, validates every 100 steps,
    scores each replica at the trained length and writes its folder. torch trains `nn.RNN` once, on
    one thread, and JAX trains all replicas; both have their batches beforehand and score nothing.
    Two processes, with half of the study each, show what the machine's second core can give.

    Args:
        size: the size of batches and layers.
        seeds: the number of replicas.
        steps: the training steps of each.
        repeats: the number of rounds.
        tell: receives a text about what is being done, and at the end an empty text.
    """
    times = StudyTimes(size, seeds, steps)
    with ExitStack() as held:
        runs = _made_ready(times, tell, held)
        for turn in range(repeats):
            for name, run in runs.items():
                tell(f"{name}: round {turn + 1} of {repeats}")
                began = time.perf_counter()
                run()
                times.seconds.setdefault(name, []).append(time.perf_counter() - began)
    tell("")
    return times


def _made_ready(times: StudyTimes, tell: Tell, held: ExitStack) -> dict[str, Callable[[], None]]:
    """Return what each contender does in a round, and note how long it took to get ready."""
    runs: dict[str, Callable[[], None]] = {}
    for name, make in _CONTENDERS.items():
        tell(f"{name}: warming up")
        began = time.perf_counter()
        try:
            runs[name] = make(times.size, times.seeds, times.steps)
        except UnavailableError as error:
            times.left_out[name] = str(error)
        except Exception as error:
            times.left_out[name] = one_line(error)
        else:
            times.ready[name] = time.perf_counter() - began
    tell("half: warming up")
    began = time.perf_counter()
    half = times.size, max(1, times.seeds // 2), times.steps
    try:
        processes = held.enter_context(OwnProcesses(2, study_in_threads, 1, *half))
    except Exception as error:
        times.left_out["half"] = one_line(error)
    else:
        runs["half"], runs["two halves"] = partial(processes.run, 1), partial(processes.run, 2)
        times.ready["half"] = times.ready["two halves"] = time.perf_counter() - began
    return runs


def experiment_of(size: Size, steps: int) -> Experiment:
    """Return the experiment that a study trains at a size."""
    return Experiment.for_task(
        "bitflip",
        cell=CELL,
        readout="state",
        hidden_size=size.width,
        embedding_size=size.width,
        batch_size=size.batch,
        length=str(size.time),
        evaluation_lengths=(size.time,),
        learning_rate=LEARNING_RATE,
        steps=steps,
        solved_after=0,
        engine="native",
    )


def study_in_threads(jobs: int, size: Size, seeds: int, steps: int) -> Callable[[], None]:
    """Return what trains a whole study, after it has trained a small one."""
    experiment = experiment_of(size, steps)

    def run(count: int = seeds) -> None:
        asked = study_of_one(experiment, Seeds.read(range(count)))
        with tempfile.TemporaryDirectory() as folder:
            study = run_study(asked, out=folder, execution=Execution("threads", jobs))
            ended = (study.outcomes(0).statuses == "ended").sum()
        if ended != count:
            raise UnavailableError(f"{count - ended} of {count} replicas did not end")

    run(WARM)
    return run


def _nn(size: Size, seeds: int, steps: int) -> Callable[[], None]:
    problem = Problem(size, CELL, learning_rate=LEARNING_RATE)
    (variant,) = build("nn", problem, [1])

    def run() -> None:
        with using_threads(1):
            variant.run(steps)

    with using_threads(1):
        variant.run(WARM)
    return run


def _jax(size: Size, seeds: int, steps: int) -> Callable[[], None]:
    try:
        contender = import_module("seqtasks.benchmark.contenders.jax_replicas")
    except ModuleNotFoundError as error:
        if error.name not in ("jax", "jaxlib", "optax"):
            raise
        raise UnavailableError(
            f"{error.name} is not installed (pip install 'seqtasks[bench]')"
        ) from None
    problem = Problem(size, CELL, learning_rate=LEARNING_RATE)
    trained = contender.training_of_many(problem, seeds, steps, size.time)
    trained()  # this compiles it
    return trained


_CONTENDERS: dict[str, Callable[[Size, int, int], Callable[[], Any]]] = {
    "nn": _nn,
    "one thread": partial(study_in_threads, 1),
    "two threads": partial(study_in_threads, 2),
    "jax": _jax,
}
