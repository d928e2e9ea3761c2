"""Tasks of remembering: the answer depends on symbols seen many steps before.

    symbols                           numbered symbols, and attributes that depend on parameters
    copying                           copy-memory, copy, repeat-copy
    selective, recall, adding, order  selective-copying, associative-recall, adding, temporal-order
    flipflop                          flip-flop, n-bit-flip-flop

This module only registers names; seqtasks imports a file at the first use of its name.
"""

from seqtasks import Register, hookimpl

_TASKS = {
    "adding": ("adding:Adding", "add the two marked numbers among many"),
    "associative-recall": ("recall:AssociativeRecall", "name the item that followed a shown one"),
    "copy": ("copying:Copy", "say a string again after its end"),
    "copy-memory": ("copying:CopyMemory", "say ten symbols again after a long blank"),
    "flip-flop": ("flipflop:FlipFlop", "read the bit last written among bits to ignore"),
    "n-bit-flip-flop": ("flipflop:NBitFlipFlop", "hold the last pulse of each of several channels"),
    "repeat-copy": ("copying:RepeatCopy", "say a string again as often as asked"),
    "selective-copying": ("selective:SelectiveCopying", "say again the symbols among noise"),
    "temporal-order": ("order:TemporalOrder", "tell in which order two rare symbols came"),
}


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the tasks of this package."""
    for name, (target, summary) in _TASKS.items():
        register(name, f"seqtasks_memory.{target}", summary, family="memory")
