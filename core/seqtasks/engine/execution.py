"""Running a model through a program instead of the plain loop, with gradients."""

import logging
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from seqtasks.cells import Cell, State
from seqtasks.engine.analysing import analyse
from seqtasks.engine.analysis import Analysis
from seqtasks.engine.checking import PlainPass, agrees, flattened, nested, without_padding
from seqtasks.engine.hooks import has_global_hooks, has_hooks
from seqtasks.engine.passes import Passes
from seqtasks.engine.unsupported import StepsMatterError, UnsupportedError

__all__ = ["CellAlone", "Engine", "Engines", "Parts"]

logger = logging.getLogger("seqtasks")

MOST_PROGRAMS = 64
"""Programs for different numbers of steps, where a program holds for one number alone."""


class Parts:
    """A model's parts.

    Attributes:
        embedding: None for the identity.
        readout: None for the last cell's outputs.
        title: what the model is called.
    """

    def __init__(
        self,
        embedding: nn.Module | None,
        cells: tuple[Any, ...],
        readout: nn.Module | None,
        title: str,
    ) -> None:
        self.embedding, self.readout, self.title = embedding, readout, title
        self._cells = cells

    @property
    def cells(self) -> tuple[Any, ...]:
        """One a layer."""
        return self._cells

    def modules(self) -> list[nn.Module]:
        """Return all modules, the parts' own included."""
        tops = [part for part in (self.embedding, *self.cells, self.readout) if part is not None]
        return [module for top in tops for module in top.modules()]

    def signature(self) -> tuple[Any, ...]:
        """Return what a program of these parts depends on, beside their code."""
        found: list[Any] = [has_global_hooks()]
        for module in self.modules():
            found += [id(module), has_hooks(module)]
            for name, value in vars(module).items():
                if isinstance(value, bool | int | float | str | None) or name == "forward":
                    found.append((name, value))  # a program has it as a number of its own
            for tensors in (module._parameters, module._buffers):
                for name, tensor in tensors.items():
                    if tensor is not None:
                        about = (tensor.dtype, tensor.device, tuple(tensor.shape))
                        found.append((name, id(tensor), tensor.requires_grad, *about))
                        found.append(has_hooks(tensor))
        return tuple(found)

    def names(self) -> dict[int, str]:
        """Return the name of each parameter and buffer by its id."""
        tops = {"embedding": self.embedding, "readout": self.readout}
        tops |= {f"cell_{k}": cell for k, cell in enumerate(self.cells)}
        if len(self.cells) == 1:
            tops["cell"] = tops.pop("cell_0")
        return {
            id(tensor): f"{top}_{name}"
            for top, module in tops.items()
            if module is not None
            for name, tensor in [*module.named_parameters(), *module.named_buffers()]
        }


class CellAlone(Parts):
    """One cell without embedding and readout, which it does not keep alive."""

    def __init__(self, cell: Cell) -> None:
        super().__init__(None, (), None, type(cell).__name__)
        self._cell = weakref.ref(cell)

    @property
    def cells(self) -> tuple[Any, ...]:
        """The cell."""
        return (self._cell(),)


class Engine(Protocol):
    """Makes programs of analyses."""

    name: str

    def program(self, analysis: Analysis, parts: Parts) -> Passes:
        """Return a program of an analysed model."""
        ...


class NativeEngine:
    """C programs; see `native`."""

    name = "native"

    def program(self, analysis: Analysis, parts: Parts) -> Passes:
        """Return a compiled program.

        Raises:
            CompilerError: if there is none to be had.
        """
        from seqtasks.engine.native.program import Program

        by_identity = parts.names()
        names = {leaf: by_identity[id(t)] for leaf, t in analysis.parameters.items()}
        return Program(analysis, names, parts.title)


class TensorEngine:
    """Tensor operations; see `tensors`."""

    name = "torch"

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def program(self, analysis: Analysis, parts: Parts) -> Passes:
        """Return a program of tensor operations."""
        from seqtasks.engine.tensors import TensorProgram

        return TensorProgram(analysis, self._device)


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
        if self.name is None and self.wanted != "plain" and _ordinary(inputs, None):
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
        if self.wanted == "plain" or self.name == "plain" or not _ordinary(inputs, lengths):
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
        results = _Pass.apply(program, lengths, count, histories, *sources)
        parts = sum(len(loop.parts) for loop in program.analysis.loops)
        return results[0], list(results[1 : 1 + parts]), list(results[1 + parts :])


def _ordinary(inputs: Tensor, lengths: Tensor | None) -> bool:
    """Say whether a batch is one that programs take; the plain loop says what is wrong with it."""
    if inputs.dim() != (3 if inputs.is_floating_point() else 2) or not all(inputs.shape[:2]):
        return False
    if not inputs.is_floating_point() and inputs.dtype != torch.int64:
        return False
    if lengths is None:
        return True
    whole = isinstance(lengths, Tensor) and not lengths.is_floating_point()
    if not whole or lengths.dtype == torch.bool or lengths.shape != inputs.shape[:1]:
        return False
    return 0 <= int(lengths.min()) <= int(lengths.max()) <= inputs.shape[1]


class _Pass(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        program: Passes,
        lengths: Tensor | None,
        count: int,
        histories: bool,
        inputs: Tensor,
        *tensors: Tensor,
    ) -> tuple[Tensor, ...]:
        given = None if count < 0 else list(tensors[:count])
        memory = program.memory(*inputs.shape[:2])
        predictions, finals, past = program.forward(inputs, lengths, given, memory, histories)
        ctx.program, ctx.memory, ctx.count, ctx.lengths = program, memory, count, lengths
        ctx.histories = histories
        ctx.versions = [t._version for t in program.tensors()]
        ctx.save_for_backward(inputs, *(given or ()))
        ctx.finals = len(finals)
        return predictions, *finals, *past

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]  # as torch documents it
        ctx: Any, *back: Any
    ) -> Any:
        if torch.is_grad_enabled():
            raise RuntimeError(
                "a program has no second derivatives, which create_graph=True asks for; "
                "the plain loop has: engine='plain', or model.use_engine('plain')"
            )
        inputs, *given = ctx.saved_tensors
        program: Passes = ctx.program
        if ctx.versions != [t._version for t in program.tensors()]:
            raise RuntimeError(
                "a parameter was changed in place between the pass forward and the one back"
            )
        count = ctx.finals
        back = tuple(b.contiguous() for b in back)
        gradients, inputs_back, given_back = program.backward(
            inputs,
            ctx.lengths,
            None if ctx.count < 0 else given,
            ctx.memory,
            back[0],
            back[1 : 1 + count],
            back[1 + count :] if ctx.histories else None,
        )
        return None, None, None, None, inputs_back, *(given_back or ()), *gradients
