"""Try a new program beside the plain loop before it is trusted.

The plain loop in float64, on a copy of the model, is the truth; how far the plain loop itself is
from the truth is the yardstick of what rounding explains, for each parameter by itself.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.cells import State
from seqtasks.cells.plain_loop import brought_to
from seqtasks.engine.contract.protocol import Passes
from seqtasks.engine.contract.trial_passes import (
    Results,
    Rows,
    by_loop,
    by_program,
    in_double,
    model_of,
)
from seqtasks.engine.record.batch_layout import flattened, nested, without_padding
from seqtasks.engine.record.subject import Parts
from seqtasks.errors import one_line
from seqtasks.randomness.torch_streams import torch_stream

__all__ = ["PlainPass", "disagreement", "disagreement_of_rows"]

PlainPass = Callable[
    [Tensor, Sequence[State | None], Tensor | None], tuple[Tensor, Sequence[State]]
]
"""From inputs, the states of all layers, and lengths to predictions and final states."""

ROWS, STEPS = 20, 16
"""More rows than the 16 columns that a program does together."""
FEW_ROWS = 3
"""Rows that are tried at their full length."""
MOST_STEPS, LEAST_STEPS, NUMBERS = 1000, 64, 2**20
"""Bounds of that length, between which a row's states may have so many numbers."""
FEW_STEPS = 6
"""Steps that are tried with other numbers in the parameters."""
MORE_ROWS = 100
"""By how many rows, at least, the batch is made larger to see whether their number matters."""
TIMES, LEAST_TIMES = 20, 3
"""How many times as far from the truth as the plain loop a program may be: the fewer where the
plain loop itself is off by more than this share of a tensor's largest number."""
NOISE = 1e-2
ROUNDINGS = {torch.float32: 64, torch.float64: 2e8}
"""How many roundings of a tensor's largest number a program may be off in any case; in float64
there is no better truth than the plain loop, and some constants of torch are those of float32."""
TRIES = 3
"""How often all numbers are rounded once more, where a difference is to be explained by that."""


def disagreement(
    program: Passes,
    plain: PlainPass,
    parts: Parts,
    inputs: Tensor,
    states: Sequence[State | None],
    lengths: Tensor | None,
) -> str | None:
    """Say what is wrong with a program; None if it does as the plain loop, gradients included.

    Args:
        program: the new program.
        plain: the plain loop.
        parts: of the model, which is not changed.
        inputs: a batch, of which a few rows are taken.
        states: of each layer, to start from.
        lengths: (batch,) or None.
    """
    draws = torch_stream(0, "trial")  # the caller's random state is not for a trial
    with torch.inference_mode(False), torch.enable_grad(), draws.functions_drawing():
        batch = _batch(program, inputs, states, lengths)
        wrong = _wrong(program, plain, model_of(parts), batch)
    return "it draws random numbers" if draws.is_used else wrong


def disagreement_of_rows(
    program: Passes,
    plain: PlainPass,
    parts: Parts,
    inputs: Tensor,
    states: Sequence[State | None],
    lengths: Tensor | None,
) -> str | None:
    """Say whether the plain loop makes something else of a row among as many as a batch has.

    Args: as of `disagreement`.
    """
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        torch_stream(0, "trial").functions_drawing(),
    ):
        batch, model = _batch(program, inputs, states, lengths), model_of(parts)
        numbers = torch.arange(len(inputs), device=inputs.device)
        tried = _taken(batch, numbers[:ROWS], FEW_STEPS, spread=True)
        loop = by_loop(model, program, tried)
        truth = _truth(model, program, tried, loop)
        return _wrong_rows(program, plain, model, tried, loop, truth, len(inputs))


def _batch(
    program: Passes, inputs: Tensor, states: Sequence[State | None], lengths: Tensor | None
) -> Rows:
    """Return a batch as rows."""
    if lengths is not None:
        lengths = lengths.to(torch.int64)
        inputs = without_padding(inputs, lengths)
        lengths = lengths.clamp(min=1)  # an instance without steps is run for one
    given = flattened(program.analysis, states, len(inputs))
    return Rows(inputs.detach(), given, lengths, inputs.shape[1])


def _taken(batch: Rows, rows: Tensor, steps: int, spread: bool = False) -> Rows:
    """Return some rows of a batch and the first of their steps.

    Args:
        batch: from which they are taken.
        rows: their numbers.
        steps: at most.
        spread: whether lengths are shortened to many different ones.
    """
    lengths = None
    if batch.lengths is not None:
        lengths = batch.lengths[rows].clamp(max=steps)
        if spread:
            numbers = torch.arange(len(rows), device=lengths.device)
            lengths = torch.minimum(lengths, steps - numbers * 7 % steps)
    given = None if batch.given is None else [state[rows].detach() for state in batch.given]
    inputs = batch.inputs[rows][:, :steps].contiguous()
    inputs = inputs if lengths is None else without_padding(inputs, lengths)
    return Rows(inputs, given, lengths, batch.steps)


def _wrong(program: Passes, plain: PlainPass, model: nn.ModuleDict, batch: Rows) -> str | None:
    """Say what is wrong with a program, tried on several kinds of rows."""
    count, steps = batch.inputs.shape[:2]
    numbers = torch.arange(count, device=batch.inputs.device)
    tried = _taken(batch, numbers[:ROWS], STEPS, spread=True)
    loop = by_loop(model, program, tried)
    truth = _truth(model, program, tried, loop)
    wrong = _difference(program, model, model, tried, loop, truth)
    wrong = wrong or _wrong_rows(program, plain, model, tried, loop, truth, count)
    if wrong is None and steps > STEPS:
        if batch.lengths is not None:  # the longest, the shortest and one between
            numbers = batch.lengths.argsort(descending=True)
            steps = max(1, int(batch.lengths.max()))
        few = numbers[torch.linspace(0, count - 1, min(count, FEW_ROWS)).long()]
        state = sum(part.previous.size for part in program.analysis.parts)
        most = min(MOST_STEPS, max(LEAST_STEPS, NUMBERS // state))
        longest = _taken(batch, few, min(steps, most))
        loop = by_loop(model, program, longest)
        truth = _truth(model, program, longest, loop)
        wrong = _difference(program, model, model, longest, loop, truth)
    few = _taken(tried, numbers.sort().values[:FEW_ROWS], FEW_STEPS)
    for change in (_shuffled, _negated):
        try:
            copied = change(model)
            loop = by_loop(copied, program, few)
        except Exception:
            continue  # it cannot be copied, or takes no other numbers
        if wrong is None:
            truth = _truth(copied, program, few, loop)
            wrong = _difference(program, model, copied, few, loop, truth)
            wrong = wrong and f"{wrong} once its parameters are changed"
    return wrong


def _difference(
    program: Passes,
    model: nn.ModuleDict,
    copied: nn.ModuleDict,
    rows: Rows,
    loop: Results,
    truth: Results,
) -> str | None:
    """Say which result of a program differs from the plain loop's by more than rounding explains.

    Args:
        program: that is tried.
        model: of which it was made.
        copied: the model, or a copy with other numbers, which it is to run with.
        rows: of a batch.
        loop: what the plain loop makes of them.
        truth: the same in float64.
    """
    try:
        found = by_program(model, program, rows, None if copied is model else copied)
    except Exception as error:
        return f"it failed: {one_line(error)}"
    for name, value in loop.items():
        if not _same_kind(found.get(name), value, copied is model):
            return f"its {name} differs from that of the plain loop"
    far = _far(found, truth, [loop])
    if far:
        others = [by_loop(_rounded(copied, k), program, rows) for k in range(TRIES)]
        far = _far(found, truth, [loop, *others])
    return f"its {far[0]} differs from that of the plain loop" if far else None


def _truth(model: nn.ModuleDict, program: Passes, rows: Rows, loop: Results) -> Results:
    """Return the results in float64, or those of the plain loop where there are none better."""
    if program.analysis.dtype == torch.float64:
        return loop
    try:
        return by_loop(in_double(model), program, rows)
    except Exception:  # a cell may insist on float32
        return loop


def _same_kind(found: Tensor | None, plain: Tensor | None, strict: bool) -> bool:
    """Say whether two results are there or not, and where finite, infinite and NaN, alike."""
    if found is None or plain is None:
        return found is plain  # an optimiser passes over what has no gradient
    if found.shape != plain.shape:
        return False
    infinite = ~plain.isfinite()
    if not strict and bool(infinite.any()):
        return True
    same = torch.where(
        infinite, (found == plain) | (found.isnan() & plain.isnan()), found.isfinite()
    )
    return bool(same.all())


def _far(found: Results, truth: Results, loops: Sequence[Results]) -> list[str]:
    """Return the names of results that are farther from the truth than rounding explains.

    Args:
        found: by a program.
        truth: by the plain loop in float64.
        loops: by the plain loop, which show how far rounding leads it.
    """
    far: list[str] = []
    for name, plain in loops[0].items():
        one, true = found.get(name), truth[name]
        if one is None or plain is None or true is None or not one.numel():
            continue
        finite = plain.isfinite()
        true = torch.where(true.isfinite(), true.double(), plain.double())[finite]
        if not true.numel():
            continue
        own = 0.0
        for loop in loops:
            other = loop[name]
            if other is not None:
                off = (other.double()[finite] - true).abs()
                own = max(own, float(off.nan_to_num(0.0, 0.0).max()))
        error = float((one.double()[finite] - true).abs().max())
        scale = float(true.abs().max())
        explained = max(LEAST_TIMES * own, min(TIMES * own, NOISE * scale))
        if not error <= explained + ROUNDINGS[plain.dtype] * torch.finfo(plain.dtype).eps * scale:
            far.append(name)
    return far


def _wrong_rows(
    program: Passes,
    plain: PlainPass,
    model: nn.ModuleDict,
    tried: Rows,
    loop: Results,
    truth: Results,
    count: int,
) -> str | None:
    """Say whether the plain loop makes something else of some rows again, alone, or among more."""
    numbers = torch.arange(len(tried.inputs), device=tried.inputs.device)

    def made_of(rows: Tensor) -> Tensor:
        taken = _taken(tried, rows, STEPS)
        if taken.given is None:  # the plain loop's own would be those of fewer steps
            dtype, device = program.analysis.dtype, taken.inputs.device
            cells: Any = model["cells"]
            starts = [cell.initial_state(len(rows), tried.steps) for cell in cells]
            states = [brought_to(dtype, device, start) for start in starts]
        else:
            states = nested(program.analysis, taken.given)
        with torch.no_grad():
            return plain(taken.inputs, states, taken.lengths)[0][: len(numbers)]

    def differs(found: Tensor, loops: Sequence[Results], truth: Results) -> bool:
        expected = [_predictions(loop, len(found)) for loop in loops]
        alike = _same_kind(found, expected[0]["predictions"], True)
        found_here: Results = {"predictions": found}
        return not alike or bool(_far(found_here, _predictions(truth, len(found)), expected))

    if differs(made_of(numbers), [loop], loop):
        return "the plain loop computes something else at each call"
    more = numbers.repeat(1 + MORE_ROWS // len(numbers))
    as_many = numbers.repeat(-(-count // len(numbers)))[:count]  # a step may look for this number
    for rows in (numbers[:1], more, as_many):
        found = made_of(rows)
        if differs(found, [loop], truth):
            others = [by_loop(_rounded(model, k), program, tried) for k in range(TRIES)]
            if differs(found, [loop, *others], truth):
                return "what it makes of an instance depends on how many there are"
    return None


def _predictions(results: Results, count: int) -> Results:
    predictions = results["predictions"]
    return {"predictions": None if predictions is None else predictions[:count]}


# ---- copies with other numbers


def _changed(model: nn.ModuleDict, change: Callable[[Tensor], Tensor]) -> nn.ModuleDict:
    copied = copy.deepcopy(model)
    with torch.no_grad():
        for tensor in [*copied.parameters(), *copied.buffers()]:
            if tensor.is_floating_point():
                tensor.copy_(change(tensor))
    return copied


def _shuffled(model: nn.ModuleDict) -> nn.ModuleDict:
    """Return a copy whose parameters have their numbers in another order, a little changed."""
    generator = torch.Generator().manual_seed(1)

    def change(tensor: Tensor) -> Tensor:
        order = torch.randperm(tensor.numel(), generator=generator)
        factors = 0.9 + 0.2 * torch.rand(tensor.numel(), generator=generator, dtype=torch.float64)
        numbers = tensor.flatten().cpu()[order].double()
        if not numbers.any():  # at zero much has no gradient
            numbers = torch.full_like(numbers, 0.1) * order.sign().sub(0.5)
        return (numbers * factors).view(tensor.shape).to(tensor)

    return _changed(model, change)


def _negated(model: nn.ModuleDict) -> nn.ModuleDict:
    """Return a copy whose parameters have the other sign."""
    return _changed(model, torch.neg)


def _rounded(model: nn.ModuleDict, number: int) -> nn.ModuleDict:
    """Return a copy whose parameters are all rounded once more, up or down."""
    generator = torch.Generator().manual_seed(number)

    def change(tensor: Tensor) -> Tensor:
        signs = torch.randint(0, 2, tensor.shape, generator=generator) * 2 - 1
        largest = float(tensor.abs().max()) if tensor.numel() else 0.0
        unit = torch.finfo(tensor.dtype).eps * (largest or 1.0)
        return tensor + signs.to(tensor) * unit

    return _changed(model, change)
