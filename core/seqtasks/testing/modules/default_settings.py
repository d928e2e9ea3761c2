"""Try a promise of a cell or a readout under default settings, and leave no trace."""

from seqtasks.engine.record.outside_draws import states_kept
from seqtasks.models.caller_settings import own_settings
from seqtasks.testing.check import Check, Function, named
from seqtasks.testing.modules.specimen import Specimen

__all__ = ["of_a_module"]


def of_a_module(function: Function, *needs: Function, is_costly: bool = False) -> Check:
    """Return the check of a function, as `named` does.

    The caller's settings of torch and NumPy are not felt, and the states of random generators are
    put back.

    Args:
        function: tries a specimen.
        needs: the functions of the checks that must not fail before.
        is_costly: whether it takes long.
    """
    made = named(function, *needs)

    def tried(specimen: Specimen) -> str | None:
        with own_settings(), states_kept():
            return function(specimen)

    return Check(made.name, made.promise, tried, made.needs, is_costly)
