"""Run a batch by a program or the plain loop, and say which ran and why."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqtasks.cells import State
from seqtasks.cells.plain_loop import brought_to
from seqtasks.engine.contract.batch_call import call_program
from seqtasks.engine.contract.chunked import IdleMemories
from seqtasks.engine.contract.passes import Passes
from seqtasks.engine.contract.trial import PlainPass, disagreement, disagreement_of_rows
from seqtasks.engine.policy.choice import Choice
from seqtasks.engine.policy.request import Check, Refusal, Request
from seqtasks.engine.record.batch_layout import Form, flattened, form_of, obstacle, ordinary
from seqtasks.engine.record.observed import is_observed, unobserved_saving
from seqtasks.engine.record.subject import Parts
from seqtasks.engine.record.whole_states import MOST_STEPS
from seqtasks.errors import UsageError
from seqtasks.randomness.counted_draws import CountedDraws, DrawKey, counted_draws, started
from seqtasks.randomness.philox import StepKeys

__all__ = ["NO_KEY", "Engines"]

NO_KEY = (
    "it draws random numbers, and nobody says which: in your own program, give model.use_engine a "
    "seed"
)

logger = logging.getLogger("seqtasks")

MOST_REFUSED = 3
"""After this many signatures for which no program could be made, the plain loop runs permanently:
trying again and again would take longer than the loop."""


@dataclass
class Engines:
    """Runs one model, by a program or the plain loop.

    Attributes:
        parts: the model's parts.
        wanted: the engine asked for.
        name: the engine that ran last; it is settled when a program is first needed.
        reasons: why each faster engine did not run at that time.
        unsupported: what the model does that no faster engine supports, or None.
        may_fall_back: whether another engine may run the model if `wanted` cannot. `auto` may fall
            back, and so may a run that began with `auto` and is resumed by the engine it chose.
            Otherwise it is always an error if `wanted` cannot run the model.
        needs_autograd: whether torch must carry gradients on to the parameters, and so train the
            model: a program that ran reads values that torch computes from parameters alone, or
            cannot hold the constraints on the parameters.
        against_draws: why a program may not draw random numbers outside `CountedDraws`; None in a
            run, whose steps say which numbers to draw.
        has_draws: whether a program that ran draws random numbers.
        seed: of the random numbers of each call; None where the caller does not say one.
        calls: how many calls have drawn by the seed: the next one draws by this number.
        may_choose: whether the plain loop may score a small batch though an engine can: in a run
            begun with `auto`, and wherever `auto` is asked for.
    """

    parts: Parts
    wanted: str = "auto"
    name: str | None = None
    reasons: dict[str, str] = field(default_factory=dict[str, str])
    unsupported: str | None = None
    may_fall_back: bool = False
    may_choose: bool = False
    needs_autograd: bool = False
    against_draws: str | None = NO_KEY
    has_draws: bool = False
    seed: int | None = None
    calls: int = 0
    _idle: IdleMemories = field(default_factory=IdleMemories)
    _before: tuple[tuple[Any, ...], Passes] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for a copy of the model, which makes its own programs."""
        kept = ("parts", "wanted", "may_fall_back", "may_choose", "against_draws", "seed", "calls")
        return {name: getattr(self, name) for name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Start without programs, for the parts of a copied model."""
        self.__init__(**state)

    def __post_init__(self) -> None:
        self._choice = Choice(self.parts)
        self._choosing = threading.RLock()
        self.may_fall_back |= self.wanted in ("auto", "plain")
        self.may_choose |= self.wanted == "auto"
        if self.wanted == "plain":
            self.name = "plain"

    def next_draws(self) -> CountedDraws | None:
        """Return the random numbers of the next call, by the caller's seed; None without a seed.

        Within another pass, such as a step of a run, they are the numbers of that pass.
        """
        if self.seed is None or counted_draws() is not None:
            return None
        key, self.calls = StepKeys(self.seed, "calls").at(self.calls), self.calls + 1
        return CountedDraws(DrawKey(key), self.parts.dtype)

    # ---- a batch

    def run(
        self,
        plain: PlainPass,
        inputs: Tensor,
        states: Sequence[State | None],
        lengths: Tensor | None,
        histories: bool = False,
        start: Tensor | None = None,
    ) -> tuple[Tensor, list[State], list[State], Tensor | None] | None:
        """Run a batch through a program, with gradients; None if the plain loop should run.

        Args:
            plain: the plain loop over the same parts.
            inputs: (batch, time) ids or (batch, time, features).
            states: the states of each layer to start from; all None for the initial states.
            lengths: (batch,) steps of each instance, or None.
            histories: whether to return the states of every step.
            start: (batch,) int64 the number of each instance's first step; None for 0.

        Returns:
            The predictions, each layer's final state, each layer's states at every step, and what
            the cells add to the loss at each step, (batch, time), if any adds to it.

        Raises:
            UsageError: if the engine was named and cannot run the model.
        """
        if torch.is_inference_mode_enabled():  # outside it nothing could use its tensors again
            with torch.inference_mode(False), torch.no_grad():
                return self.run(plain, inputs, states, lengths, histories, start)
        if lengths is None and start is None and states[0] is None:
            again = self._as_before(inputs)
            if again is not None:
                return call_program(again, inputs, None, None, histories, idle=self._idle)
        if self._is_plain:
            self.name = "plain"
            return None
        if not ordinary(inputs, lengths):
            reason = obstacle(inputs)
            if reason:
                self.run_plain(reason)
            else:  # no engine is expected to run it, and the plain loop says what may be wrong
                watched = "torch's calls are watched, as by a trace, a transform or a mode"
                self._note_plain(watched if is_observed(inputs, lengths) else "its batch is empty")
            return None
        real = inputs.is_floating_point()
        if real and inputs.dtype != self.parts.dtype:
            self.run_plain(
                f"its inputs are {inputs.dtype}, but its parameters are {self.parts.dtype}"
            )
            return None
        batch, steps = inputs.shape[:2]
        draws = counted_draws()
        program = self.program(
            steps,
            input_size=inputs.shape[-1] if real else 0,
            masked=lengths is not None,
            external_states=torch.is_grad_enabled(),
            check=lambda made: disagreement(made, plain, self.parts, inputs, states, lengths),
            rows=batch,
            form=None if states[0] is None else form_of(states, batch, self.parts.dtype),
        )
        if program is not None and draws is None and program.model_graph.draws:
            self.run_plain(NO_KEY)
            return None
        if program is None or any(t.device != inputs.device for t in program.tensors()[:1]):
            return None

        def initial() -> list[State]:
            cells = enumerate(self.parts.cells)
            made = [started(cell, layer, batch, steps) for layer, cell in cells]
            return [brought_to(self.parts.dtype, inputs.device, state) for state in made]

        if start is not None and states[0] is None and program.model_graph.counts:
            states = initial()
        given = flattened(program.model_graph, states, batch, start)
        if given is None and states[0] is not None:
            self.run_plain(f"the given states do not match its own, of {self.parts.dtype}")
            return None
        if program.model_graph.graph.looks_at_rows and batch not in program.model_graph.tried_rows:
            if batch and self._depends_on_rows(program, plain, inputs, states, lengths):
                return None
            program.model_graph.tried_rows.add(batch)
        self._before = None
        if given is None and lengths is None and not program.model_graph.draws:
            self._before = self._kind(inputs), program
        return call_program(
            program,
            inputs,
            given,
            lengths,
            histories,
            initial=initial,
            idle=self._idle,
            key=None if draws is None else draws.key,
        )

    def _kind(self, inputs: Tensor) -> tuple[Any, ...]:
        """Return everything that the choice of a program looks at, beside the model.

        It is said of full rows that begin with the initial states, and a model that draws nothing.
        """
        about = inputs.shape, inputs.dtype, inputs.device, torch.is_grad_enabled()
        return (*about, self.wanted, self.may_fall_back, self.may_choose)

    def _as_before(self, inputs: Tensor) -> Passes | None:
        """Return the program of the call before if this call is like it; None if it may not be.

        A loop of one's own makes the same call again and again, and a small program runs for some
        microseconds.
        """
        before = self._before
        if before is None or before[0] != self._kind(inputs):
            return None
        if is_observed(inputs) or torch.is_autocast_enabled(before[0][2].type):
            return None
        program = before[1]
        if any(tensor.device != inputs.device for tensor in program.tensors()[:1]):
            return None
        with self._choosing:
            if not self._choice.still_serves(program):
                return None
            if self.name != program.engine:
                self._run_by(program)
        return program

    def _depends_on_rows(
        self,
        program: Passes,
        plain: PlainPass,
        inputs: Tensor,
        states: Sequence[State | None],
        lengths: Tensor | None,
    ) -> bool:
        """Say whether a step depends on the number of rows; if so, the plain loop runs."""
        with unobserved_saving():
            wrong = disagreement_of_rows(program, plain, self.parts, inputs, states, lengths)
        if wrong is not None:
            logger.warning("the plain loop runs %s: %s", self.parts.title, wrong)
            self._refuse(Refusal(wrong, self._choice.signatures.current(), unsupported=True))
        return wrong is not None

    # ---- the program of a batch

    def settle(self, plain: PlainPass, inputs: Tensor, layers: int) -> str:
        """Return the engine to use, after trying the wanted one on a batch.

        Args:
            plain: the plain loop over the same parts.
            inputs: (batch, time) ids or (batch, time, features).
            layers: how many cells there are.
        """
        if self.name is None and self.wanted != "plain":
            if not ordinary(inputs, None):
                return self.run_plain(obstacle(inputs) or "its batch is empty")
            real = inputs.is_floating_point()
            self._choice.trained_on.add(inputs.shape[1])
            self.program(
                inputs.shape[1],
                input_size=inputs.shape[-1] if real else 0,
                # the torch engine trains with these states, so the model is recorded once
                external_states="torch" in (self.wanted, self._choice.backends.settled),
                check=lambda made: disagreement(
                    made, plain, self.parts, inputs, [None] * layers, None
                ),
            )
        return self.name or "plain"

    def program(
        self,
        steps: int,
        *,
        input_size: int = 0,
        masked: bool = False,
        external_states: bool = False,
        check: Check | None = None,
        rows: int | None = None,
        form: Form | None = None,
    ) -> Passes | None:
        """Return a program for sequences of `steps` steps, or None if the plain loop should run.

        Args:
            steps: the length of the sequences.
            input_size: features of real inputs.
            masked: whether each row has its own length.
            external_states: whether states receive gradients from outside.
            check: says what is wrong with a new program, or returns None if it is right.
            rows: of a batch that the plain loop may run if it is small; None for another.
            form: of the states given to start from, if any.

        Raises:
            UsageError: if the engine was named and cannot run the model.
        """
        if self._is_plain:
            self.name = "plain"
            return None
        against_draws = None if counted_draws() is not None else self.against_draws
        options = (self.wanted, against_draws, self.may_fall_back, self.may_choose)
        request = Request(steps, input_size, masked, external_states, rows, form, *options)
        # One thread at a time: the others wait for its program instead of making one each, and no
        # two initial states get one number.
        with self._choosing:
            chosen = self._choice.program(request, check)
            if isinstance(chosen, Refusal):
                self._refuse(chosen)
                return None
            if chosen.model_graph.has_whole_states and steps > MOST_STEPS:
                self.run_plain(f"its state holds whole numbers, for more than {MOST_STEPS:,} steps")
                return None
            self._run_by(chosen)
            self._choice.signatures.forget_reads()
        return chosen

    def leave_out_native(self, reason: str) -> None:
        """Make all programs by the torch engine from now on, and say why."""
        self._choice.backends.leave_out_native(reason)

    def alike(self, times: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return a number for each number of steps; equal numbers share a program."""
        with self._choosing:
            return self._choice.alike(times)

    # ---- what ran, and why

    @property
    def _is_plain(self) -> bool:
        """Whether the plain loop runs permanently, however the parts change."""
        is_refused = len(self._choice.refused) >= MOST_REFUSED
        return self.wanted == "plain" or (is_refused and self.may_fall_back)

    def _run_by(self, program: Passes) -> None:
        """Note that a program runs."""
        self.has_draws = self.has_draws or bool(program.model_graph.draws)
        self.needs_autograd = self.needs_autograd or program.model_graph.needs_torch
        if self.name != program.engine:
            self.name = program.engine
            faster = self._choice.backends.failures if program.engine == "torch" else {}
            self.reasons = {name: why for name, why in faster.items() if name != "torch"}

    def _refuse(self, refusal: Refusal) -> None:
        """Note that the plain loop runs, and for how long.

        Raises:
            UsageError: if an engine was named and no other engine may run the model.
        """
        if refusal.unsupported:
            self.unsupported = refusal.reason
        if refusal.signature is not None:  # as long as the parts stay as they are now
            self._choice.signatures.forget_reads()
            self._choice.refused[refusal.signature] = refusal.reason
        self.run_plain(refusal.reason, refusal.each)

    def run_plain(self, reason: str, each: dict[str, str] | None = None) -> str:
        """Note that the plain loop runs, and why: one reason for all engines, or one for each.

        Raises:
            UsageError: if an engine was named and no other engine may run the model.
        """
        self._note_plain(reason, each)
        if not self.may_fall_back:
            raise UsageError(
                f"the engine '{self.wanted}' cannot run {self.parts.title}: {reason}; "
                "with auto the plain loop runs it if no faster engine can"
            ) from None
        return "plain"

    def _note_plain(self, reason: str, each: dict[str, str] | None = None) -> None:
        self.name = "plain"
        self.reasons = {name: (each or {}).get(name, reason) for name in ("native", "torch")}
