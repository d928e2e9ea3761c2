"""Find the mistakes of a model's author by running copies on a few instances.

A cell that breaks the rules for cells still trains, and its scores look like any other's: its rows
mix, it keeps something from one sequence to the next, or it computes with tensors that are never
trained. Each mistake becomes a line for the author. None is an error: the author may intend it.
"""

import copy
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.authoring.held_tensors import attributes, close, held_tensors, leaves, name_in_cell
from seqtasks.authoring.step_mistakes import check_in_place, is_detached, step_mistakes
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.outside_draws import states_kept, without_draws
from seqtasks.errors import counted
from seqtasks.models.model import Model
from seqtasks.randomness.torch_streams import torch_stream

__all__ = ["NO_GRADIENT", "TRAINS_ONCE", "check_steps", "model_mistakes"]

ROWS, STEPS = 4, 6
"""The instances, and their first steps, that a model is tried on."""
KEPT = 2
"""The row that stays in place while all other rows change."""
UNKNOWN_TENSORS = (
    "tensors that are neither parameters nor buffers, so they are not trained, saved or moved: use "
    "nn.Parameter, nn.ModuleList or register_buffer"
)
NO_GRADIENT = (
    "its predictions have no gradient, as if they were detached or computed outside torch: nothing "
    "can be trained"
)
TRAINS_ONCE = (
    "its second training step fails, for it keeps what has a gradient from one sequence to the "
    "next: begin anew in initial_state, or keep it detached"
)
DETACHED = (
    "a step depends on the state before it, but no gradient goes back to that state, as if it were "
    "detached"
)
DRAWS_OUTSIDE = "it draws random numbers outside torch, which no seed of a run decides"
DEPENDS_ON_PAST = "what it makes of an instance depends on what it was run on before"
DRAWS = "it draws random numbers while it is scored, so its scores depend on the draws"
MOST_NAMED = 3
"""The most names of one kind in a message."""


def check_steps(model: nn.Module, title: str) -> list[str]:
    """Refuse a cell that changes its state in place; return the mistakes in what it returns.

    Raises:
        UsageError: if the cell changes its state in place.
    """
    found: list[str] = []
    for cell in model.cells if isinstance(model, Model) else ():
        with suppress(_CannotCopyError), states_kept():
            check_in_place(_copied(cell), title)
            found += step_mistakes(_copied(cell))
    return list(dict.fromkeys(found))


def model_mistakes(model: nn.Module, inputs: Tensor) -> list[str]:
    """Return a model's mistakes, one line each, the gravest first.

    The model is not changed, nor are the caller's random states, unless other threads may draw.

    Args:
        model: from inputs to predictions, or to a tuple of predictions and a state.
        inputs: (rows, time) ids or (rows, time, features), twice ROWS instances.
    """
    with states_kept():
        return _found_in(model, inputs)


def _found_in(model: nn.Module, inputs: Tensor) -> list[str]:
    if isinstance(model, Model):  # a Model takes any number of steps
        inputs = inputs[:, :STEPS]
    some, others = inputs[:ROWS], inputs[ROWS : 2 * ROWS].clone()
    others[KEPT] = some[KEPT]
    try:
        found = _plain_tensors(_copied(model), some)
        kept = _kept(_copied(model), some, others)
        mixed = _rows_mix(_copied(model), _copied(model), some, others)
        untrained = [*_trains_once(_copied(model), some, others), *_untrained(_copied(model), some)]
        cells = model.cells if isinstance(model, Model) else ()
        untrained += [DETACHED for cell in cells if is_detached(_copied(cell))]
    except _CannotCopyError:
        return []
    if kept and kept[0] in (DRAWS_OUTSIDE, DEPENDS_ON_PAST):  # either alone makes rows differ
        mixed = []
    found = [*mixed, *kept, *untrained, *found]
    return sorted(dict.fromkeys(found), key=lambda line: line == DRAWS)  # draws may be meant


class _CannotCopyError(Exception):
    """A module cannot be copied, so it cannot be tried without changing it."""


def _copied(module: Any) -> Any:
    try:
        made = copy.deepcopy(module)
    except Exception as error:
        raise _CannotCopyError from error
    parts = made.modules() if isinstance(made, nn.Module) else ()
    if any(isinstance(part, torch.jit.ScriptModule) for part in parts):
        raise _CannotCopyError  # the copy of a parameter is none
    if isinstance(made, Model):
        made.use_engine("plain")
    return made


def _answers(model: nn.Module, inputs: Tensor) -> Tensor:
    with torch_stream(0, "trial").drawing():
        result = model(inputs)
    return result[0] if isinstance(result, tuple) else result


def _rows_mix(first: nn.Module, second: nn.Module, some: Tensor, others: Tensor) -> list[str]:
    """Say whether the answer to a row changes with the other rows, in training."""
    try:
        with torch.no_grad():
            one = _answers(first.train(), some)[KEPT]
            other = _answers(second.train(), others)[KEPT]
    except Exception:  # whoever runs the model tells of it
        return []
    if close(one, other):
        return []
    return ["its rows mix: what it makes of an instance depends on the others of its batch"]


def _kept(model: nn.Module, some: Tensor, others: Tensor) -> list[str]:
    """Say whether a model keeps something from one sequence to the next, or draws numbers."""
    model.eval()
    stream = torch_stream(0, "trial")

    def attempt() -> tuple[Any, ...]:
        with stream.drawing():
            model(some)
        first, before = _answers(model, some), attributes(model)
        _answers(model, others)
        return first, before, _answers(model, some), attributes(model)

    try:
        with torch.no_grad():
            first, before, again, after = without_draws(attempt, model.modules())
    except UnsupportedError:
        return [DRAWS_OUTSIDE]
    except Exception:  # whoever runs the model tells of it
        return []
    names = sorted(name for name in after if before.get(name) != after[name])
    differs = not close(first, again)
    if names and (differs or isinstance(model, Model)):  # other modules may keep counts
        noun = "attribute" if len(names) == 1 else "attributes"
        verb = "keeps" if len(names) == 1 else "keep"
        return [f"its {noun} {_listed(names)} {verb} something from one sequence to the next"]
    if differs:
        return [DEPENDS_ON_PAST]
    return [DRAWS] if stream.is_used else []


def _trains_once(model: nn.Module, some: Tensor, others: Tensor) -> list[str]:
    """Say whether a gradient goes back through one batch, and after that through no other."""
    model.train()
    for turn, inputs in enumerate((some, others)):
        try:
            with torch.enable_grad():
                total = _answers(model, inputs).sum()
            if total.requires_grad:
                total.backward()
        except Exception:  # whoever runs the model tells of a first one that fails
            return [TRAINS_ONCE] if turn else []
    return []


def _untrained(model: nn.Module, inputs: Tensor) -> list[str]:
    """Say which parameters no gradient reaches, and which trained tensors are no parameters."""
    model.train()
    at_first = dict(model.named_parameters())
    named = [(name, p) for name, p in at_first.items() if p.requires_grad]
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():  # a readout of zeros would hide the parts behind it
        for _, parameter in named:
            if parameter.is_floating_point():
                noise = torch.randn(parameter.shape, dtype=torch.float64, generator=generator)
                parameter.add_((0.01 * noise).to(parameter))
    try:
        with torch.enable_grad():
            predictions = _answers(model, inputs)
            weights = torch.rand(predictions.shape, dtype=torch.float64, generator=generator)
            total = (predictions * (weights.to(predictions) + 0.5)).sum()
        if not total.requires_grad:
            return [NO_GRADIENT] if named else []
        total.backward()
    except Exception:  # whoever runs the model tells of it
        return []
    later = [name_in_cell(name) for name, _ in model.named_parameters() if name not in at_first]
    if later:
        names = _parameters(later)
        return [f"it makes {names} while it runs, which are not trained: make them in __init__"]
    found: list[str] = []
    known = {id(p) for p in model.parameters()}
    strangers = {id(leaf): leaf for leaf in leaves(total) if id(leaf) not in known}
    for _, held in held_tensors(model):  # another line names these
        strangers.pop(id(held), None)
    if strangers:
        what = counted(len(strangers), "tensor")
        found.append(f"it makes {what} with a gradient in its steps, or takes them from outside: "
                     "they are no parameters of it, and never trained")  # fmt: skip
    dead = [name_in_cell(name) for name, p in named if p.grad is None or not p.grad.any()]
    if named and len(dead) == len(named):
        return ["nothing is trained: no gradient reaches any of its parameters", *found]
    if dead:
        when = f" in its first {STEPS} steps" if isinstance(model, Model) else ""
        found.append(f"no gradient reaches its {_parameters(dead)}{when}")
    return found


def _parameters(names: list[str]) -> str:
    noun = "parameter" if len(set(names)) == 1 else "parameters"
    return f"{noun} {_listed(names)}"


def _plain_tensors(model: nn.Module, inputs: Tensor) -> list[str]:
    """Name the attributes that hold tensors or modules unknown to torch."""
    held = [(name, tensor) for name, tensor in held_tensors(model) if tensor.is_floating_point()]
    if held:  # tensors that a run leaves there are another matter
        with suppress(Exception), torch.no_grad():
            _answers(model, inputs)
    after = {id(tensor) for _, tensor in held_tensors(model)}
    names = [name for name, tensor in held if id(tensor) in after]
    if not names:
        return []
    several = len(set(names)) > 1
    start = f"its attribute{'s' * several} {_listed(names)} {'hold' if several else 'holds'}"
    return [f"{start} {UNKNOWN_TENSORS}"]


def _listed(names: list[str]) -> str:
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
