"""A task: a data generator, a target encoder and metrics. NumPy only.

    alphabets, lengths             what a step is made of; how long sequences are
    batch                          `Batch`: values checked and laid out on the steps of a batch
    task                           `Task`: the class that an author extends
    metrics                        scores of predictions against targets
    settings, cadence,
    curricula, learning_rates      what a task recommends for training
    published                      figures and protocols of papers
    holdout, block_steps           inputs that training never sees; batches per draw
    mistakes, listed_inputs        find an author's mistakes; all inputs that a task lists
    speed                          measure how fast a task is drawn

Names of this package itself are what authors of plugins import. Random streams are in
`randomness`, scores of models in `scoring`.
"""

from seqtasks.errors import UsageError, did_you_mean
from seqtasks.hookspecs import Register, hookimpl
from seqtasks.randomness.streams import random_bits, random_octets, stream
from seqtasks.tasks.alphabets import (
    BLANK,
    IGNORE,
    Reals,
    Tokens,
    TokenSets,
)
from seqtasks.tasks.batch import Array, Batch
from seqtasks.tasks.lengths import AllowedLengths
from seqtasks.tasks.metrics import (
    Metric,
    macro_accuracy,
    mean_squared_error,
    r_squared,
    sequence_accuracy,
    token_accuracy,
)
from seqtasks.tasks.published import PublishedProtocol
from seqtasks.tasks.settings import Settings
from seqtasks.tasks.task import Layout, Task

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
