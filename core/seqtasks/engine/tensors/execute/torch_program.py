"""Call an opened program of torch calls, in memory kept between the calls."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from seqtasks.cells.padding import EndingTogether
from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.tensors.emit.statements import LARGEST_ONE_HOT
from seqtasks.engine.tensors.execute.buffer_pool import Memory, Workspace
from seqtasks.engine.tensors.execute.draws import fill_draws
from seqtasks.engine.tensors.execute.open_program import Opened
from seqtasks.randomness.counted_draws import DrawKey

__all__ = ["TensorProgram"]


class TensorProgram:
    """Runs a model by torch calls.

    Values that do not depend on the state are computed for all steps at once. The loops hold the
    rest: each statement is one torch call into memory kept between steps. The Python source is
    written once, so nothing is decided while it runs.

    Args:
        model: the model as a graph.
        device: the device of its parameters.
        make_opened: compiles the program with or without gradients for histories.
        opened: the programs that are compiled already, by the same; the rest at their first use.
    """

    engine = "torch"

    def __init__(
        self,
        model: ModelGraph,
        device: torch.device,
        make_opened: Callable[[bool], Opened],
        opened: dict[bool, Opened],
    ) -> None:
        self.model_graph, self.device = model, device
        self._tensors = [model.parameters[leaf] for leaf in model.leaves]
        self._external = any(part.external is not None for part in model.parts)
        self._states = [
            (f"{layer}_{k}", part.shape)
            for layer, loop in enumerate(model.loops)
            for k, part in enumerate(loop.parts)
        ]
        self._make_opened, self._opened = make_opened, opened
        self.draws: DrawKey | None = None

    @property
    def source(self) -> str:
        """The Python source that runs if nobody asks for the states of every step."""
        return self._opened_for(False).source

    def tensors(self) -> list[Tensor]:
        """See `Passes.tensors`."""
        return self._tensors

    def reading(self, tensors: list[Tensor]) -> "TensorProgram":
        """See `Passes.reading`."""
        other = copy.copy(self)
        other._tensors = tensors
        return other

    def drawing(self, key: DrawKey, rows: Tensor | None = None) -> "TensorProgram":
        """See `Passes.drawing`; rows follow each other."""
        assert rows is None
        other = copy.copy(self)
        other.draws = key
        return other

    def memory(self, batch: int, time: int) -> Memory:
        """See `Passes.memory`."""
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
        """Run a batch; see `Passes.forward`.

        Raises:
            IndexError: for an input that is not a symbol.
        """
        opened = self._opened_for(histories)
        work = memory.taken_from(opened.pool)
        together = None if lengths is None else EndingTogether(work.time, lengths)
        if together is not None:
            inputs = together.begun_late(inputs)
        self._take_inputs(inputs, lengths, work, opened)
        addresses = self._addresses()
        if work.forward is None or addresses is None or work.addresses != addresses:
            work.addresses = addresses
            work.forward = self._views("views_forward", work, opened, 0, work.time)
            work.backward = None
        predictions = _by_batch(opened.functions["forward"](work.forward, given), work)
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

    def along(self, inputs: Tensor, given: Sequence[Tensor] | None) -> None:
        """See `Passes.along`."""
        return

    @torch.no_grad()
    def backward(
        self,
        inputs: Tensor,
        lengths: Tensor | None,
        given: Sequence[Tensor] | None,
        memory: Memory,
        predictions_back: Tensor,
        finals_back: Sequence[Tensor | None],
        histories_back: Sequence[Tensor] | None,
        of_inputs: bool = True,
    ) -> tuple[list[Tensor | None], Tensor | None, list[Tensor] | None]:
        """Return gradients; see `Passes.backward`.

        Raises:
            ValueError: for gradients of histories that the forward pass did not return.
        """
        opened = next((one for one in self._opened.values() if one.pool is memory.pool), None)
        if opened is None:
            raise ValueError("the backward pass needs a forward pass first")
        work = memory.taken_from(opened.pool)
        together = None if lengths is None else EndingTogether(work.time, lengths)
        if together is not None:
            predictions_back = together.gradient(predictions_back)
            if histories_back is not None:
                histories_back = [together.gradient_of_repeated(back) for back in histories_back]
        buffers = work.buffers
        if work.backward is None:
            if "cotangent" not in buffers:
                self._add_back(work, opened)
            work.backward = [
                self._views("views_backward", work, opened, start, time)
                for start, time in work.stretches()
            ]
        buffers["cotangent"].copy_(predictions_back.transpose(0, 1))
        if histories_back is not None and opened is not self._opened.get(True):
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
        run = opened.functions["backward"]
        ends = [
            predictions_back.new_zeros(work.batch, *shape) if back is None else back
            for back, (_, shape) in zip(finals_back, self._states, strict=True)
        ]
        gradients = run(work.backward, given, ends, self._empty)
        real = inputs.is_floating_point()
        inputs_back = self._inputs_back(work, opened) if real and of_inputs else None
        if together is not None and inputs_back is not None:
            inputs_back = together.begun_at_once(inputs_back, zero=True)
        given_back = None
        if given is not None:
            given_back = [
                buffers[f"carried_back_{name}"][0].clone().view_as(state)
                for (name, _), state in zip(self._states, given, strict=True)
            ]
        return gradients, inputs_back, given_back

    def _inputs_back(self, work: Workspace, opened: Opened) -> Tensor:
        if "inputs_back" not in opened.functions:
            return torch.zeros_like(work.buffers["inputs"]).transpose(0, 1)
        return _by_batch(self._views("inputs_back", work, opened, 0, work.time), work)

    def _opened_for(self, histories: bool) -> Opened:
        external = self._external and histories
        if external not in self._opened:
            self._opened[external] = self._make_opened(external)
        return self._opened[external]

    # ---- memory

    def _take_inputs(
        self, inputs: Tensor, lengths: Tensor | None, work: Workspace, opened: Opened
    ) -> None:
        buffers = work.buffers
        if not buffers:
            self._add_forward(work, opened)
        if lengths is not None:
            running, first = buffers["running"], (work.time - lengths)[:, None]
            torch.ge(buffers["step"], first, out=running.view(work.time, work.batch, 1))
            buffers["run_once"].copy_((first + 1).clamp(max=work.time))
        name = "tokens" if self.model_graph.vocabulary else "inputs"
        buffers[name].copy_(inputs.transpose(0, 1))
        if self.model_graph.draws:
            if self.draws is None:
                raise ValueError("a program of a model that draws needs a key of its numbers")
            fill_draws(self.model_graph.draws, self.draws, buffers, lengths)

    def _add_forward(self, work: Workspace, opened: Opened) -> None:
        time, batch, vocabulary = work.time, work.batch, self.model_graph.vocabulary
        dtype, device = self.model_graph.dtype, self.device
        work.add_all(opened.buffers[0], vocabulary, dtype, device)
        if vocabulary:
            work.add("tokens", (time, batch), torch.int64, device)
        elif "inputs" not in work.buffers:
            work.add("inputs", (time, batch, self.model_graph.input_size), dtype, device)
        if self.model_graph.masked:
            work.buffers["step"] = torch.arange(time, device=device)[:, None, None]
            work.buffers["run_once"] = torch.empty(1, batch, 1, dtype=torch.int64, device=device)
            if "running" not in work.buffers:
                work.add("running", (time, batch, 1), torch.bool, device)

    def _add_back(self, work: Workspace, opened: Opened) -> None:
        vocabulary, dtype = self.model_graph.vocabulary, self.model_graph.dtype
        work.add_all(opened.buffers[1], vocabulary, dtype, self.device)
        if "cotangent" not in work.buffers:
            outputs = self.model_graph.predictions.size
            work.add("cotangent", (work.time, work.batch, outputs), dtype, self.device)
        if 0 < vocabulary <= LARGEST_ONE_HOT and '"one_hot"' in opened.source:
            work.add("one_hot", (work.time * work.batch, vocabulary), dtype, self.device)

    def _views(self, name: str, work: Workspace, opened: Opened, start: int, time: int) -> Any:
        parameters = [tensor.detach().contiguous() for tensor in self._tensors]
        make = opened.functions[name]
        return make(work.buffers, parameters, opened.constants, work.batch, start, time)

    def _addresses(self) -> tuple[int, ...] | None:
        """Return the addresses of the parameters; None if one is copied to be contiguous."""
        if not all(tensor.is_contiguous() for tensor in self._tensors):
            return None
        return tuple(tensor.data_ptr() for tensor in self._tensors)

    def _empty(self, shape: tuple[int, ...]) -> Tensor:
        return torch.empty(shape, dtype=self.model_graph.dtype, device=self.device)


def _by_batch(rows: Tensor, work: Workspace) -> Tensor:
    """Return a (batch, time, features) copy of a (time, batch, ...) value or of its rows."""
    by_time = rows.reshape(work.time, work.batch, -1)
    return by_time.transpose(0, 1).clone(memory_format=torch.contiguous_format)
