"""Griffe takes a docstring's section "Example:" for prose; ours is code, its "Examples:"."""

from typing import Any

import griffe


class Examples(griffe.Extension):
    """Reads the section "Example:" as "Examples:"."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rename the section in an object's docstring."""
        if obj.docstring:
            obj.docstring.value = obj.docstring.value.replace("\nExample:\n", "\nExamples:\n")
