"""The fifteen tasks of "Neural Networks and the Chomsky Hierarchy", by level of the hierarchy.

    draws                  exactly uniform random numbers, from raw bytes
    protocol               settings and checks that the tasks share
    published              the paper's training, scores and figures
    regular                parity-check, even-pairs, cycle-navigation, modular-arithmetic
    stacks                 reverse-string, stack-manipulation
    expressions, brackets  bracketed expressions, and the two tasks on them
    copying, sorting       duplicate-string, missing-duplicate, odds-first; bucket-sort
    arithmetic             binary-addition, binary-multiplication, compute-sqrt

This module only registers names; seqtasks imports a file at the first use of its name.
"""

from seqtasks import Register, hookimpl

_TASKS = {
    "regular": {
        "parity-check": ("regular:ParityCheck", "is the number of ones odd"),
        "even-pairs": ("regular:EvenPairs", "is the number of unequal neighbours odd"),
        "cycle-navigation": ("regular:CycleNavigation", "where on a circle of five moves end"),
        "modular-arithmetic": ("regular:ModularArithmetic", "value of a sum of products, mod 5"),
    },
    "context-free": {
        "modular-arithmetic-brackets": (
            "brackets:ModularArithmeticBrackets",
            "value of a bracketed expression, mod 5",
        ),
        "solve-equation": ("brackets:SolveEquation", "the unknown of a bracketed equation, mod 5"),
        "reverse-string": ("stacks:ReverseString", "the bits in reverse order"),
        "stack-manipulation": ("stacks:StackManipulation", "a stack after pushes and pops"),
    },
    "context-sensitive": {
        "duplicate-string": ("copying:DuplicateString", "the bits twice"),
        "missing-duplicate": ("copying:MissingDuplicate", "the bit missing from a word said twice"),
        "odds-first": ("copying:OddsFirst", "the bits at odd places, then those at even places"),
        "binary-addition": ("arithmetic:BinaryAddition", "the sum of two binary numbers"),
        "binary-multiplication": (
            "arithmetic:BinaryMultiplication",
            "the product of two binary numbers",
        ),
        "compute-sqrt": ("arithmetic:ComputeSqrt", "the whole part of a number's square root"),
        "bucket-sort": ("sorting:BucketSort", "the symbols in ascending order"),
    },
}


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the fifteen tasks."""
    for level, tasks in _TASKS.items():
        for name, (target, summary) in tasks.items():
            register(name, f"seqtasks_chomsky.{target}", summary, family="chomsky", level=level)
