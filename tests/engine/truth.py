"""The plain loop in float64 is the truth; how far an engine may be from it."""

import copy
from dataclasses import dataclass
from importlib.util import find_spec

import torch

import seqtasks as st
from seqtasks.engine.with_engine import engines_of

ENGINES = ["native", *(["torch"] if find_spec("seqtasks.engine.tensors") else [])]

TIMES_PLAIN, ROUNDINGS = 4, 8
RELATIVE = 1e-10


@dataclass
class Problem:
    """A cell in float64, its inputs (batch, time, features), and perhaps states and lengths."""

    cell: st.Cell
    inputs: torch.Tensor
    state: tuple[torch.Tensor, ...] | None = None
    lengths: torch.Tensor | None = None


def parts(state):
    return state if isinstance(state, tuple) else (state,)


def problem(cell, batch, steps, given=False, mixed=False, scale=1.0):
    """Return a problem whose numbers float32 can hold, so that the truth is that of both types."""
    cell = copy.deepcopy(cell).double()
    for parameter in cell.parameters():
        parameter.data = parameter.data.float().double()
    inputs = torch.randn(batch, steps, cell.input_size).double()
    state = None
    if given:
        start = parts(cell.initial_state(batch, steps))
        state = tuple(scale * torch.randn(part.shape).double() for part in start)
    lengths = torch.randint(0, steps + 1, (batch,)) if mixed else None
    return Problem(cell, inputs, state, lengths)


def computed(problem, engine, dtype):
    """Return loss, outputs, states and every gradient, by name, and the engine that was used."""
    cell = copy.deepcopy(problem.cell).to(dtype)
    inputs = problem.inputs.to(dtype, copy=True).requires_grad_()
    given = state = None
    if problem.state is not None:
        given = tuple(part.to(dtype, copy=True).requires_grad_() for part in problem.state)
        state = given if isinstance(cell.initial_state(1, inputs.shape[1]), tuple) else given[0]
    outputs, finals, states = st.unroll(
        cell, inputs, state, problem.lengths, return_states=True, engine=engine
    )
    named = {"outputs": outputs}
    named |= {f"final state {k}": part for k, part in enumerate(parts(finals))}
    named |= {f"states {k}": part for k, part in enumerate(parts(states))}
    targets = torch.Generator().manual_seed(1)
    loss = sum(
        (value - torch.randn(value.shape, generator=targets).to(dtype)).square().mean()
        for value in named.values()
    )
    sources = {"inputs": inputs, **dict(cell.named_parameters())}
    sources |= {f"given state {k}": part for k, part in enumerate(given or ())}
    gradients = torch.autograd.grad(loss, list(sources.values()), allow_unused=True)
    named["loss"] = loss
    for (name, source), gradient in zip(sources.items(), gradients, strict=True):
        named[f"gradient of {name}"] = torch.zeros_like(source) if gradient is None else gradient
    used = "plain" if engine == "plain" else engines_of(cell, engine).name
    return {name: value.detach() for name, value in named.items()}, used


def distance(found, truth):
    return float((found.double() - truth).abs().max()) if truth.numel() else 0.0


def scale_of(truth):
    return float(truth.abs().max()) if truth.numel() else 0.0


def check(problem, engine, dtypes=(torch.float64, torch.float32)):
    """Check an engine's results, and that it was this engine that computed them."""
    truth, _ = computed(problem, "plain", torch.float64)
    wrong = []
    for dtype in dtypes:
        found, used = computed(problem, engine, dtype)
        assert used == engine, why_not(problem.cell, engine)
        plain = truth if dtype == torch.float64 else computed(problem, "plain", dtype)[0]
        for name, true in truth.items():
            scale = scale_of(true)
            allowed = RELATIVE * scale
            if dtype == torch.float32:
                rounding = ROUNDINGS * torch.finfo(dtype).eps * scale
                allowed = TIMES_PLAIN * distance(plain[name], true) + rounding
            error = distance(found[name], true)
            if not error <= allowed:
                wrong.append(f"{dtype} {name}: off by {error:.3g}, allowed {allowed:.3g}")
    assert not wrong, "\n".join(wrong)


def why_not(cell, engine):
    """Return why an engine does not run a cell."""
    cell = copy.deepcopy(cell)
    st.unroll(cell, torch.zeros(2, 2, cell.input_size).to(next(cell.parameters())), engine=engine)
    return engines_of(cell, engine).reasons
