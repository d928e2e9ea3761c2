"""Guess whether a run takes longer than a minute, so that it is kept on its way."""

from seqtasks.experiments.experiment import Experiment

__all__ = ["takes_long"]

LONG = 60.0
"""Seconds from which a run is kept on its way."""
_CALLS = {"native": 1e-6, "torch": 1e-4, "plain": 3e-4}
"""Seconds that one time step costs an engine beside its arithmetic."""
_ARITHMETIC = 2.5e-9
"""Seconds for a number of a weight matrix and an instance, forward, backward and in an update."""


def takes_long(experiment: Experiment, engine: str | None) -> bool:
    """Say whether a run of an experiment may take longer than a minute.

    The guess is on the long side: a run that is kept needlessly loses some milliseconds.

    Args:
        experiment: the experiment.
        engine: the engine that runs it; None if that is not known yet.
    """
    numbers = 4 * experiment.layers * experiment.hidden_size**2
    arithmetic = experiment.batch_size * numbers * _ARITHMETIC
    each = _CALLS.get(engine or "plain", _CALLS["plain"]) + arithmetic
    return experiment.steps * experiment.length_range.last * each > LONG
