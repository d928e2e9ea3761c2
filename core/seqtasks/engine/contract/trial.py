"""Try a new program beside the plain loop before it is trusted.

The plain loop in float64, on a copy of the model, gives the true results. For each parameter, the
rounding error of the plain loop itself shows how large an error rounding can explain.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.cells import State
from seqtasks.cells.plain_loop import brought_to
from seqtasks.cells.spectral_norms import held
from seqtasks.engine.contract.altered_copies import negated, rounded, shuffled
from seqtasks.engine.contract.compare_results import (
    far_from,
    first_predictions,
    same_kind,
    steady_rows,
)
from seqtasks.engine.contract.passes import Passes
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
from seqtasks.randomness.counted_draws import CountedDraws, DrawKey, started
from seqtasks.randomness.philox import StepKeys
from seqtasks.randomness.torch_streams import RandomStream, torch_stream

__all__ = ["PlainPass", "disagreement", "disagreement_of_rows"]

PlainPass = Callable[
    [Tensor, Sequence[State | None], Tensor | None], tuple[Tensor, Sequence[State]]
]
"""Maps inputs, the states of all layers and lengths to predictions and final states."""

ROWS, STEPS = 20, 16
"""Rows and steps of a trial: more rows than the 16 columns that a program computes together."""
FEW_ROWS = 3
"""Rows tried at their full length."""
MOST_STEPS, LEAST_STEPS, NUMBERS = 1000, 64, 2**20
"""Bounds of that length. Between them it is limited by the number of elements in a row's states."""
FEW_STEPS = 6
"""Steps tried with other parameter values."""
MORE_ROWS = 100
"""At least this many rows are added to the batch to see whether the number of rows matters."""
OTHER_DRAWS = 3
"""With how many other draws a program must be right that is wrong with the first ones."""
KEYS = StepKeys(0, "trial")
TRIES = 8
"""How often all parameters are rounded once more, to see whether rounding explains a difference: a
decision that is closer than rounding goes the other way in half of the tries."""
ROUNDS = 3
"""How often rows are left out in which such a decision was made, to compare the others alone."""


def disagreement(
    program: Passes,
    plain: PlainPass,
    parts: Parts,
    inputs: Tensor,
    states: Sequence[State | None],
    lengths: Tensor | None,
) -> str | None:
    """Say what is wrong with a program; None if results and gradients match the plain loop's.

    Args:
        program: the new program.
        plain: the plain loop.
        parts: the model's parts, which are not changed.
        inputs: a batch; a few of its rows are used.
        states: the states of each layer to start from.
        lengths: (batch,) or None.
    """

    def tried(key: int) -> str | None:
        model = model_of(parts)
        with held(model), _apart(program, key) as (drawing, draws, others):
            batch = _batch(program, inputs, states, lengths)
            wrong = _wrong(drawing, plain, model, batch)
        known = {node.value[:2] for node in program.model_graph.draws}
        return "it draws random numbers" if others.is_used or draws.drawn - known else wrong

    wrong = tried(0)
    if wrong is None or not program.model_graph.draws:
        return wrong
    # A decision by a draw may be closer than rounding: with other draws a right program is right.
    right = all(tried(key) is None for key in range(1, 1 + OTHER_DRAWS))
    return None if right else wrong


def disagreement_of_rows(
    program: Passes,
    plain: PlainPass,
    parts: Parts,
    inputs: Tensor,
    states: Sequence[State | None],
    lengths: Tensor | None,
) -> str | None:
    """Say whether a row's result in the plain loop depends on the number of rows in the batch.

    Args: as in `disagreement`.
    """
    model = model_of(parts)
    with held(model), _apart(program, 0) as (program, _, _):
        batch = _batch(program, inputs, states, lengths)
        numbers = torch.arange(len(inputs), device=inputs.device)
        tried = _taken(batch, numbers[:ROWS], FEW_STEPS, spread=True)
        loop = by_loop(model, program, tried)
        truth = _truth(model, program, tried, loop)
        return _wrong_rows(program, plain, model, tried, loop, truth, len(inputs))


@contextmanager
def _apart(program: Passes, number: int) -> Generator[tuple[Passes, CountedDraws, RandomStream]]:
    """Let a trial run with gradients, and without using the caller's random state.

    Args:
        program: the program to try.
        number: of the draws.

    Yields:
        The program with these draws, the plain loop's draws, and the stream of what else draws.
    """
    others, key = torch_stream(0, "trial"), DrawKey(KEYS.at(number))
    draws = CountedDraws(key, program.model_graph.dtype)
    drawing = program.drawing(key) if program.model_graph.draws else program
    apart = torch.inference_mode(False), torch.enable_grad(), others.functions_drawing()
    with apart[0], apart[1], apart[2], draws:
        yield drawing, draws, others


def _batch(
    program: Passes, inputs: Tensor, states: Sequence[State | None], lengths: Tensor | None
) -> Rows:
    """Return a batch as rows."""
    if lengths is not None:
        lengths = lengths.to(torch.int64)
        inputs = without_padding(inputs, lengths)
        lengths = lengths.clamp(min=1)  # an instance without steps runs for one
    given = flattened(program.model_graph, states, len(inputs))
    return Rows(inputs.detach(), given, lengths, inputs.shape[1])


def _taken(batch: Rows, rows: Tensor, steps: int, spread: bool = False) -> Rows:
    """Return some rows of a batch and their first steps.

    Args:
        batch: the batch to take them from.
        rows: the numbers of the rows.
        steps: the most steps to take.
        spread: whether to shorten lengths to many different ones.
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
    """Try a program on several kinds of rows, and say what is wrong with it."""
    count, steps = batch.inputs.shape[:2]
    numbers = torch.arange(count, device=batch.inputs.device)
    tried = _taken(batch, numbers[:ROWS], STEPS, spread=True)
    loop = by_loop(model, program, tried)
    truth = _truth(model, program, tried, loop)
    wrong = _difference(program, model, model, tried, loop, truth)
    wrong = wrong or _wrong_rows(program, plain, model, tried, loop, truth, count)
    if wrong is None and steps > STEPS:
        if batch.lengths is not None:  # longest, shortest, one between
            numbers = batch.lengths.argsort(descending=True)
            steps = max(1, int(batch.lengths.max()))
        few = numbers[torch.linspace(0, count - 1, min(count, FEW_ROWS)).long()]
        state = sum(part.previous.size for part in program.model_graph.parts)
        most = min(MOST_STEPS, max(LEAST_STEPS, NUMBERS // state))
        longest = _taken(batch, few, min(steps, most))
        loop = by_loop(model, program, longest)
        truth = _truth(model, program, longest, loop)
        wrong = _difference(program, model, model, longest, loop, truth)
    few = _taken(tried, numbers.sort().values[:FEW_ROWS], FEW_STEPS)
    for change in (shuffled, negated):
        try:
            copied = change(model)
            loop = by_loop(copied, program, few)
        except Exception:
            continue  # it cannot be copied, or accepts no other values
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
    """Say which result of a program differs from the plain loop's by more than rounding.

    Args:
        program: the program to try.
        model: the model from which it was made.
        copied: the model, or a copy with other parameter values, on which to run the program.
        rows: some rows of a batch.
        loop: the plain loop's results for these rows.
        truth: the plain loop's results in float64.
    """
    for _ in range(ROUNDS):
        try:
            found = by_program(model, program, rows, None if copied is model else copied)
        except Exception as error:
            return f"it failed: {one_line(error)}"
        for name, value in loop.items():
            if not same_kind(found.get(name), value, truth[name]):
                return _differs(name)
        far, loops = far_from(found, truth, [loop]), [loop]
        for k in range(TRIES):
            if not far:
                break
            loops.append(by_loop(rounded(copied, k), program, rows))
            far = far_from(found, truth, loops)
        if far:
            return _differs(far[0])
        steady = steady_rows(loops, truth)
        if steady.all() or not steady.any():
            break
        rows = _taken(rows, steady.nonzero().flatten(), rows.inputs.shape[1])
        loop = by_loop(copied, program, rows)
        truth = _truth(copied, program, rows, loop)
    return None


def _differs(name: str) -> str:
    verb = "differ" if name == "predictions" else "differs"
    return f"its {name} {verb} from the plain loop's"


def _truth(model: nn.ModuleDict, program: Passes, rows: Rows, loop: Results) -> Results:
    """Return the results in float64, or the given results if there are none better."""
    if program.model_graph.dtype == torch.float64:
        return loop
    try:
        return by_loop(in_double(model), program, rows)
    except Exception:  # a cell may insist on float32
        return loop


def _wrong_rows(
    program: Passes,
    plain: PlainPass,
    model: nn.ModuleDict,
    tried: Rows,
    loop: Results,
    truth: Results,
    count: int,
) -> str | None:
    """Say whether the plain loop's results for rows change if rerun, alone or among more."""
    numbers = torch.arange(len(tried.inputs), device=tried.inputs.device)

    def made_of(rows: Tensor) -> Tensor:
        taken = _taken(tried, rows, STEPS)
        if taken.given is None:  # the plain loop's own states would be for fewer steps
            dtype, device = program.model_graph.dtype, taken.inputs.device
            cells: Any = model["cells"]
            starts = [
                started(cell, layer, len(rows), tried.steps) for layer, cell in enumerate(cells)
            ]
            states = [brought_to(dtype, device, start) for start in starts]
        else:
            states = nested(program.model_graph, taken.given)
        # with gradients: a step may take one of its own
        return plain(taken.inputs, states, taken.lengths)[0][: len(numbers)].detach()

    def differs(found: Tensor, loops: Sequence[Results], truth: Results) -> bool:
        expected = [first_predictions(loop, len(found)) for loop in loops]
        true = first_predictions(truth, len(found))
        alike = same_kind(found, expected[0]["predictions"], true["predictions"])
        return not alike or bool(far_from({"predictions": found}, true, expected))

    if differs(made_of(numbers), [loop], loop):
        return "the plain loop gives different results at each call"
    more = numbers.repeat(1 + MORE_ROWS // len(numbers))
    as_many = numbers.repeat(-(-count // len(numbers)))[:count]  # a step may test for this number
    for rows in (numbers[:1], more, as_many):
        found = made_of(rows)
        if differs(found, [loop], truth):
            others = [by_loop(rounded(model, k), program, tried) for k in range(TRIES)]
            if differs(found, [loop, *others], truth):
                return "its result for an instance depends on how many there are"
    return None
