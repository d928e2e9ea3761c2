"""Checks of rows: none sees another, whatever the sizes and the number of rows."""

from typing import Any

import torch

from seqtasks.authoring.held_tensors import close
from seqtasks.authoring.rows_and_memory import KEPT, ROWS_MIX, rows_mix
from seqtasks.authoring.trial_copies import answers
from seqtasks.cells import Cell
from seqtasks.errors import UsageError, counted, explain
from seqtasks.testing.check import CheckFailedError
from seqtasks.testing.modules.specimen import Specimen, random_inputs, results
from seqtasks.testing.modules.trial import batches, ids, model_of, two_alike

__all__ = ["rows_are_independent", "same_in_any_batch"]

EQUAL = (4, 5)
"""Sizes that batch, time and width have at once: an axis taken for another shows only otherwise."""
ROWS = (1, 2, 4, 6, 100)


def rows_are_independent(specimen: Specimen) -> str:
    """No row of a batch depends on another, also where batch, time and width are equal numbers."""
    if rows_mix(*two_alike(specimen), *batches()) or _gradients_mix(specimen.new()):
        raise CheckFailedError(
            f"{ROWS_MIX}. Batch normalisation, a mean over the batch and a softmax over axis 0 "
            "do so"
        )
    tried = ["different sizes"]
    for size in EQUAL:
        some, others = ids(size, size, 1), ids(size, size, 2)
        others[KEPT] = some[KEPT]
        where = f"where batch, time and width are all {size}"
        try:
            mix = rows_mix(*two_alike(specimen, size, size), some, others)
        except UsageError:
            continue  # it refuses this size
        except Exception as error:
            raise CheckFailedError(f"{where} it fails: {explain(error)}") from error
        if mix:
            raise CheckFailedError(
                f"{where}, {ROWS_MIX}. Does a step take one axis for another, as by x.t() or by a "
                "test of a shape?"
            )
        tried.append(f"{size}/{size}/{size}")
    return ", ".join(tried)


def _gradients_mix(cell: Cell) -> bool:
    """Say whether a row has a gradient from the results of another, however small."""
    cell.train()
    (inputs,) = random_inputs(cell, 4)
    inputs.requires_grad_()
    total = torch.stack(
        [one[KEPT].real.sum() for one in results(cell, (inputs,)) if one.requires_grad]
    ).sum()
    gradient: Any = torch.autograd.grad(total, inputs, allow_unused=True)[0]
    others = torch.arange(len(inputs)) != KEPT
    return gradient is not None and bool(gradient[others].any())


def same_in_any_batch(specimen: Specimen) -> str:
    """A row has the same results alone and among any number of other rows."""
    model, inputs = model_of(specimen).eval(), ids(max(ROWS), 4)
    found = {}
    for rows in ROWS:
        try:
            with torch.no_grad():
                found[rows] = answers(model, inputs[:rows])
        except Exception as error:
            raise CheckFailedError(
                f"it fails for {counted(rows, 'row')}: {explain(error)}"
            ) from error
    first = found[max(ROWS)]
    for rows, predictions in found.items():
        if not close(predictions, first[:rows]):
            raise CheckFailedError(
                f"its results differ between a batch of {counted(rows, 'row')} and one of "
                f"{max(ROWS)}: does a step use len(x), or squeeze()?"
            )
    return f"{', '.join(map(str, ROWS[:-1]))} and {ROWS[-1]} rows"
