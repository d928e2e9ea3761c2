"""The plain loop in float64 is the truth; how far an engine may be from it."""

import copy
from dataclasses import dataclass
from importlib.util import find_spec

import torch

import seqtasks as st
from seqtasks.engine.unroll import engines_of

ENGINES = ["native", *(["torch"] if find_spec("seqtasks.engine.tensors") else [])]

TIMES_PLAIN, ROUNDINGS, ROWS = 4, 8, 128
"""A weight's gradient is a sum over rows, for some engines of all steps in one product, of which
each is rounded: for more than so many, roundings count with the root of their number."""
RELATIVE = 1e-10
GIVEN = ("gradient of inputs", "gradient of given state")
FEW = 16
DRAWS = 4


class Subject:
    """A cell in both types, with weights that float32 can hold: the truth is that of both."""

    def __init__(self, cell: st.Cell) -> None:
        single = copy.deepcopy(cell).float()
        self.input_size = cell.input_size
        self.cells = {torch.float32: single, torch.float64: copy.deepcopy(single).double()}


@dataclass
class Problem:
    """A batch for a subject: inputs (batch, time, features), and perhaps states and lengths."""

    subject: Subject
    inputs: torch.Tensor
    state: tuple[torch.Tensor, ...] | None = None
    lengths: torch.Tensor | None = None


def parts(state):
    """Return the tensors of a state, which may be a tensor, or a tuple, list or dict of such."""
    if isinstance(state, torch.Tensor):
        return (state,)
    inner = state.values() if isinstance(state, dict) else state
    return tuple(part for each in inner for part in parts(each))


def drawn_like(part):
    """Return numbers for a state; whole ones are 0 and 1, as flags are."""
    if part.is_floating_point():
        return torch.randn(part.shape)
    return torch.randint(2, part.shape).to(part.dtype)


def problem(subject, batch, steps, given=False, mixed=False):
    """Return a problem of random numbers, with given states and lengths of 0 .. steps if wanted."""
    state = None
    if given:
        start = parts(subject.cells[torch.float32].initial_state(batch, steps))
        state = tuple(map(drawn_like, start))
    lengths = torch.randint(0, steps + 1, (batch,)) if mixed else None
    return Problem(subject, torch.randn(batch, steps, subject.input_size), state, lengths)


def computed(problem, engine, dtype):
    """Return loss, outputs, states and every gradient, by name."""
    cell = problem.subject.cells[dtype]
    inputs = problem.inputs.to(dtype, copy=True).requires_grad_()
    given = state = None
    if problem.state is not None:
        given = tuple(
            part.to(dtype, copy=True).requires_grad_() if part.is_floating_point() else part
            for part in problem.state
        )
        state = given if isinstance(cell.initial_state(1, inputs.shape[1]), tuple) else given[0]
    outputs, finals, states = st.unroll(
        cell, inputs, state, problem.lengths, return_states=True, engine=engine
    )
    named = {"outputs": outputs}
    named |= {f"final state {k}": part for k, part in enumerate(parts(finals))}
    named |= {f"states {k}": part for k, part in enumerate(parts(states))}
    targets = torch.Generator().manual_seed(1)
    loss = sum(
        (value.to(dtype) - torch.randn(value.shape, generator=targets).to(dtype)).square().mean()
        for value in named.values()
    )
    sources = {"inputs": inputs, **dict(cell.named_parameters())}
    sources |= {f"given state {k}": part for k, part in enumerate(given or ())}
    trained = {name: source for name, source in sources.items() if source.requires_grad}
    gradients = [None] * len(trained)
    if loss.requires_grad:
        gradients = torch.autograd.grad(loss, list(trained.values()), allow_unused=True)
    named["loss"] = loss
    for (name, source), gradient in zip(trained.items(), gradients, strict=True):
        named[f"gradient of {name}"] = torch.zeros_like(source) if gradient is None else gradient
    return {name: value.detach() for name, value in named.items()}


def distance(found, truth):
    """Return the largest difference; infinities and NaN in the same places are none."""
    found, truth = found.double(), truth.double()
    same = (found == truth) | (found.isnan() & truth.isnan())
    return float((found - truth).masked_fill(same, 0).abs().max()) if truth.numel() else 0.0


def scale_of(truth):
    finite = truth[truth.isfinite()].double()
    return float(finite.abs().max()) if finite.numel() else 0.0


def scales(truth):
    """Return each tensor's scale; a final state's is that of the states of all steps together."""
    found = {name: scale_of(true) for name, true in truth.items()}
    for name in truth:
        if name.startswith("final"):
            found[name] = max(found[name], found[name.replace("final state", "states")])
    return found


def own_errors(plain, truth, scale):
    """Return how far the plain loop's results are from the truth, in units of each scale."""
    return {
        name: distance(plain[name], true) / scale[name] if scale[name] else 0.0
        for name, true in truth.items()
    }


def steadied(truth, scale, own):
    """Return scales and errors, where those of a few numbers are luck.

    A sum that happens to cancel has a scale far below that of its terms, and the plain loop may
    happen to round it well: of such tensors the largest scale, and the worst error, count.
    """
    few = [name for name, true in truth.items() if true.numel() < FEW]
    largest, worst = max(scale.values()), max(own.values())
    return {**scale, **dict.fromkeys(few, largest)}, {**own, **dict.fromkeys(few, worst)}


def conditions(problem, truth, scale, dtype):
    """Return how far each result of the truth moves where all that it depends on is rounded once.

    No engine can be held to less: where a key is normalised that happens to lie near zero, the
    plain loop may be lucky. It is the farthest of a few random roundings.
    """
    draw = torch.Generator().manual_seed(2)
    moves = [move(problem, truth, scale, draw, dtype) for _ in range(DRAWS)]
    return {name: max(errors[name] for errors in moves) for name in truth}


def move(problem, truth, scale, draw, dtype):
    unit = torch.finfo(dtype).eps / 2

    def rounded(part):
        if not part.is_floating_point():
            return part
        signs = torch.randint(0, 2, part.shape, generator=draw).double() * 2 - 1
        return part.double() * (1 + unit * signs)

    state = None if problem.state is None else tuple(map(rounded, problem.state))
    moved = copy.deepcopy(problem.subject)
    with torch.no_grad():
        for parameter in moved.cells[torch.float64].parameters():
            parameter.copy_(rounded(parameter))
    moved = Problem(moved, rounded(problem.inputs), state, problem.lengths)
    return own_errors(computed(moved, "plain", torch.float64), truth, scale)


def allowed(own, unit, scale):
    return (TIMES_PLAIN * own + unit) * scale


def summed(name):
    """Say whether a result is a sum over rows: the gradient of a parameter."""
    return name.startswith("gradient of") and not name.startswith(GIVEN)


def within(errors, own, units, scale):
    return all(errors[k] <= allowed(own[k], units[k], scale[k]) for k in errors)


def check(problem, engine, dtypes=(torch.float64, torch.float32)):
    """Check an engine's results, and that it was this engine that computed them."""
    truth = computed(problem, "plain", torch.float64)
    wrong = []
    for dtype in dtypes:
        found = computed(problem, engine, dtype)
        engines = engines_of(problem.subject.cells[dtype], engine)
        assert engines.name == engine, engines.reasons
        scale, own, unit = scales(truth), dict.fromkeys(truth, 0.0), RELATIVE
        if dtype == torch.float32:
            own = own_errors(computed(problem, "plain", dtype), truth, scale)
            unit = ROUNDINGS * torch.finfo(dtype).eps
        scale, own = steadied(truth, scale, own)
        errors = {name: distance(found[name], true) for name, true in truth.items()}
        many = max(1, problem.inputs.shape[:2].numel() / ROWS) ** 0.5
        units = {name: unit * (many if summed(name) else 1) for name in truth}
        if not within(errors, own, units, scale):
            moved = conditions(problem, truth, scale, dtype)
            own = {name: max(own[name], moved[name]) for name in truth}
        wrong += [
            f"{dtype} {name}: off by {error:.3g}, "
            f"allowed {allowed(own[name], units[name], scale[name]):.3g}"
            for name, error in errors.items()
            if not error <= allowed(own[name], units[name], scale[name])
        ]
    assert not wrong, "\n".join(wrong)
