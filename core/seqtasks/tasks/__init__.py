"""Tasks: alphabets, batches and the class a task extends. NumPy only."""

from seqtasks.alphabet import BLANK, IGNORE, Reals, Tokens, TokenSets
from seqtasks.tasks.task import Array, Batch, Layout, Task

__all__ = ["BLANK", "IGNORE", "Array", "Batch", "Layout", "Reals", "Task", "TokenSets", "Tokens"]
