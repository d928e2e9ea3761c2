"""Tasks, and all that a plugin's task is written with: the face that plugins import. NumPy only."""

from seqtasks.alphabet import BLANK, IGNORE, Reals, Tokens, TokenSets
from seqtasks.errors import UsageError, did_you_mean
from seqtasks.hookspecs import Register, hookimpl
from seqtasks.lengths import AllowedLengths
from seqtasks.metrics import (
    Metric,
    macro_accuracy,
    mean_squared_error,
    r_squared,
    sequence_accuracy,
    token_accuracy,
)
from seqtasks.published import PublishedProtocol
from seqtasks.randomness import random_bits, random_octets, stream
from seqtasks.settings import Settings
from seqtasks.tasks.task import Array, Batch, Layout, Task

__all__ = [
    "BLANK",
    "IGNORE",
    "AllowedLengths",
    "Array",
    "Batch",
    "Layout",
    "Metric",
    "PublishedProtocol",
    "Reals",
    "Register",
    "Settings",
    "Task",
    "TokenSets",
    "Tokens",
    "UsageError",
    "did_you_mean",
    "hookimpl",
    "macro_accuracy",
    "mean_squared_error",
    "r_squared",
    "random_bits",
    "random_octets",
    "sequence_accuracy",
    "stream",
    "token_accuracy",
]
