"""Tasks of state tracking: products in a group, sums, and the states of automata.

    cycles                              permutations in cycle notation
    groups                              finite groups by name, with their tables
    following                           the parts that the tasks share
    group_word, modular_sum, automaton  a task each

This module only registers names; seqtasks imports a file at the first use of its name.
"""

from seqtasks import Register, hookimpl

_TASKS = {
    "automaton": ("automaton:Automaton", "follow the states of a random automaton"),
    "group-word": ("group_word:GroupWord", "running product of the elements of a group"),
    "modular-sum": ("modular_sum:ModularSum", "running sum of digits, modulo a number"),
}


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the tasks of this package."""
    for name, (target, summary) in _TASKS.items():
        register(name, f"seqtasks_groups.{target}", summary, family="groups")
