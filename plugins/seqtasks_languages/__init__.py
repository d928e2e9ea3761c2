"""Formal languages, as recognition and as prediction of every legal next symbol."""

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
