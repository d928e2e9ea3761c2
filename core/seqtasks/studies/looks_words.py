"""Say in words which numbers of pairs hold although seeds were added, and by which method."""

from collections.abc import Mapping, Sequence
from typing import Any

from seqtasks.errors import counted
from seqtasks.studies.until_sure import SEQUENTIAL, UNCORRECTED, UntilSure, Verdict

__all__ = ["correction_words", "looks_words"]

ADDED_SEEDS = "not corrected for added seeds"


def correction_words(entry: Mapping[str, Any]) -> str:
    """Return for what the p-value of an entry of `pairs` is corrected, as it stands behind it.

    Example:
        >>> correction_words({"test": "sign-flip permutation"})
        ' after Holm'
    """
    if entry["test"] == SEQUENTIAL:
        return ", group-sequential with Bonferroni"
    added = UNCORRECTED in (entry.get("note") or "")
    return f" after Holm, {ADDED_SEEDS}" if added else " after Holm"


def looks_words(plan: UntilSure, verdicts: Sequence[Verdict]) -> str:
    """Return a sentence on the method: the looks, what is corrected for them and what is not."""
    last = max((verdict.seeds for verdict in verdicts), default=0)
    name = plan.measure.replace("_", " ")
    if last == 0:
        return (
            f"--until-sure has not looked yet: the first look at {name} is after "
            f"{counted(plan.first, 'seed')}, and no p-value is corrected for added seeds."
        )
    seen = [str(look) for look in plan.looks if look <= last]
    listed = seen[0] if len(seen) == 1 else f"{', '.join(seen[:-1])} and {seen[-1]}"
    return (
        f"--until-sure looked at {name} after {listed} seeds: these differences have repeated "
        "confidence intervals (Jennison and Turnbull 1989), the error spent over the looks as by "
        "Pocock (Lan and DeMets 1983), Bonferroni over pairs. All other p-values and intervals are "
        "for a fixed number of seeds."
    )
