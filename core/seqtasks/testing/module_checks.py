"""Check a cell or a readout. Importing this module imports no torch; calling it does."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

from seqtasks.testing.check import Check, refuse_failures, run_checks

__all__ = ["cell_checks", "check_cell", "check_readout", "readout_checks"]


def cell_checks(cell: Any) -> list[Check]:
    """Return the checks of a cell, each after those that it needs.

    Args:
        cell: a spec string, a class of cells, or a cell.

    Example:
        >>> from seqtasks.testing import cell_checks
        >>> [check.name for check in cell_checks("gru")][:2]
        ['has-docstring', 'names-its-source']
    """
    from seqtasks.testing.cells.all_checks import CELL_CHECKS

    return _taking_anything("cell", CELL_CHECKS)


def readout_checks(readout: Any) -> list[Check]:
    """Return the checks of a readout, each after those that it needs; see `cell_checks`."""
    from seqtasks.testing.readouts.all_checks import READOUT_CHECKS

    return _taking_anything("readout", READOUT_CHECKS)


def check_cell(cell: Any, *, skip: Mapping[str, str] | None = None) -> None:
    """Run all checks of a cell, and raise one error that lists those that failed.

    Args:
        cell: a spec string, a class of cells, a function that makes a cell from an input size and
            a hidden size, or a cell. A cell is copied, and tried at its own sizes alone.
        skip: the checks to leave out, with the reason for each.

    Raises:
        CheckFailedError: a UsageError that names the checks that failed, and what each saw.
        UsageError: if there is no such cell, or `skip` names an unknown check.

    Example:
        >>> from seqtasks.testing import check_cell
        >>> skip = {"learns-a-batch-by-heart": "it takes long"}
        >>> check_cell("concat", skip=skip)
    """
    _check("cell", cell, skip)


def check_readout(readout: Any, *, skip: Mapping[str, str] | None = None) -> None:
    """Run all checks of a readout, and raise one error that lists those that failed.

    Args:
        readout: a spec string, a class of readouts, or a readout; see `check_cell`.
        skip: the checks to leave out, with the reason for each.

    Raises:
        CheckFailedError: a UsageError that names the checks that failed, and what each saw.
        UsageError: if there is no such readout, or `skip` names an unknown check.

    Example:
        >>> from seqtasks.testing import check_readout
        >>> check_readout("state")
    """
    _check("readout", readout, skip)


def _check(kind: Literal["cell", "readout"], thing: Any, skip: Mapping[str, str] | None) -> None:
    from seqtasks.testing.modules.found import specimen_of

    specimen = specimen_of(kind, thing)
    checks = (cell_checks if kind == "cell" else readout_checks)(specimen)
    refuse_failures(f"{kind} {specimen.name}", run_checks(specimen, checks, skip))


def _taking_anything(kind: Literal["cell", "readout"], checks: Iterable[Check]) -> list[Check]:
    """Return checks that take what a user may give, and not only what is under test."""
    from seqtasks.testing.modules.found import specimen_of

    def taking(check: Check) -> Check:
        return replace(check, function=lambda thing: check.function(specimen_of(kind, thing)))

    return [taking(check) for check in checks]
