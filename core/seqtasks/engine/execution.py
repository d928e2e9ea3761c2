"""Running a model through a program instead of the plain loop, with gradients."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from seqtasks.cells import State
from seqtasks.engine.analysing import analyse
from seqtasks.engine.analysis import Analysis
from seqtasks.engine.batches import flattened, nested, ordinary, without_padding
from seqtasks.engine.checking import PlainPass, agrees
from seqtasks.engine.differentiable import DifferentiablePass
from seqtasks.engine.makers import Engine, NativeEngine, TensorEngine
from seqtasks.engine.parts import Parts
from seqtasks.engine.passes import Passes
from seqtasks.engine.unsupported import StepsMatterError, UnsupportedError

__all__ = ["Engines"]

logger = logging.getLogger("seqtasks")

MOST_PROGRAMS = 64
"""Programs for different numbers of steps, where a program holds for one number alone."""


@dataclass
class Engines:
    """The programs of one model, made when they are first needed.

    Attributes:
        parts: of the model.
        wanted: the engine asked for.
        name: the engine in use, settled when a program is first needed.
        reasons: for each faster engine that is not in use, why.
        unsupported: what the model does that no faster engine understands, if it does.
    """

    parts: Parts
    wanted: str = "auto"
    name: str | None = None
    reasons: dict[str, str] = field(default_factory=dict[str, str])
    _programs: dict[Any, Passes] = field(default_factory=dict[Any, Passes])
    unsupported: str | None = None
    _steps_matter: bool = False
    _idle: dict[int, tuple[Any, Any]] = field(default_factory=dict[int, tuple[Any, Any]])

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy of the model takes along: it makes its own programs."""
        return {"parts": self.parts, "wanted": self.wanted}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Begin anew for the parts of a copied model."""
        self.__init__(**state)

    def __post_init__(self) -> None:
        if self.wanted == "plain":
            self.name = "plain"

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
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

    @property
    def steps_matter(self) -> bool:
        """Whether a program holds for one number of steps alone."""
        return self._steps_matter

    def settle(self, plain: PlainPass, inputs: Tensor, layers: int) -> str:
        """Return the engine to be used, having tried what is wanted on a batch.

        Args:
            plain: the plain loop over the same parts.
            inputs: (batch, time) ids or (batch, time, features).
            layers: how many cells there are.
        """
        if self.name is None and self.wanted != "plain" and ordinary(inputs, None):
            real = inputs.is_floating_point()
            self.program(
                inputs.shape[1],
                input_size=inputs.shape[-1] if real else 0,
                # what tensor operations train by, so that the model is analysed once
                external_states=self.wanted == "torch",
                check=lambda made: agrees(
                    made, plain, inputs, [None] * layers, None, self._steps_matter
                ),
            )
        if self.name is None:
            self.name = "plain"
        return self.name

    def program(
        self,
        steps: int,
        *,
        input_size: int = 0,
        masked: bool = False,
        external_states: bool = False,
        check: Callable[[Passes], bool] | None = None,
    ) -> Passes | None:
        """Return the program for sequences of so many steps, None where the plain loop is to run.

        Args:
            steps: of the sequences.
            input_size: features of real inputs.
            masked: whether rows have lengths of their own.
            external_states: whether states have gradients from outside.
            check: says of a new program whether it is right.
        """
        if self.wanted == "plain" or self.name == "plain":
            return None
        options = (input_size, masked, external_states)
        signature = self.parts.signature()
        key = (signature, options, steps if self._steps_matter else None)
        if key in self._programs:
            return self._programs[key]
        if self._steps_matter and len(self._programs) >= MOST_PROGRAMS:
            return None
        try:
            analysis = self._analysis(steps, input_size, masked, external_states)
        except UnsupportedError as reason:
            self.unsupported = str(reason)
            self._give_up(str(reason))
            return None
        key = (signature, options, steps if self._steps_matter else None)
        program = self._made(analysis)
        if program is not None and check is not None and not check(program):
            text = (
                f"the {self.name} engine computes {self.parts.title} wrongly; the plain loop runs"
            )
            logger.warning(text)
            self._give_up("its results differ from those of the plain loop")
            return None
        if program is not None:
            self._programs[key] = program
        return program

    def _analysis(
        self, steps: int, input_size: int, masked: bool, external_states: bool
    ) -> Analysis:
        def attempt(number: int | None) -> Analysis:
            return analyse(
                self.parts.embedding,
                self.parts.cells,
                self.parts.readout,
                self.dtype,
                input_size=input_size,
                masked=masked,
                external_states=external_states,
                steps=number,
            )

        if not self._steps_matter:
            try:
                return attempt(None)
            except StepsMatterError:
                self._steps_matter = True
        return attempt(steps)

    def _made(self, analysis: Analysis) -> Passes | None:
        for engine in self._candidates():
            try:
                program = engine.program(analysis, self.parts)
            except UnsupportedError as reason:
                self.reasons[engine.name] = str(reason)
                continue
            except Exception as error:
                # whatever it is, there is another way to the same results
                text = " ".join(str(error).split()) or type(error).__name__
                self.reasons[engine.name] = text
                logger.warning("the %s engine is not in use: %s", engine.name, text)
                continue
            self.name = engine.name
            return program
        self.name = "plain"
        return None

    def _candidates(self) -> list[Engine]:
        device = self.device
        native, tensors = NativeEngine(), TensorEngine(device)
        wanted = self.name if self.name is not None else self.wanted
        if wanted == "torch":
            return [tensors]
        if device.type != "cpu":
            self.reasons["native"] = f"the model is on {device}"
            return [tensors]
        return [native, tensors]

    def _give_up(self, reason: str) -> None:
        for name in ("native", "torch"):
            self.reasons.setdefault(name, reason)
        self.name = "plain"

    def run(
        self,
        plain: PlainPass,
        inputs: Tensor,
        states: Sequence[State | None],
        lengths: Tensor | None,
        histories: bool = False,
    ) -> tuple[Tensor, list[State], list[State]] | None:
        """Run a batch through a program, with gradients; None where the plain loop is to do it.

        Args:
            plain: the plain loop over the same parts.
            inputs: (batch, time) ids or (batch, time, features).
            states: of each layer, to start from; all None for the initial ones.
            lengths: (batch,) steps of each instance, or None.
            histories: whether the states of every step are wanted.

        Returns:
            predictions, each layer's final state, and each layer's states of every step.
        """
        if self.wanted == "plain" or self.name == "plain" or not ordinary(inputs, lengths):
            return None
        real = inputs.is_floating_point()
        if real and inputs.dtype != self.dtype:
            return None
        batch, steps = inputs.shape[:2]
        differentiable = torch.is_grad_enabled()
        program = self.program(
            steps,
            input_size=inputs.shape[-1] if real else 0,
            masked=lengths is not None,
            external_states=differentiable,
            check=lambda made: agrees(made, plain, inputs, states, lengths, self._steps_matter),
        )
        if program is None:
            return None
        given = flattened(program.analysis, states, batch)
        if given is None and states[0] is not None:
            return None
        if lengths is not None:
            lengths = lengths.to(torch.int64).contiguous()
            inputs = without_padding(inputs, lengths)
        results = self._passed(program, inputs.contiguous(), lengths, given, histories)
        predictions, finals, past = results
        analysis = program.analysis
        return predictions, nested(analysis, finals), nested(analysis, past) if past else []

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
            batch, time = inputs.shape[:2]
            # taken out while in use: another thread may run the same model
            shape, memory = self._idle.pop(id(program), (None, None))
            if shape != (batch, time):
                memory = program.memory(batch, time)
            with torch.no_grad():
                results = program.forward(inputs, lengths, given, memory, histories)
            self._idle[id(program)] = ((batch, time), memory)
            return results
        count = -1 if given is None else len(given)
        results = DifferentiablePass.apply(program, lengths, count, histories, *sources)
        parts = sum(len(loop.parts) for loop in program.analysis.loops)
        return results[0], list(results[1 : 1 + parts]), list(results[1 + parts :])
