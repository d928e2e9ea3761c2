"""The model: embedding -> cell unrolled, one or more layers -> readout."""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.cells import Cell, Readout, State
from seqtasks.cells.padding import checked_lengths, last_repeated
from seqtasks.cells.plain_loop import Along, past_end, scanned, states_along
from seqtasks.cells.spectral_norms import iterated_once
from seqtasks.cells.step_calls import StepCalls, checked_time
from seqtasks.display import card, parameters_of, shortened
from seqtasks.engine.engines import NO_KEY, Engines
from seqtasks.engine.record.hooks import has_global_hooks, has_hooks
from seqtasks.engine.record.subject import Parts
from seqtasks.models.calling import check_inputs
from seqtasks.models.loss import mean_penalty, sequence_loss
from seqtasks.randomness.counted_draws import applied
from seqtasks.tasks.alphabets import IGNORE
from seqtasks.tasks.settings import EngineName, LossReduction

__all__ = ["Model", "likeliest"]

_CALLED = ("forward", "plain", "plain_pass", "__call__", "_call_impl", "_wrapped_call_impl")
"""The methods that calling a model runs. A replaced method may do something else."""


class Model(nn.Module):
    """A recurrent network over sequences.

    Args:
        embedding: `nn.Embedding` for ids, a linear map for real vectors.
        cells: one cell, or several stacked cells: each takes the outputs of the cell before.
        readout: from the embedded input and the last cell's output to a prediction.

    Example:
        >>> import torch, seqtasks as st
        >>> from seqtasks.cells import Concat, ConcatReadout
        >>> model = st.Model(torch.nn.Embedding(2, 3), Concat(3, 4), ConcatReadout(3, 4, 2))
        >>> logits, state = model(torch.tensor([[0, 1, 1]]))
        >>> logits.shape, state.shape
        (torch.Size([1, 3, 2]), torch.Size([1, 4]))
    """

    def __init__(
        self, embedding: nn.Module, cells: Cell | Iterable[Cell], readout: Readout
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.cells = nn.ModuleList([cells] if isinstance(cells, Cell) else cells)
        if not len(self.cells):
            raise ValueError("a model needs at least one cell")
        self.readout = readout
        self._engines: Engines | None = None
        self._against_draws: str | None = NO_KEY

    def __repr__(self) -> str:
        """Return the parts on one line."""
        parts = " -> ".join(_head(part) for _, part in self._named_parts())
        return f"<Model, {parameters_of(self)}: {shortened(parts, 150)}>"

    def _repr_html_(self) -> str:
        rows = [(name, _head(part), parameters_of(part)) for name, part in self._named_parts()]
        engines = self._engines
        ran = None if engines is None else engines.name
        note = f"run by the engine {ran}" if ran else ""
        return card(f"Model, {parameters_of(self)}", rows, note)

    def _named_parts(self) -> list[tuple[str, nn.Module]]:
        cells = [("cell", cell) for cell in self.cells]
        return [("embedding", self.embedding), *cells, ("readout", self.readout)]

    def use_engine(self, name: EngineName, seed: int | None = None) -> Engines:
        """Choose how the model is run from now on.

        By default the plain loop runs the model. A compiled program gives the same results. If a
        part of the model is replaced later, the model notices it and makes another program.

        Args:
            name: `plain`; `torch` for tensor operations; `native` for a compiled program; `auto`
                for the fastest that can run the model. If `torch` or `native` cannot, running
                the model raises a UsageError that says why.
            seed: for a model that draws random numbers: the first call, the second call, and so on
                draw by this seed, whatever the engine. To go on where another program stopped, set
                `calls` of the result to the number of its calls. Without a seed the plain loop
                runs such a model, and torch's generator gives the numbers.

        Returns:
            The engines of the model and their reasons; one is chosen when the model first runs.

        Raises:
            ValueError: if the seed is no whole number of at least 0.

        Example:
            >>> import torch, seqtasks as st
            >>> class Noisy(st.Cell):
            ...     def forward(self, x, h):
            ...         return 0.9 * h + x + 0.1 * torch.randn_like(x)
            >>> from seqtasks.cells import StateReadout
            >>> model = st.Model(torch.nn.Embedding(2, 3), Noisy(3, 3), StateReadout(3, 3, 2))
            >>> inputs = torch.tensor([[0, 1, 1]])
            >>> for name in ("plain", "auto"):
            ...     _ = model.use_engine(name, seed=0)
            ...     print(model(inputs)[0].shape)
            torch.Size([1, 3, 2])
            torch.Size([1, 3, 2])
        """
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
            raise ValueError(f"the seed must be a whole number of at least 0, got {seed!r}")
        self._engines = Engines(Parts(self), name, against_draws=self._against_draws, seed=seed)
        return self._engines

    @property
    def against_draws(self) -> str | None:
        """Why no program may draw random numbers; None in a run, whose steps say which ones."""
        return self._against_draws

    @against_draws.setter
    def against_draws(self, reason: str | None) -> None:
        self._against_draws = reason
        if self._engines is not None:
            self._engines.against_draws = reason

    @property
    def is_its_parts(self) -> bool:
        """Whether calling the model runs its parts and does nothing else."""
        kind, held = type(self), vars(self)
        own = all(getattr(kind, name) is getattr(Model, name) for name in _CALLED)
        patched = any(name in held for name in _CALLED) or held.get("_compiled_call_impl")
        return own and not patched and not has_hooks(self) and not has_global_hooks()

    def __prepare_scriptable__(self) -> nn.Module:
        """Refuse torch.jit.script, which calls this, and name the alternatives.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            "a seqtasks model cannot be scripted, since a script knows no loop over its cells' "
            "Python; use torch.export.export(model, ...), or torch.jit.trace(model, ...)"
        )

    @property
    def engines(self) -> Engines:
        """The engines that can run this model, and the reasons why others cannot."""
        return self._own_engines() or self.use_engine("plain")

    def _own_engines(self) -> Engines | None:
        """Return the engines; a copy of another model gets new engines, for its own parts."""
        engines = self._engines
        if engines is not None and engines.parts.model is not self:
            self._engines = Engines(
                Parts(self),
                engines.wanted,
                may_fall_back=engines.may_fall_back,
                may_choose=engines.may_choose,
                against_draws=engines.against_draws,
                seed=engines.seed,
                calls=engines.calls,
            )
        return self._engines

    def forward(
        self,
        inputs: Tensor,
        state: State | None = None,
        lengths: Tensor | None = None,
        return_states: bool = False,
        time: Tensor | int | None = None,
        return_penalty: bool = False,
    ) -> tuple[Any, ...]:
        """Run the network along a batch.

        Args:
            inputs: (batch, time) ids, or (batch, time, features) real vectors.
            state: the state to start from: the cell's, or with several layers a tuple of states;
                None for the initial state.
            lengths: (batch,) the steps of each instance; None for full length.
            return_states: whether to also return the states after every step.
            time: if a cell names `time`, the number of the first step: one for all instances, or
                (batch,). Without a given state it is 0.
            return_penalty: whether to also return what the cells add to the loss.

        Returns:
            The predictions, (batch, time, output size), logits for symbols, zero beyond an
            instance's length; the state after each instance's last step; and, if requested, the
            states of every step, (batch, time, ...). With several layers, states are tuples with
            one item per layer. Last, if requested, the penalty: the sum over the cells of the mean
            of their `penalty` over all steps of all instances, a scalar, 0 if no cell has one.

        Raises:
            ValueError: if lengths are not (batch,) whole numbers within 0 .. time; or if a state is
                given to a cell that names `time`, without the number of the next step.
        """
        start = None
        if state is not None or time is not None:
            start = checked_time(self.cells, inputs, state, time)
        if state is not None and inputs.dim() > 1:
            pairs = zip(self.cells, self._per_layer(state), strict=True)
            state = self._joined([self._continued(c, s, inputs.shape[1]) for c, s in pairs])
        # a compiler must not look into an engine
        engines = None if torch.compiler.is_compiling() else self._own_engines()
        draws = None if engines is None else engines.next_draws()
        given = inputs, state, lengths, return_states, start, return_penalty
        with iterated_once(self), nullcontext() if draws is None else draws:
            return self._passed(engines, *given)

    def _passed(
        self,
        engines: Engines | None,
        inputs: Tensor,
        state: State | None,
        lengths: Tensor | None,
        return_states: bool,
        start: Tensor | None,
        return_penalty: bool,
    ) -> tuple[Any, ...]:
        """Run the network by an engine, or by the plain loop; see `forward`."""
        if engines is not None:
            outcome = engines.run(
                self.plain_pass, inputs, self._per_layer(state), lengths, return_states, start
            )
            if outcome is not None:
                predictions, finals, histories, penalties = outcome
                results = (predictions, self._joined(finals))
                results += (self._joined(histories),) if return_states else ()
                penalty = _mean(penalties, predictions, lengths) if return_penalty else None
                return results if penalty is None else (*results, penalty)
        return self.plain(inputs, state, lengths, return_states, start, return_penalty)

    @staticmethod
    def _continued(cell: Any, state: State, steps: int) -> State:
        return cell.continued(state, steps) if isinstance(cell, Cell) else state

    def plain_pass(
        self, inputs: Tensor, states: Sequence[State | None], lengths: Tensor | None
    ) -> tuple[Tensor, Sequence[State]]:
        """Run the plain loop, with the states of all layers in a list."""
        given = None if states[0] is None else self._joined(states)
        result = self.plain(inputs, given, lengths)
        return result[0], self._per_layer(result[1])

    def plain(
        self,
        inputs: Tensor,
        state: State | None = None,
        lengths: Tensor | None = None,
        return_states: bool = False,
        start: Tensor | None = None,
        return_penalty: bool = False,
    ) -> tuple[Any, ...]:
        """Run the network by the plain loop; see `forward`.

        `start` holds the number of each instance's first step, (batch,) int64; None for 0.
        """
        if lengths is not None:
            lengths = checked_lengths(inputs, lengths)
            inputs = last_repeated(inputs, lengths)
        embedded = applied(self.embedding, "embedding", inputs)
        outputs = embedded
        finals: list[State] = []
        histories: list[State] = []
        penalties: list[Tensor] = []
        given_of_layers = self._per_layer(state)
        for layer, (cell, given) in enumerate(zip(self.cells, given_of_layers, strict=True)):
            where = start, layer
            run = _run_cell(cell, outputs, given, lengths, return_states, *where, return_penalty)
            outputs = run.outputs
            finals.append(run.final)
            histories += run.states
            penalties += [] if run.penalties is None else [run.penalties]
        predictions = applied(self.readout, "readout", embedded, outputs)
        if lengths is not None:
            ended = past_end(inputs.shape[1], lengths)
            predictions = predictions.masked_fill(ended[..., None], 0)
        results = (predictions, self._joined(finals))
        results += (self._joined(histories),) if return_states else ()
        if not return_penalty:
            return results
        added = sum(penalties[1:], start=penalties[0]) if penalties else None
        return (*results, _mean(added, predictions, lengths))

    @property
    def has_penalty(self) -> bool:
        """Whether a cell adds to the loss."""
        return any(StepCalls(cell).has_penalty for cell in self.cells)

    def loss(
        self,
        inputs: Tensor,
        targets: Tensor,
        state: State | None = None,
        lengths: Tensor | None = None,
        reduction: LossReduction = "mean",
        time: Tensor | int | None = None,
    ) -> Tensor:
        """Return the loss of a batch, a scalar: `sequence_loss` and the cells' penalties."""
        if not self.has_penalty:
            predictions = self(inputs, state, lengths, time=time)[0]
            return sequence_loss(predictions, targets, lengths, reduction)
        predictions, _, penalty = self(inputs, state, lengths, time=time, return_penalty=True)
        return sequence_loss(predictions, targets, lengths, reduction) + penalty

    @torch.no_grad()
    def predict(
        self,
        inputs: Tensor,
        state: State | None = None,
        lengths: Tensor | None = None,
        time: Tensor | int | None = None,
    ) -> Tensor:
        """Return the likeliest ids, (batch, time) int64.

        They are IGNORE beyond an instance's length, and where a logit is NaN.

        Raises:
            UsageError: if the inputs are no tensor of a batch of sequences, or hold an unknown id.
        """
        check_inputs(self.embedding, inputs)
        ids = likeliest(self(inputs, state, lengths, time=time)[0])
        if lengths is not None:
            ids = ids.masked_fill(past_end(ids.shape[1], lengths), IGNORE)
        return ids

    def _per_layer(self, state: State | None) -> Sequence[State | None]:
        if state is None:
            return [None] * len(self.cells)
        if len(self.cells) == 1:
            return [state]
        if not isinstance(state, tuple | list) or len(state) != len(self.cells):
            raise ValueError(
                f"the state of {len(self.cells)} layers is a tuple with an item a layer"
            )
        return state

    @staticmethod
    def _joined(states: Sequence[State]) -> State:
        """Return the states of all layers as the caller gets them."""
        return states[0] if len(states) == 1 else tuple(states)


def _head(part: nn.Module) -> str:
    """Return the class of a part and its sizes."""
    return shortened(f"{type(part).__name__}({part.extra_repr()})", 60)


def likeliest(logits: Tensor) -> Tensor:
    """Return the symbol with the largest logit, (batch, time) int64, IGNORE where one is NaN."""
    largest, ids = logits.max(-1)
    return ids.masked_fill(largest.isnan(), IGNORE)


def _mean(penalties: Tensor | None, like: Tensor, lengths: Tensor | None) -> Tensor:
    return like.new_zeros(()) if penalties is None else mean_penalty(penalties, lengths)


def _run_cell(
    cell: Any,
    inputs: Tensor,
    state: State | None,
    lengths: Tensor | None,
    return_states: bool,
    start: Tensor | None,
    layer: int,
    with_penalty: bool,
) -> Along:
    """Run a cell along its inputs, through its own `scan` if that can serve."""
    if hasattr(cell, "scan") and not return_states:
        calls = StepCalls(cell)
        if not calls.counts and not (with_penalty and calls.has_penalty):
            return Along(*scanned(cell, inputs, state, lengths), [], None)
    return states_along(cell, inputs, state, lengths, return_states, start, layer, with_penalty)
