"""Choose a kept program or make a new one; say why where there is none."""

import logging
import math
from collections.abc import Hashable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from seqtasks.engine.backends import Backends
from seqtasks.engine.contract.passes import Passes
from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import make_model_graph
from seqtasks.engine.policy import loop_cost
from seqtasks.engine.policy.request import Check, Refusal, Request
from seqtasks.engine.program_cache import ProgramCache, unchanged
from seqtasks.engine.record.batch_layout import Form, size_of
from seqtasks.engine.record.observed import unobserved_saving
from seqtasks.engine.record.outside_draws import without_draws
from seqtasks.engine.record.signatures import Signatures
from seqtasks.engine.record.start_fingerprint import start_of
from seqtasks.engine.record.subject import Parts

__all__ = ["Choice"]

logger = logging.getLogger("seqtasks")


class Choice:
    """The programs of one model, each made when it is first needed.

    Args:
        parts: the model's parts.

    Attributes:
        signatures: the states in which the parts were found.
        backends: what makes a program of the parts' graph.
        refused: signature -> why no program is tried again.
        trained_on: numbers of steps for which a program is worth making, whatever the batch.
    """

    def __init__(self, parts: Parts) -> None:
        self.signatures = Signatures(parts)
        self.backends = Backends()
        self.refused: dict[Hashable, str] = {}
        self.trained_on: set[int] = set()
        self._parts = parts
        self._cache = ProgramCache()
        self._misfits: dict[Hashable, str] = {}
        self._costs: dict[Hashable, float] = {}
        self._latest: tuple[Request, Passes] | None = None

    def program(self, request: Request, check: Check | None) -> Passes | Refusal:
        """Return a kept program, a new one, or why the plain loop should run.

        Args:
            request: what the program is needed for.
            check: says what is wrong with a new program; None to take it untried.
        """
        again = self._again(request)
        if again is not None:
            return again
        chosen = self._chosen(request, check)
        self._latest = None if isinstance(chosen, Refusal) else (request, chosen)
        return chosen

    def _again(self, request: Request) -> Passes | None:
        """Return the program of the call before if this call asks for the same; None if it may not.

        That program is the one that was used last, so the order of the cache is right.
        """
        if self._latest is None or self._latest[0] != request:
            return None
        program = self._latest[1]
        return program if self.still_serves(program) else None

    def still_serves(self, program: Passes) -> bool:
        """Say whether a program is the one of the last request, and the model is as it was then."""
        if self._latest is None or self._latest[1] is not program or self.refused:
            return False
        return self.signatures.still_hold() and unchanged(program.model_graph.constants)

    def _chosen(self, request: Request, check: Check | None) -> Passes | Refusal:
        """Return a kept program, a new one, or why the plain loop should run; see `program`."""
        try:
            signature = self.signatures.current()
        except UnsupportedError as reason:
            return Refusal(str(reason), ("large", len(self.refused)), unsupported=True)
        if signature in self.refused:
            return Refusal(self.refused[signature])
        if not self._cache.has_room_for(signature):
            return Refusal("its attributes or hooks change again and again", signature)
        start = self._start(signature, request.steps)
        form = request.form
        if self._cache.begun[start].form in (None, form):
            form = None  # else states of another size, as a memory has that has grown
        if request.may_choose and self._is_small(request, signature, form):
            return Refusal(
                "a program for states of this size takes longer to make than the loop runs"
            )
        options = (request.input_size, request.masked, request.external_states)
        key = (signature, options, start if form is None else form)
        misfit = (key, request.against_draws)
        if misfit in self._misfits:
            return Refusal(self._misfits[misfit])
        replaced = self._cache.replaced
        kept = self._cache.get(key)
        if kept is not None:
            return _refused_draws(kept.model_graph, request) or kept
        if self._cache.replaced > replaced and self._cache.replaces_too_often:
            return Refusal("tensors it treats as constants change again and again", signature)
        made = self._made(request, signature, form, check)
        if not isinstance(made, Refusal):
            self._cache.put(key, made)
            if made.model_graph.needs_torch:  # it has gradients of all states; see `_made`
                options = (request.input_size, request.masked, not request.external_states)
                self._cache.put((signature, options, key[2]), made)
        elif made.signature is None:  # states that do not fit say nothing of other calls
            self._misfits[misfit] = made.reason
        return made

    def alike(self, times: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return a number for each number of steps; equal numbers share a program."""
        try:
            signature = self.signatures.current()
        except UnsupportedError:  # no program can be made
            return np.arange(len(times))
        different, places = np.unique(times, return_inverse=True)
        starts = [self._start(signature, int(steps)) for steps in different]
        self.signatures.forget_reads()
        return np.array(starts)[places]

    def _made(
        self, request: Request, signature: Hashable, form: Form | None, check: Check | None
    ) -> Passes | Refusal:
        """Return a new program that was tried, or why there is none."""
        parts = self._parts

        def graph(external_states: bool) -> ModelGraph:
            return make_model_graph(
                parts.embedding,
                parts.cells,
                parts.readout,
                parts.dtype,
                steps=self._another(signature, request.steps),
                input_size=request.input_size,
                masked=request.masked,
                external_states=external_states,
                form=form,
                reads=self.signatures.reads(),
            )

        try:
            model_graph = graph(request.external_states)
            if model_graph.needs_torch and not request.external_states:
                model_graph = graph(True)  # torch trains it, as a module: one program for all calls
        except UnsupportedError as reason:
            if form is not None:
                return Refusal(str(reason))
            return Refusal(str(reason), signature, unsupported=True)
        refused = _refused_draws(model_graph, request)
        if refused is not None:
            return refused
        program = self.backends.make(
            model_graph, parts, wanted=request.wanted, may_fall_back=request.may_fall_back
        )
        if program is None:
            failures = dict(self.backends.failures)
            reason = failures.get(request.wanted, "no engine takes it")
            return Refusal(reason, signature, failures)
        if check is None:
            return program
        try:
            with unobserved_saving():
                reads = self.signatures.reads()
                wrong = without_draws(partial(check, program), parts.modules(), reads)
        except UnsupportedError as reason:  # it draws sometimes, but did not before
            return Refusal(str(reason), signature, unsupported=True)
        if wrong is None:
            return program
        logger.warning(
            "the %s engine computes %s wrongly; the plain loop runs (%s)",
            *(program.engine, parts.title, wrong),
        )
        return Refusal(wrong, signature)

    def _start(self, signature: Hashable, steps: int) -> int:
        """Return the number of the initial state for a loop of `steps` steps."""
        number = self._cache.start(signature, steps)
        if number is None:
            parts, reads = self._parts, self.signatures.reads()
            start = start_of(parts.cells, parts.dtype, steps, reads)
            number = self._cache.note_start(signature, steps, start)
        return number

    def _another(self, signature: Hashable, steps: int) -> int:
        """Return a nearby number of steps with the same initial state, else `steps` itself.

        The recording uses the returned number, and the trial uses `steps`. The trial therefore
        finds a cell whose step has learnt the number of steps in a way that we do not see.
        """
        start = self._start(signature, steps)
        near = [number for number in (steps + 1, steps - 1) if number > 0]
        return next((number for number in near if self._start(signature, number) == start), steps)

    def _is_small(self, request: Request, signature: Hashable, form: Form | None) -> bool:
        """Say whether the plain loop runs a batch sooner than a program for it is made."""
        if request.rows is None or (form is None and request.external_states):
            return False
        if form is None and request.steps in self.trained_on:
            return False
        key = signature, request.steps, form
        if key not in self._costs:
            self._costs[key] = self._cost(signature, request.steps, form)
        return request.rows * self._costs[key] <= loop_cost.SMALL

    def _cost(self, signature: Hashable, steps: int, form: Form | None) -> float:
        """Return what a row costs by the plain loop, if a program would hold for few such calls."""
        start = self._cache.begun[self._start(signature, steps)]
        size = start.size if form is None else size_of(form)
        if size == 0 or (form is None and self._another(signature, steps) != steps):
            return math.inf
        return loop_cost.loop_cost(self._parts.modules(), steps, size)


def _refused_draws(model_graph: ModelGraph, request: Request) -> Refusal | None:
    """Return the refusal of a model that draws random numbers where it may not."""
    if not model_graph.draws or request.against_draws is None:
        return None
    return Refusal(request.against_draws, unsupported=True)
