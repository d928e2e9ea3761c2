"""Train a group of replicas together, step by step, and write down what became of each."""

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqtasks.engine.native.execute.call_each import Calls
from seqtasks.runs.training_run import solves
from seqtasks.studies.replicas.initial_weights import named_tensors
from seqtasks.studies.replicas.replica import Replica, line_of
from seqtasks.studies.replicas.scores import Counts, Instances, Metrics
from seqtasks.tasks.lengths import LengthRange
from seqtasks.training.between_steps import Constraints

if TYPE_CHECKING:
    from seqtasks.studies.replicas.group import Group

__all__ = ["SECONDS_PER_CALL", "GroupTraining", "Interrupted"]

SECONDS_PER_CALL = 0.05
"""How long a call into the program may take before `stop` is asked, roughly."""
MOST_SCORED = 2**20
"""About how many symbols are drawn at once to score replicas."""


class Interrupted(Exception):  # noqa: N818 - it is no error that it tells of
    """Somebody asked for the end before the replicas of a group had ended."""


class GroupTraining:
    """The training of one group, from its first step to its lines."""

    def __init__(
        self, group: "Group", seeds: Sequence[int], stop: Callable[[], bool], keep: bool
    ) -> None:
        self.group, self.seeds, self.stop, self.keep = group, seeds, stop, keep
        self.experiment, self.pattern = group.experiment, group.pattern
        count = len(seeds)
        self.active = np.arange(count)
        self.steps = [0] * count
        self.stopped: list[str | None] = [None] * count
        self.problems: list[str | None] = [None] * count
        self.in_a_row = [0] * count
        self.validation: list[list[Metrics]] = [[] for _ in seeds]
        self.others: list[dict[str, Tensor]] = [{} for _ in seeds]
        task = group.task
        self.holdouts = [self.experiment.make_holdout(task, seed) for seed in seeds]

    def run(self) -> list[Replica]:
        """Return the replicas, in the order of the seeds; see `Group.run`."""
        began = time.perf_counter()
        self._begin()
        step, every = 0, self.experiment.evaluate_every
        while len(self.active):
            step, counts = self._stretch(step)
            if step % every == 0:
                self._validate(counts)
            self._end(step)
        scores = self._final_scores()
        seconds = (time.perf_counter() - began) / len(self.seeds)
        return [self._replica(k, scores[k], seconds) for k in range(len(self.seeds))]

    def _begin(self) -> None:
        group = self.group
        group.stack.begin()
        constrained = bool(self.pattern.steps.between.constraints)
        for k, seed in enumerate(self.seeds):
            drawn = group.weights.draw(seed)
            if not constrained and not self.keep:
                self._take(k, drawn)
                continue
            constraints = Constraints(group.weights.model)
            with constraints.applied():
                named = named_tensors(group.weights.model)
                if constraints:
                    leaves = [named[name].detach() for name in self.pattern.leaves]
                    drawn = [leaf.reshape(-1).numpy() for leaf in leaves]
                self._take(k, drawn)
                if self.keep:
                    unread = [name for name, leaf in self.pattern.state.items() if leaf is None]
                    self.others[k] = {name: named[name].detach().clone() for name in unread}
        group.data.begin(self.seeds)
        places = group.places["validation"]
        pairs = zip(self.seeds, self.holdouts, strict=True)
        self.instances = [places.of(seed, holdout) for seed, holdout in pairs]
        self.counts = group.scores.counts(self.active, self.instances)

    def _take(self, k: int, drawn: Sequence[NDArray[Any]]) -> None:
        """Take the weights of a replica."""
        for values, leaf in zip(self.group.stack.values, drawn, strict=True):
            values[k] = leaf

    # ---- training

    def _stretch(self, step: int) -> tuple[int, Counts | None]:
        """Train up to the next step at which something is due, or less.

        Returns:
            The step, and what was counted if an evaluation is due that C can count.
        """
        group, experiment, stack = self.group, self.experiment, self.group.stack
        due = min(experiment.steps - step, *(every - step % every for every in group.marks))
        jobs = stack.jobs[: len(self.seeds)]
        steps = group.data.give(jobs, self.active, step, min(due, group.most))
        data = group.data
        if group.prepared != (data.batch, data.time):
            stack.prepare(self.pattern.program.opened, group.optimizer, data.batch, data.time)
            group.prepared = data.batch, data.time
        jobs["steps"] = steps
        jobs["rates"] = group.rates.ctypes.data + 8 * step
        leaves, annealed = group.annealed
        jobs["annealed"] = annealed.ctypes.data + 8 * step * len(leaves)
        jobs["annealed_leaves"], jobs["annealed_count"] = leaves.ctypes.data, len(leaves)
        rows = np.arange(len(jobs), dtype=np.uint64) * np.uint64(group.losses.strides[0])
        jobs["losses"] = np.uint64(group.losses.ctypes.data + 8 * step) + rows
        active, counts = self.active, None
        columns = [*data.columns(active), stack.training(self.pattern.program.opened, active)]
        if (step + steps) % experiment.evaluate_every == 0 and self.counts is not None:
            counts = self.counts
            columns += counts.columns(active)
        calls = Calls(columns)
        self._make(calls)
        if jobs["status"][active].any() or calls.results.any():
            raise ValueError("a batch holds what is not a symbol")
        made = jobs["made"][self.active]
        last = group.losses[self.active, step + made - 1]
        if not np.isfinite(last).all():
            for k, steps_made, loss in zip(self.active, made, last, strict=True):
                if not math.isfinite(loss):
                    self._diverge(int(k), step + int(steps_made), f"the loss became {loss}")
            self._leave()
        return step + steps, counts

    def _make(self, calls: Calls) -> None:
        done = False
        while not done:
            if self.stop():
                raise Interrupted
            done = calls.make(SECONDS_PER_CALL)

    def _diverge(self, replica: int, step: int, what: str) -> None:
        self.problems[replica] = f"{what} at step {step}"
        self.steps[replica] = step

    def _leave(self) -> None:
        """Take replicas that have ended or diverged out of the group."""
        ended = [k for k in self.active if self.stopped[k] is None and self.problems[k] is None]
        self.active = np.array(ended, dtype=np.intp)

    # ---- evaluation, and the end

    def _validate(self, counts: Counts | None) -> None:
        if not len(self.active):
            return
        if counts is not None:
            found = counts.metrics(self.active)
        else:
            found = self.group.scores.metrics(self.active, [self.instances[k] for k in self.active])
        for k, metrics in zip(self.active, found, strict=True):
            self.validation[k].append(metrics)
            solved = solves(self.group.task, metrics)
            self.in_a_row[k] = self.in_a_row[k] + 1 if solved else 0
            if 0 < self.experiment.solved_after <= self.in_a_row[k]:
                self.stopped[k] = "solved"

    def _end(self, step: int) -> None:
        """End what is solved or has made its steps, and what has weights that are not finite."""
        last = step >= self.experiment.steps
        saves = self.experiment.checkpoint_every
        due = last or (isinstance(saves, int) and step % saves == 0)
        finite: NDArray[np.bool_] | None = None
        for place, k in enumerate(self.active):
            if last and self.stopped[k] is None:
                self.stopped[k] = "steps"
            if not due and self.stopped[k] is None:
                continue
            self.steps[k] = step
            finite = self._finite() if finite is None else finite
            if not finite[place]:
                self.stopped[k] = None
                self._diverge(int(k), step, f"a weight became {math.nan}")
        if finite is not None:
            self._leave()

    def _finite(self) -> NDArray[np.bool_]:
        """Return which of the active replicas have finite weights."""
        finite = np.ones(len(self.active), dtype=np.bool_)
        for values, tensor in zip(
            self.group.stack.values, self.pattern.program.tensors(), strict=True
        ):
            if tensor.requires_grad:
                finite &= np.isfinite(values[self.active]).all(axis=1)
        return finite

    def _final_scores(self) -> list[dict[str, Metrics]]:
        """Return the final scores of each replica; none of those that diverged."""
        places, experiment = self.group.places, self.experiment
        scores: list[dict[str, Metrics]] = [{} for _ in self.seeds]
        ended = np.array([k for k, what in enumerate(self.problems) if what is None], dtype=np.intp)
        if not len(ended):
            return scores
        for length, instances in places["final"].items():
            for k, metrics in zip(ended, self._scored(ended, instances), strict=True):
                scores[k][str(length)] = metrics
        if places["range"]:
            found = [self._scored(ended, instances) for instances in places["range"]]
            where = str(LengthRange.parse(experiment.score or ""))
            for place, k in enumerate(ended):
                scores[k][where] = {
                    name: math.fsum(one[place][name] for one in found) / len(found)
                    for name in found[0][place]
                }
        return scores

    def _scored(self, replicas: NDArray[np.intp], instances: Instances) -> list[Metrics]:
        found: list[Metrics] = []
        each = max(1, MOST_SCORED // instances.symbols)
        for first in range(0, len(replicas), each):
            if self.stop():
                raise Interrupted
            some = replicas[first : first + each]
            drawn = [instances.of(self.seeds[k], self.holdouts[k]) for k in some]
            found += self.group.scores.metrics(some, drawn)
        return found

    def _replica(self, k: int, scores: dict[str, Metrics], seconds: float) -> Replica:
        every, problem = self.experiment.log_every, self.problems[k]
        logged = self.steps[k] if problem is None else self._last_log(k)
        losses = self.group.losses[k, : logged // every * every].reshape(-1, every).tolist()
        line = line_of(
            self.seeds[k],
            "ended" if problem is None else "diverged",
            step=self.steps[k],
            stopped=self.stopped[k],
            scores=scores,
            losses=[math.fsum(some) / len(some) for some in losses],
            validation=self.validation[k],
            seconds=seconds,
            problem=problem,
        )
        kept = self.keep and problem is None
        return Replica(line, self._tensors(k) if kept else None)

    def _last_log(self, k: int) -> int:
        """Return up to which step a replica that diverged has lines of losses."""
        last = self.problems[k] or ""
        return self.steps[k] - last.startswith("the loss")

    def _tensors(self, k: int) -> dict[str, Tensor]:
        stack, tensors = self.group.stack, self.pattern.program.tensors()
        return {
            name: self.others[k][name]
            if leaf is None
            else torch.from_numpy(stack.values[leaf][k].copy()).view(tensors[leaf].shape)
            for name, leaf in self.pattern.state.items()
        }
