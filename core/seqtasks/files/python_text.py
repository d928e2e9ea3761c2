"""Parse Python text, in one thread at a time.

CPython counts the depth of the tree in a place that all threads of a process share: two threads
that parse at once can end with `SystemError: AST constructor recursion depth mismatch`.
"""

import ast
import threading

__all__ = ["parsed"]

_one_at_a_time = threading.Lock()


def parsed(content: str | bytes) -> ast.Module:
    """Return the syntax tree of a module.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: as `ast.parse`.
    """
    with _one_at_a_time:
        return ast.parse(content)
