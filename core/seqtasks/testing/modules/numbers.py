"""Checks of numbers: float32 beside float64, zeros and large numbers."""

from typing import Any

import torch
from torch import Tensor

from seqtasks.authoring.held_tensors import close
from seqtasks.errors import explain
from seqtasks.testing.check import CheckFailedError
from seqtasks.testing.modules.differences import wrong_gradients
from seqtasks.testing.modules.specimen import Specimen, random_inputs, results

__all__ = ["gradients_agree_with_differences", "is_finite", "runs_in_float32_and_float64"]

LARGE = 1000.0
_NAMES = {"cell": ("outputs", "state"), "readout": ("predictions",)}


def runs_in_float32_and_float64(specimen: Specimen) -> str:
    """Everything has the type of the parameters, and float32 and float64 agree to rounding."""
    found: dict[torch.dtype, tuple[Tensor, ...]] = {}
    made = specimen.new()
    for dtype in (torch.float32, torch.float64):
        made = made.to(dtype)
        try:
            with torch.no_grad():
                found[dtype] = results(made, random_inputs(made))
        except Exception as error:
            raise CheckFailedError(
                f"it fails in {dtype}: {explain(error)}; give tensors of your own the type of the "
                "parameters, as self.zeros or torch.zeros_like do"
            ) from error
        for one in found[dtype]:
            if one.is_floating_point() and one.dtype != dtype:
                made_of = f"with parameters of {dtype} it makes numbers of {one.dtype}"
                raise CheckFailedError(made_of)
    largest = 0.0
    for narrow, wide in zip(found[torch.float32], found[torch.float64], strict=True):
        if not close(narrow, wide):
            raise CheckFailedError(
                f"float32 and float64 differ by {_distance(narrow, wide):.2g}, which is more than "
                "rounding: does something depend on the type, or are large numbers subtracted?"
            )
        if wide.is_floating_point() and _is_rounded(wide):
            raise CheckFailedError(
                "its float64 results have the precision of float32: something inside it is "
                "computed in float32, such as x.float()"
            )
        largest = max(largest, _distance(narrow, wide))
    return f"they differ by at most {largest:.1g}"


def is_finite(specimen: Specimen) -> str:
    """Results and gradients are finite for inputs of zeros and for large ones."""
    made = specimen.new()
    for what, inputs in _extremes(made):
        made.zero_grad()
        for one in inputs:
            one.requires_grad_()
        found = results(made, inputs)
        names = _NAMES[specimen.kind]
        for number, one in enumerate(found):
            which = names[min(number, len(names) - 1)]
            if not one.isfinite().all():
                raise CheckFailedError(f"for {what} its {which} are not finite: {_hint(what)}")
        total = torch.stack([one.real.sum() for one in found if one.requires_grad]).sum()
        total.backward()
        for name, tensor in [*zip(("x", "output"), inputs, strict=False), *made.named_parameters()]:
            if tensor.grad is not None and not tensor.grad.isfinite().all():
                raise CheckFailedError(
                    f"for {what} the gradient of {name} is not finite: {_hint(what)}"
                )
    return f"zeros, numbers near {LARGE:g}"


def gradients_agree_with_differences(specimen: Specimen) -> str:
    """Each gradient agrees with differences of float64 results over a few steps."""
    wrong = wrong_gradients(lambda seed: specimen.new(seed=seed, dtype=torch.float64))
    if wrong:
        raise CheckFailedError(
            f"the gradient of {', '.join(wrong)} does not agree with differences of float64 "
            "results: is there a backward of your own, a detach(), or a jump?"
        )
    return ""


def _extremes(made: Any) -> list[tuple[str, tuple[Tensor, ...]]]:
    random = random_inputs(made)
    zeros = tuple(torch.zeros_like(one) for one in random)
    large = tuple(one.sign() * LARGE for one in random)
    return [("inputs of zeros", zeros), (f"inputs of {LARGE:g} and -{LARGE:g}", large)]


def _hint(what: str) -> str:
    if "zeros" in what:
        return "is there a division by a norm, or a root or logarithm of 0?"
    return "is there an exponential without a bound?"


def _distance(one: Tensor, other: Tensor) -> float:
    return float((one.to(other.dtype) - other).abs().max()) if one.numel() else 0.0


def _is_rounded(wide: Tensor) -> bool:
    """Say whether float64 numbers are those of float32, and not just short ones."""
    narrow = torch.equal(wide.float().double(), wide)
    return narrow and not torch.equal(wide.half().double(), wide)
