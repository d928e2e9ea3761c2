"""Tasks of recall: what was told about a key must be said when the key is shown again."""

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
