"""Tasks of recall: what was told about a key must be said when the key is shown again."""

from seqtasks.hookspecs import Register, hookimpl

_TASKS = {
    "compression": ("compression:Compression", "say a whole string from what its end left"),
    "fuzzy-recall": ("fuzzy:FuzzyRecall", "in-context recall of keys and values of many symbols"),
    "in-context-recall": ("in_context:InContextRecall", "say the value of each key seen before"),
    "memorization": ("memorization:Memorization", "say each key's value, the same in every input"),
    "mqar": (
        "mqar:MultiQueryAssociativeRecall",
        "say the values of the keys asked for",
    ),
    "noisy-recall": ("in_context:NoisyRecall", "in-context recall with noise between the pairs"),
}


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the tasks of this package."""
    for name, (target, summary) in _TASKS.items():
        register(name, f"seqtasks_recall.{target}", summary, family="recall")
