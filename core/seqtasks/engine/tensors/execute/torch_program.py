"""Make a program of torch calls from a model's graph."""

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqtasks.cells.padding import EndingTogether
from seqtasks.engine.graph.model_graph import Analysis
from seqtasks.engine.tensors.emit.source import write
from seqtasks.engine.tensors.emit.statements import LARGEST_ONE_HOT
from seqtasks.engine.tensors.execute.buffer_pool import Memory, Pool, Workspace
from seqtasks.engine.tensors.execute.functions import functions

__all__ = ["TensorProgram"]


class _Variant(Pool):
    """The program of an analysis, either with or without gradients for histories."""

    def __init__(self, analysis: Analysis, device: torch.device, external: bool) -> None:
        super().__init__(max(math.prod(part.shape) for part in analysis.parts))
        written = write(analysis, external)
        self.source = written.source
        self.buffers = written.forward, written.backward
        self.constants = {
            name: torch.from_numpy(value).to(device)
            if isinstance(value, np.ndarray)
            else torch.tensor(value, dtype=analysis.dtype, device=device)
            for name, value in written.constants.items()
        }
        self.functions = functions(analysis.vocabulary)
        exec(compile(self.source, "<tensor program>", "exec"), self.functions)


class TensorProgram:
    """Runs an analysed model by torch calls.

    Values that do not depend on the state are computed for all steps at once. The loops hold the
    rest: each statement is one torch call into memory kept between steps. The Python source is
    written once, so nothing is decided while it runs.

    Args:
        analysis: the analysis of the model.
        device: the device of its parameters.
    """

    engine = "torch"

    def __init__(self, analysis: Analysis, device: torch.device | str = "cpu") -> None:
        self.analysis, self.device = analysis, torch.device(device)
        self._tensors = [analysis.parameters[leaf] for leaf in analysis.leaves]
        self._external = any(part.external is not None for part in analysis.parts)
        self._states = [
            (f"{layer}_{k}", part.shape)
            for layer, loop in enumerate(analysis.loops)
            for k, part in enumerate(loop.parts)
        ]
        self._variants: dict[bool, _Variant] = {}
        self._variant(False)

    @property
    def source(self) -> str:
        """The Python source that runs if nobody asks for the states of every step."""
        return self._variant(False).source

    def tensors(self) -> list[Tensor]:
        """Return all parameters and buffers, in the order of their gradients."""
        return self._tensors

    def reading(self, tensors: list[Tensor]) -> "TensorProgram":
        """Return the same program for other tensors, in the order of `tensors`."""
        other = copy.copy(self)
        other._tensors = tensors
        return other

    def memory(self, batch: int, time: int) -> Memory:
        """Return memory for a forward and a backward pass of a batch."""
        return Memory(batch, time)

    @torch.no_grad()
    def forward(
        self,
        inputs: Tensor,
        lengths: Tensor | None,
        given: Sequence[Tensor] | None,
        memory: Memory,
        histories: bool = False,
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Run a batch.

        Args:
            inputs: (batch, time) int64 or (batch, time, features).
            lengths: (batch,) int64 if the program is masked.
            given: the states to start from, each (batch, ...), of all layers as one list.
            memory: the result of `memory(batch, time)`; the backward pass needs it as it is left.
            histories: whether to return the states of every step.

        Returns:
            The predictions (batch, time, outputs), the final states, and the states of every step.

        Raises:
            IndexError: for an input that is not a symbol.
        """
        variant = self._variant(histories)
        work = memory.taken_from(variant)
        together = None if lengths is None else EndingTogether(work.time, lengths)
        if together is not None:
            inputs = together.begun_late(inputs)
        self._take_inputs(inputs, lengths, work, variant)
        addresses = self._addresses()
        if work.forward is None or addresses is None or work.addresses != addresses:
            work.addresses = addresses
            work.forward = self._views("views_forward", work, variant, 0, work.time)
            work.backward = None
        predictions = _by_batch(variant.functions["forward"](work.forward, given), work)
        states = [(work.buffers[f"state_{name}"], shape) for name, shape in self._states]
        finals = [state[-1].clone().view(work.batch, *shape) for state, shape in states]
        past: list[Tensor] = []
        if histories:
            for state, shape in states:
                past.append(_by_batch(state[1:], work).view(work.batch, work.time, *shape))
        if together is not None:
            predictions = together.begun_at_once(predictions, zero=True)
            past = [together.begun_at_once(states, zero=False) for states in past]
        return predictions, finals, past

    @torch.no_grad()
    def backward(
        self,
        inputs: Tensor,
        lengths: Tensor | None,
        given: Sequence[Tensor] | None,
        memory: Memory,
        predictions_back: Tensor,
        finals_back: Sequence[Tensor],
        histories_back: Sequence[Tensor] | None,
        of_inputs: bool = True,
    ) -> tuple[list[Tensor | None], Tensor | None, list[Tensor] | None]:
        """Return the gradients of parameters, inputs (if wanted) and given states.

        The memory must be as the forward pass left it; this pass does not change that.

        Raises:
            ValueError: for gradients of histories that the forward pass did not return.
        """
        variant = memory.pool
        if not isinstance(variant, _Variant):
            raise ValueError("the backward pass needs a forward pass first")
        work = memory.taken_from(variant)
        together = None if lengths is None else EndingTogether(work.time, lengths)
        if together is not None:
            predictions_back = together.gradient(predictions_back)
            if histories_back is not None:
                histories_back = [together.gradient_of_repeated(back) for back in histories_back]
        buffers = work.buffers
        if work.backward is None:
            if "cotangent" not in buffers:
                self._add_back(work, variant)
            work.backward = [
                self._views("views_backward", work, variant, start, time)
                for start, time in work.stretches()
            ]
        buffers["cotangent"].copy_(predictions_back.transpose(0, 1))
        if histories_back is not None and variant is not self._variants.get(True):
            raise ValueError("the forward pass was not asked for the states of every step")
        for number, (name, _) in enumerate(self._states):
            external = buffers.get(f"external_{name}")
            if external is not None and histories_back is None:
                external.zero_()
            elif external is not None and histories_back is not None:
                back = histories_back[number].reshape(work.batch, work.time, -1)
                external.copy_(back.transpose(0, 1))
        if "one_hot" in buffers:
            buffers["one_hot"].zero_().scatter_(1, buffers["tokens"].view(-1, 1), 1.0)
        run = variant.functions["backward"]
        gradients = run(work.backward, given, finals_back, self._empty)
        real = inputs.is_floating_point()
        inputs_back = self._inputs_back(work, variant) if real and of_inputs else None
        if together is not None and inputs_back is not None:
            inputs_back = together.begun_at_once(inputs_back, zero=True)
        given_back = None
        if given is not None:
            given_back = [
                buffers[f"carried_back_{name}"][0].clone().view_as(state)
                for (name, _), state in zip(self._states, given, strict=True)
            ]
        return gradients, inputs_back, given_back

    def _inputs_back(self, work: Workspace, variant: _Variant) -> Tensor:
        if "inputs_back" not in variant.functions:
            return torch.zeros_like(work.buffers["inputs"]).transpose(0, 1)
        return _by_batch(self._views("inputs_back", work, variant, 0, work.time), work)

    def _variant(self, histories: bool) -> _Variant:
        external = self._external and histories
        if external not in self._variants:
            self._variants[external] = _Variant(self.analysis, self.device, external)
        return self._variants[external]

    # ---- memory

    def _take_inputs(
        self, inputs: Tensor, lengths: Tensor | None, work: Workspace, variant: _Variant
    ) -> None:
        buffers = work.buffers
        if not buffers:
            self._add_forward(work, variant)
        if lengths is not None:
            running, first = buffers["running"], (work.time - lengths)[:, None]
            torch.ge(buffers["step"], first, out=running.view(work.time, work.batch, 1))
            buffers["run_once"].copy_((first + 1).clamp(max=work.time))
        name = "tokens" if self.analysis.vocabulary else "inputs"
        buffers[name].copy_(inputs.transpose(0, 1))

    def _add_forward(self, work: Workspace, variant: _Variant) -> None:
        time, batch, vocabulary = work.time, work.batch, self.analysis.vocabulary
        dtype, device = self.analysis.dtype, self.device
        work.add_all(variant.buffers[0], vocabulary, dtype, device)
        if vocabulary:
            work.add("tokens", (time, batch), torch.int64, device)
        elif "inputs" not in work.buffers:
            work.add("inputs", (time, batch, self.analysis.input_size), dtype, device)
        if self.analysis.masked:
            work.buffers["step"] = torch.arange(time, device=device)[:, None, None]
            work.buffers["run_once"] = torch.empty(1, batch, 1, dtype=torch.int64, device=device)
            if "running" not in work.buffers:
                work.add("running", (time, batch, 1), torch.bool, device)

    def _add_back(self, work: Workspace, variant: _Variant) -> None:
        vocabulary, dtype = self.analysis.vocabulary, self.analysis.dtype
        work.add_all(variant.buffers[1], vocabulary, dtype, self.device)
        if "cotangent" not in work.buffers:
            outputs = self.analysis.predictions.size
            work.add("cotangent", (work.time, work.batch, outputs), dtype, self.device)
        if 0 < vocabulary <= LARGEST_ONE_HOT and '"one_hot"' in variant.source:
            work.add("one_hot", (work.time * work.batch, vocabulary), dtype, self.device)

    def _views(self, name: str, work: Workspace, variant: _Variant, start: int, time: int) -> Any:
        parameters = [tensor.detach().contiguous() for tensor in self._tensors]
        make = variant.functions[name]
        return make(work.buffers, parameters, variant.constants, work.batch, start, time)

    def _addresses(self) -> tuple[int, ...] | None:
        """Return the addresses of the parameters; None if one is copied to be contiguous."""
        if not all(tensor.is_contiguous() for tensor in self._tensors):
            return None
        return tuple(tensor.data_ptr() for tensor in self._tensors)

    def _empty(self, shape: tuple[int, ...]) -> Tensor:
        return torch.empty(shape, dtype=self.analysis.dtype, device=self.device)


def _by_batch(rows: Tensor, work: Workspace) -> Tensor:
    """Return a (batch, time, features) copy of a (time, batch, ...) value or of its rows."""
    by_time = rows.reshape(work.time, work.batch, -1)
    return by_time.transpose(0, 1).clone(memory_format=torch.contiguous_format)
