"""Run a model by a program in place of the plain loop, with gradients."""

import logging
import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqtasks.cells import State
from seqtasks.cells.padding import checked_lengths
from seqtasks.cells.plain_loop import brought_to
from seqtasks.engine.backends import Engine, NativeEngine, TensorEngine
from seqtasks.engine.contract.autograd import DifferentiablePass
from seqtasks.engine.contract.chunked import Memories, forward_alone
from seqtasks.engine.contract.protocol import Passes
from seqtasks.engine.contract.trial import PlainPass, disagreement, disagreement_of_rows
from seqtasks.engine.graph.model_graph import Analysis
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import analyse
from seqtasks.engine.record.batch_layout import (
    Form,
    flattened,
    form_of,
    nested,
    obstacle,
    ordinary,
    size_of,
    without_padding,
    without_steps,
)
from seqtasks.engine.record.observed import unobserved_saving
from seqtasks.engine.record.outside_draws import without_draws
from seqtasks.engine.record.reads import Reads, reads_of
from seqtasks.engine.record.start_fingerprint import Start, start_of
from seqtasks.engine.record.subject import Parts
from seqtasks.engine.record.watch import Watch
from seqtasks.errors import RunError, UsageError

__all__ = ["Engines"]

logger = logging.getLogger("seqtasks")

MOST_PROGRAMS = 64
"""The most programs kept at once, if different numbers of steps need different programs. The least
recently used program is dropped first."""

SMALL, SHARED = 2**27, 64
"""Rows times steps times numbers in a row's states up to which the plain loop scores a batch faster
than a program is made; and parameters that count as one such number, since all rows share them."""

MOST_CHANGES, MOST_REFUSED = 16, 3
"""After this many distinct signatures of the parts (16 compiled, or 3 refused) the plain loop runs
permanently: compiling again and again would take longer than the loop."""


@dataclass
class Engines:
    """The programs of one model, each made when it is first needed.

    Attributes:
        parts: the model's parts.
        wanted: the engine asked for.
        name: the engine that ran last; it is settled when a program is first needed.
        reasons: why each faster engine did not run at that time.
        unsupported: what the model does that no faster engine supports, or None.
        may_fall_back: whether another engine may run the model if `wanted` cannot. `auto` may fall
            back, and so may a run that began with `auto` and is resumed by the engine it chose.
            Otherwise it is always an error if `wanted` cannot run the model.
        may_choose: whether the plain loop may score a small batch though an engine can: in a run
            begun with `auto`, and wherever `auto` is asked for.
    """

    parts: Parts
    wanted: str = "auto"
    name: str | None = None
    reasons: dict[str, str] = field(default_factory=dict[str, str])
    _programs: dict[Any, Passes] = field(default_factory=dict[Any, Passes])
    _refused: dict[Any, str] = field(default_factory=dict[Any, str])
    _failures: dict[str, str] = field(default_factory=dict[str, str])
    _settled: str | None = None
    unsupported: str | None = None
    _starts: dict[Any, dict[int, int]] = field(default_factory=dict[Any, dict[int, int]])
    _begun: dict[int, Start] = field(default_factory=dict[int, Start])
    _misfits: dict[Any, str] = field(default_factory=dict[Any, str])
    _costs: dict[Any, float] = field(default_factory=dict[Any, float])
    _trained_on: set[int] = field(default_factory=set[int])
    _numbers: dict[Hashable, int] = field(default_factory=dict[Hashable, int])
    _replaced: int = 0
    _watch: Watch | None = None
    _reads: Reads | None = None
    _number: int = 0
    _signatures: dict[Hashable, int] = field(default_factory=dict[Hashable, int])
    _idle: tuple[Passes, Memories] | None = None
    _warned_of: set[str] = field(default_factory=set[str])
    may_fall_back: bool = False
    may_choose: bool = False

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for a copy of the model, which makes its own programs."""
        kept = ("parts", "wanted", "may_fall_back", "may_choose")
        return {name: getattr(self, name) for name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Start without programs, for the parts of a copied model."""
        self.__init__(**state)

    def __post_init__(self) -> None:
        self.may_fall_back |= self.wanted in ("auto", "plain")
        self.may_choose |= self.wanted == "auto"
        if self.wanted == "plain":
            self.name = "plain"

    @property
    def device(self) -> torch.device:
        """The device of the parameters."""
        for module in self.parts.modules():
            for tensor in module.parameters(recurse=False):
                return tensor.device
        return torch.device("cpu")

    @property
    def dtype(self) -> torch.dtype:
        """The type of the parameters."""
        for module in self.parts.modules():
            for tensor in module.parameters(recurse=False):
                return tensor.dtype
        return torch.get_default_dtype()

    def alike(self, times: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return a number for each number of steps; equal numbers share a program."""
        try:
            signature = self._signature()
        except UnsupportedError:  # no program can be made
            return np.arange(len(times))
        different, places = np.unique(times, return_inverse=True)
        starts = [self._start(signature, int(steps)) for steps in different]
        self._reads = None
        return np.array(starts)[places]

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
            self._trained_on.add(inputs.shape[1])
            self.program(
                inputs.shape[1],
                input_size=inputs.shape[-1] if real else 0,
                # the torch engine trains with these states, so the model is analysed once
                external_states=self.wanted == "torch",
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
        check: Callable[[Passes], str | None] | None = None,
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
        options = (input_size, masked, external_states)
        try:
            signature = self._signature()
        except UnsupportedError as reason:
            self.unsupported = str(reason)
            self._give_up(("large", len(self._refused)), str(reason))
            return None
        if signature in self._refused:
            self.run_plain(self._refused[signature])
            return None
        if signature not in self._starts and len(self._starts) >= MOST_CHANGES:
            self._give_up(signature, "its attributes or hooks change again and again")
            return None
        start: Any = self._start(signature, steps)
        if form is not None and self._begun[start].form not in (None, form):
            start = form  # states of another size, as a memory has that has grown
        else:
            form = None
        once = form is not None or not external_states
        if once and rows is not None and rows * self._cost(signature, steps, form) <= SMALL:
            self.run_plain(
                "a program for states of this size takes longer to make than the loop runs"
            )
            return None
        key = (signature, options, start)
        if key in self._misfits:
            self.run_plain(self._misfits[key])
            return None
        program = self._programs.pop(key, None)
        if program is not None and not _unchanged(program.analysis.constants):
            program = None
            self._replaced += 1
            if self._replaced >= MOST_CHANGES:
                self._give_up(signature, "tensors it treats as constants change again and again")
                return None
        if program is not None:
            self._programs[key] = program  # the most recently used program is dropped last
            self._reads = None  # they would keep alive what they name
            self._run_by(program)
            return program
        try:
            analysis = analyse(
                self.parts.embedding,
                self.parts.cells,
                self.parts.readout,
                self.dtype,
                steps=self._another(signature, steps),
                input_size=input_size,
                masked=masked,
                external_states=external_states,
                form=form,
                reads=self._found_reads(),
            )
        except UnsupportedError as reason:
            if form is not None:  # states that do not fit say nothing of other calls
                self._misfits[key] = str(reason)
                self.run_plain(str(reason))
                return None
            self.unsupported = str(reason)
            self._give_up(signature, str(reason))
            return None
        program = self._made(analysis, signature)
        wrong = None
        if program is not None and check is not None:
            try:
                with unobserved_saving():
                    reads = self._found_reads()
                    wrong = without_draws(partial(check, program), self.parts.modules(), reads)
            except UnsupportedError as reason:  # it draws sometimes, but did not before
                self.unsupported = str(reason)
                self._give_up(signature, str(reason))
                return None
        if wrong is not None:
            logger.warning(
                "the %s engine computes %s wrongly; the plain loop runs (%s)",
                *(program.engine if program else "", self.parts.title, wrong),
            )
            self._give_up(signature, wrong)
            return None
        if program is not None:
            while len(self._programs) >= MOST_PROGRAMS:
                self._programs.pop(next(iter(self._programs)), None)
            self._programs[key] = program
            self._run_by(program)
        self._reads = None
        return program

    def _signature(self) -> Hashable:
        """Return a value that is equal while a program holds, whatever the tensors' values.

        Raises:
            UnsupportedError: if the parts hold too much to compare at each call.
        """
        tops = self.parts.tops()
        if self._watch is None or not self._watch.holds(tops):
            self._watch = None
            self._reads = None
            watch = Watch(tops, self._found_reads())
            self._signatures.setdefault(watch.signature, len(self._signatures))
            self._watch = watch
            self._number = self._signatures[watch.signature]
        return self._number

    def _found_reads(self) -> Reads:
        """Return what the parts read, found once while a program is made."""
        if self._reads is None:
            self._reads = reads_of(self.parts.modules())
        return self._reads

    def _start(self, signature: Any, steps: int) -> int:
        """Return the number of the initial state for a loop of `steps` steps."""
        known = self._starts.setdefault(signature, {})
        if steps not in known:
            start = start_of(self.parts.cells, self.dtype, steps, self._found_reads())
            known[steps] = self._numbers.setdefault(start.likeness, len(self._numbers))
            self._begun[known[steps]] = start
        return known[steps]

    def _cost(self, signature: Any, steps: int, form: Form | None) -> float:
        """Return what a row costs by the plain loop, if a program would hold for few such calls.

        Sizes decide, never the clock or what was run before, so that results can be had again.
        """
        if not self.may_choose or (form is None and steps in self._trained_on):
            return math.inf
        key = signature, steps, form
        if key not in self._costs:
            start = self._begun[self._start(signature, steps)]
            size = start.size if form is None else size_of(form)
            if size == 0 or (form is None and self._another(signature, steps) != steps):
                self._costs[key] = math.inf
            else:
                modules = self.parts.modules()
                shared = {id(p): p.numel() for m in modules for p in m.parameters(recurse=False)}
                self._costs[key] = steps * (size + sum(shared.values()) / SHARED)
        return self._costs[key]

    def _another(self, signature: Any, steps: int) -> int:
        """Return a nearby number of steps with the same initial state, else `steps` itself.

        The analysis uses the returned number, and the trial uses `steps`. The trial therefore finds
        a cell whose step has learnt the number of steps in a way that we do not see.
        """
        start = self._start(signature, steps)
        near = [number for number in (steps + 1, steps - 1) if number > 0]
        return next((number for number in near if self._start(signature, number) == start), steps)

    def _made(self, analysis: Analysis, signature: Any) -> Passes | None:
        if self._settled != "torch":  # the reason against native was found earlier
            self._failures.clear()
        for engine in self._candidates():
            try:
                program = engine.program(analysis, self.parts)
            except UnsupportedError as reason:
                self._failures[engine.name] = str(reason)
                continue
            except RunError:
                raise  # this says nothing about the engine
            except Exception as error:
                # whatever the error is, another engine gives the same results
                text = " ".join(str(error).split()) or type(error).__name__
                self._failures[engine.name] = text
                if self._required is None and text not in self._warned_of:
                    self._warned_of.add(text)
                    logger.warning("the %s engine is not in use: %s", engine.name, text)
                continue
            self._settled = engine.name
            return program
        failures = dict(self._failures)
        self._give_up(signature, failures.get(self.wanted, "no engine takes it"), failures)
        return None

    def _candidates(self) -> list[Engine]:
        device = self.device
        native, tensors = NativeEngine(self.wanted == "native"), TensorEngine(device)
        if (self._settled or self.wanted) == "torch":
            return [tensors]
        if device.type != "cpu":
            self._failures["native"] = f"the model is on {device}"
            return [] if self._required else [tensors]
        return [native] if self._required else [native, tensors]

    @property
    def _required(self) -> str | None:
        """The engine that must run the model, if one was named."""
        return None if self.may_fall_back else self.wanted

    def _run_by(self, program: Passes) -> None:
        """Note that a program runs."""
        if self.name != program.engine:
            self.name = program.engine
            faster = self._failures if program.engine == "torch" else {}
            self.reasons = {name: why for name, why in faster.items() if name != "torch"}

    def run_plain(self, reason: str, each: dict[str, str] | None = None) -> str:
        """Note that the plain loop runs, and why: one reason for all engines, or one for each.

        Raises:
            UsageError: if an engine was named and no other engine may run the model.
        """
        self.name = "plain"
        self.reasons = {name: (each or {}).get(name, reason) for name in ("native", "torch")}
        if self._required is not None:
            raise UsageError(
                f"the engine '{self._required}' cannot run {self.parts.title}: {reason}; "
                "with auto the plain loop runs it if no faster engine can"
            ) from None
        return self.name

    def _give_up(self, signature: Any, reason: str, each: dict[str, str] | None = None) -> None:
        """Run the plain loop as long as the parts stay as they are now."""
        self._reads = None
        self._refused[signature] = reason
        self.run_plain(reason, each)

    @property
    def _is_plain(self) -> bool:
        """Whether the plain loop runs permanently, however the parts change."""
        many = len(self._refused) >= MOST_REFUSED and self._required is None
        return self.wanted == "plain" or many

    def run(
        self,
        plain: PlainPass,
        inputs: Tensor,
        states: Sequence[State | None],
        lengths: Tensor | None,
        histories: bool = False,
    ) -> tuple[Tensor, list[State], list[State]] | None:
        """Run a batch through a program, with gradients; None if the plain loop should run.

        Args:
            plain: the plain loop over the same parts.
            inputs: (batch, time) ids or (batch, time, features).
            states: the states of each layer to start from; all None for the initial states.
            lengths: (batch,) steps of each instance, or None.
            histories: whether to return the states of every step.

        Returns:
            The predictions, each layer's final state, and each layer's states at every step.

        Raises:
            UsageError: if the engine was named and cannot run the model.
        """
        if torch.is_inference_mode_enabled():  # outside it nothing could use its tensors again
            with torch.inference_mode(False), torch.no_grad():
                return self.run(plain, inputs, states, lengths, histories)
        if self._is_plain:
            self.name = "plain"
            return None
        if not ordinary(inputs, lengths):
            reason = obstacle(inputs)
            if reason:  # else the plain loop says what is wrong
                self.run_plain(reason)
            return None
        real = inputs.is_floating_point()
        if real and inputs.dtype != self.dtype:
            self.run_plain(f"its inputs are {inputs.dtype}, but its parameters are {self.dtype}")
            return None
        batch, steps = inputs.shape[:2]
        differentiable = torch.is_grad_enabled()
        program = self.program(
            steps,
            input_size=inputs.shape[-1] if real else 0,
            masked=lengths is not None,
            external_states=differentiable,
            check=lambda made: disagreement(made, plain, self.parts, inputs, states, lengths),
            rows=batch,
            form=None if states[0] is None else form_of(states, batch, self.dtype),
        )
        if program is None or any(t.device != inputs.device for t in program.tensors()[:1]):
            return None
        given = flattened(program.analysis, states, batch)
        if given is None and states[0] is not None:
            self.run_plain(f"the given states do not match its own, of {self.dtype}")
            return None
        if program.analysis.graph.looks_at_rows and batch not in program.analysis.tried_rows:
            if batch and self._depends_on_rows(program, plain, inputs, states, lengths):
                return None
            program.analysis.tried_rows.add(batch)
        empty = None
        if lengths is not None:
            lengths = checked_lengths(inputs, lengths)
            if int(lengths.min()) == 0:
                empty, inputs = lengths == 0, without_padding(inputs, lengths)
                lengths = lengths.clamp(min=1)
        inputs = inputs.contiguous().resolve_neg()
        results = self._passed(program, inputs, lengths, given, histories)
        analysis = program.analysis
        if empty is not None:
            starts = self._starts_of(batch, steps, inputs.device)
            results = without_steps(
                empty, given or flattened(analysis, starts, batch) or [], *results
            )
        predictions, finals, past = results
        return predictions, nested(analysis, finals), nested(analysis, past) if past else []

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
            self.unsupported = wrong
            self._give_up(self._signature(), wrong)
        return wrong is not None

    def _starts_of(self, batch: int, steps: int, device: torch.device) -> list[State]:
        cells = self.parts.cells
        return [brought_to(self.dtype, device, c.initial_state(batch, steps)) for c in cells]

    def _passed(
        self,
        program: Passes,
        inputs: Tensor,
        lengths: Tensor | None,
        given: list[Tensor] | None,
        histories: bool,
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        tensors = program.tensors()
        sources = (inputs, *(given or ()), *tensors)
        if not torch.is_grad_enabled() or not any(t.requires_grad for t in sources):
            # take it out while in use: another thread may run the same model
            idle, self._idle = self._idle, None
            kept = idle[1] if idle is not None and idle[0] is program else {}
            with torch.no_grad():
                results, used = forward_alone(program, inputs, lengths, given, histories, kept)
            self._idle = program, used
            return results
        count = -1 if given is None else len(given)
        results = DifferentiablePass.apply(program, lengths, count, histories, *sources)
        parts = len(program.analysis.parts)
        return results[0], list(results[1 : 1 + parts]), list(results[1 + parts :])


def _unchanged(constants: list[tuple[Tensor, Tensor]]) -> bool:
    """Say whether constants are unchanged since a program was made with their values."""
    return all(_same(held, then) for held, then in constants)


def _same(held: Tensor, then: Tensor) -> bool:
    if held.dtype != then.dtype or held.shape != then.shape:
        return False
    with_nan = held.is_floating_point() and torch.allclose(held, then, 0, 0, equal_nan=True)
    return with_nan or torch.equal(held, then)
