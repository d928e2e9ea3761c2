"""Tasks of recall: when a key is shown again, say the value that stood with it.

    drawing                    symbol names, draws without repeats, first places
    mqar                       the task mqar
    in_context                 in-context-recall, noisy-recall
    motifs, fuzzy              keys and values of several symbols; fuzzy-recall
    memorization, compression  a task each

This module only registers names; seqtasks imports a file at the first use of its name.
"""

from seqtasks import Register, hookimpl

_TASKS = {
    "compression": ("compression:Compression", "say a whole string from what its end left"),
    "fuzzy-recall": ("fuzzy:FuzzyRecall", "recall of keys and values of several symbols"),
    "in-context-recall": ("in_context:InContextRecall", "say the value of each key seen before"),
    "memorization": ("memorization:Memorization", "say each key's value, learned by heart"),
    "mqar": (
        "mqar:MultiQueryAssociativeRecall",
        "say the values of the keys asked for",
    ),
    "noisy-recall": ("in_context:NoisyRecall", "recall of pairs among noise"),
}


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the tasks of this package."""
    for name, (target, summary) in _TASKS.items():
        register(name, f"seqtasks_recall.{target}", summary, family="recall")
