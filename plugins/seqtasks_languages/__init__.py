"""Formal languages, as recognition and as prediction of every legal next symbol.

    drawing             random numbers from raw bytes
    words               all words of a length, symbol by symbol
    negatives           strings that may lie outside a language
    language            from one language to two tasks: prediction and recognition
    automata            languages given by a finite automaton
    brackets            the alphabet of brackets
    dyck, shuffle_dyck  nested brackets; interleaved brackets
    blocks              anbn and anbncn
    reber, tomita       reber and embedded-reber; tomita

This module only registers names; seqtasks imports a file at the first use of its name.
"""

from seqtasks import Register, hookimpl


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the languages of this package."""
    for name, place, level, summary in (
        ("tomita", "tomita:Tomita", "regular", "one of Tomita's seven languages over 0 and 1"),
        ("reber", "reber:Reber", "regular", "the strings of Reber's grammar"),
        ("embedded-reber", "reber:EmbeddedReber", "regular", "Reber strings between equal letters"),
        ("dyck", "dyck:Dyck", "context-free", "nested brackets, no deeper than `depth`"),
        ("anbn", "blocks:AnBn", "context-free", "as, then as many bs"),
        ("anbncn", "blocks:AnBnCn", "context-sensitive", "as, then as many bs, then as many cs"),
        (
            "shuffle-dyck",
            "shuffle_dyck:ShuffleDyck",
            "context-sensitive",
            "brackets that match within each of several kinds",
        ),
    ):
        register(name, f"seqtasks_languages.{place}", summary, family="languages", level=level)
