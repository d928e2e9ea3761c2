"""Run the plain loop and a program on a few rows: predictions, states, every gradient."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.cells import State
from seqtasks.cells.padding import past_end
from seqtasks.cells.plain_loop import brought_to, states_along
from seqtasks.cells.state_tree import leaves_like
from seqtasks.engine.contract.computed_values import on_even_place, with_values
from seqtasks.engine.contract.passes import Passes
from seqtasks.engine.derive.reach import steps_until_used
from seqtasks.engine.graph.node import Node
from seqtasks.engine.record.batch_layout import as_numbers, nested, parted
from seqtasks.engine.record.fingerprint import attributes_of
from seqtasks.engine.record.subject import Parts
from seqtasks.randomness.counted_draws import applied, started

__all__ = ["Results", "Rows", "by_loop", "by_program", "in_double", "model_of"]

Results = dict[str, Tensor | None]
"""Predictions, final states and gradients by name; None for a missing gradient."""


@dataclass(frozen=True)
class Rows:
    """Some rows of a batch.

    Attributes:
        inputs: (rows, steps) ids or (rows, steps, features).
        given: the states to start from, each (rows, ...), of all layers as one list; None for the
            initial states.
        lengths: (rows,) int64, or None.
        steps: the steps for which initial states are made, maybe more than these rows have.
    """

    inputs: Tensor
    given: list[Tensor] | None
    lengths: Tensor | None
    steps: int


def model_of(parts: Parts) -> nn.ModuleDict:
    """Return the parts as one module, so that a copy keeps what they share."""
    model = nn.ModuleDict()
    if parts.embedding is not None:
        model["embedding"] = parts.embedding
    model["cells"] = nn.ModuleList(parts.cells)
    if parts.readout is not None:
        model["readout"] = parts.readout
    return model


def in_double(model: nn.ModuleDict) -> nn.ModuleDict:
    """Return a copy whose parameters, buffers and other tensors are float64."""
    copied = copy.deepcopy(model).double()
    copied._apply(lambda held: held.to(torch.complex128) if held.is_complex() else held)
    for module in copied.modules():
        for name, held in attributes_of(module).items():
            if isinstance(held, Tensor | list | tuple | dict):
                vars(module)[name] = _doubled(held)
    return copied


def _doubled(held: Any) -> Any:
    if isinstance(held, Tensor):
        doubles = {torch.float32: torch.float64, torch.complex64: torch.complex128}
        return held.to(doubles.get(held.dtype, held.dtype))
    if type(held) in (list, tuple):
        return type(held)(_doubled(part) for part in held)
    if type(held) is dict:
        return {key: _doubled(part) for key, part in held.items()}
    return held


def by_loop(model: nn.ModuleDict, program: Passes, rows: Rows) -> Results:
    """Return the plain loop's results for some rows, with the gradients of all parameters.

    Args:
        model: the result of `model_of`, or a copy of it, in float32 or float64.
        program: the program to compare with.
        rows: some rows of a batch, of any type.
    """
    parts: dict[str, Any] = dict(model.items())
    dtypes = [t.dtype.to_real() for t in model.parameters()]
    dtype = dtypes[0] if dtypes else program.model_graph.dtype
    inputs, given = rows.inputs, None
    if inputs.is_floating_point():
        inputs = inputs.to(dtype, copy=True).requires_grad_()
    if rows.given is None:
        states: Sequence[State] = [
            brought_to(dtype, inputs.device, started(cell, layer, len(inputs), rows.steps))
            for layer, cell in enumerate(parts["cells"])
        ]
    else:
        given = [state.to(dtype, copy=True) for state in rows.given]
        for state, part in zip(given, program.model_graph.parts, strict=True):
            state.requires_grad_(part.is_trained)
        states = nested(program.model_graph, given)
    embedded = inputs
    if "embedding" in parts:
        embedded = applied(parts["embedding"], "embedding", inputs)
    outputs, finals = embedded, list[Any]()
    penalties: list[Tensor] = []
    for layer, (cell, state) in enumerate(zip(parts["cells"], states, strict=True)):
        along = states_along(
            cell, outputs, state, rows.lengths, False, layer=layer, with_penalty=True
        )
        outputs, final = along.outputs, along.final
        penalties += [] if along.penalties is None else [along.penalties]
        finals += leaves_like(program.model_graph.loops[layer].tree, final)
    predictions = outputs
    if "readout" in parts:
        predictions = applied(parts["readout"], "readout", embedded, outputs)
    if rows.lengths is not None:
        ended = past_end(inputs.shape[1], rows.lengths)
        predictions = predictions.masked_fill(ended[..., None], 0)
    results: Results = {"predictions": predictions.detach()}
    if penalties:
        penalty = torch.stack(penalties).sum(0)
        results["penalty"] = penalty.detach()
        predictions = torch.cat([predictions, penalty[..., None]], -1)
    results |= {
        f"final state {k}": as_numbers(final.detach(), dtype) for k, final in enumerate(finals)
    }
    sources = _trained(model)
    if inputs.is_floating_point():
        sources["the inputs"] = inputs
    starts = enumerate(given or ())
    sources |= {f"given state {k}": state for k, state in starts if state.requires_grad}
    floating = [
        as_numbers(final, dtype)
        for final in finals
        if final.is_floating_point() or final.is_complex()
    ]
    ahead = [predictions, *(floating if _has_states(program) else ())]
    total = torch.stack([(value * _direction(value)).sum() for value in ahead]).sum()
    gradients: Sequence[Tensor | None] = [None] * len(sources)
    if sources and total.requires_grad:
        gradients = torch.autograd.grad(total, list(sources.values()), allow_unused=True)
    return results | _named_gradients(sources, gradients)


def by_program(
    model: nn.ModuleDict, program: Passes, rows: Rows, copied: nn.ModuleDict | None = None
) -> Results:
    """Return a program's results for some rows.

    Args:
        model: the result of `model_of`, from which the program was made.
        program: the program to try.
        rows: some rows of a batch, of the program's type.
        copied: a copy of the model, of the same type, whose values the program reads.
    """
    read = program.tensors()
    twins: dict[int, Tensor] = {}
    if copied is not None:
        twins = dict(zip(map(id, _tensors(model)), _tensors(copied), strict=True))
    program, values = with_values(program, lambda tensor: twins.get(id(tensor), tensor))
    if copied is not None:
        program = program.reading([value.detach().contiguous() for value in values])
    memory = program.memory(*rows.inputs.shape[:2])
    predictions, finals, _ = program.forward(rows.inputs, rows.lengths, rows.given, memory)
    has_states = _has_states(program)
    gradients, inputs_back, given_back = program.backward(
        rows.inputs,
        rows.lengths,
        rows.given,
        memory,
        _direction(predictions),
        [
            _direction(final) if has_states and part.is_trained else torch.zeros_like(final)
            for final, part in zip(finals, program.model_graph.parts, strict=True)
        ],
        None,
    )
    found, penalties = parted(program.model_graph, predictions)
    results: Results = {"predictions": found}
    if penalties is not None:
        results["penalty"] = penalties
    model_graph, steps = program.model_graph, rows.inputs.shape[1]
    own = [f for f, part in zip(finals, model_graph.parts, strict=True) if not part.counts]
    results |= {f"final state {k}": final for k, final in enumerate(own)}
    externals = [part.external for part in model_graph.parts if part.external is not None]
    penalty = [] if model_graph.penalty is None else [model_graph.penalty]
    needed = steps_until_used(model_graph, [model_graph.cotangent, *penalty, *externals])

    def reached(place: Node | None, gradient: Tensor | None) -> Tensor | None:
        return gradient if place in needed and needed[place] <= steps else None

    found = {
        id(tensor): reached(leaf, gradient)
        for tensor, leaf, gradient in zip(read, model_graph.leaves, gradients, strict=True)
    }
    sources = _trained(model)
    trained = {id(t): twins.get(id(t), t) for t in sources.values()}
    for leaf in model_graph.computed:
        place = model_graph.leaves.index(leaf)
        gradient = on_even_place(reached(leaf, gradients[place]))
        if gradient is not None:
            sources_back: Any = torch.autograd.grad(
                values[place],
                list(trained.values()),
                gradient,
                retain_graph=True,
                allow_unused=True,
            )
            chained: Sequence[Tensor | None] = sources_back
            for key, more in zip(trained, chained, strict=True):
                if more is not None:
                    known = found.get(key)
                    found[key] = more if known is None else known + more
    results |= _named_gradients(sources, [found.get(id(t)) for t in sources.values()])
    if rows.inputs.is_floating_point():
        results["gradient of the inputs"] = reached(model_graph.gradients.of_inputs, inputs_back)
    if given_back is not None:
        for k, (part, back) in enumerate(zip(model_graph.parts, given_back, strict=True)):
            if part.is_trained:
                results[f"gradient of given state {k}"] = reached(part.back, back)
    return results


def _trained(model: nn.ModuleDict) -> dict[str, Tensor]:
    named = [*model.named_parameters(), *model.named_buffers()]
    return {name: tensor for name, tensor in named if tensor.requires_grad}


def _named_gradients(sources: dict[str, Tensor], gradients: Sequence[Tensor | None]) -> Results:
    pairs = zip(sources, gradients, strict=True)
    return {
        f"gradient of {name}": torch.view_as_real(gradient.resolve_conj())
        if gradient is not None and gradient.is_complex()
        else gradient
        for name, gradient in pairs
    }


def _tensors(model: nn.ModuleDict) -> list[Tensor]:
    return [*model.parameters(), *model.buffers()]


def _has_states(program: Passes) -> bool:
    """Say whether the final states of a program may have gradients."""
    return any(part.external is not None for part in program.model_graph.parts)


def _direction(values: Tensor) -> Tensor:
    """Return the gradient with which backward passes are compared, the same for each type."""
    drawn = torch.randn(values.shape, generator=torch.Generator().manual_seed(0))
    return drawn.to(values)
