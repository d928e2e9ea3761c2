"""A trainer advances a model by stretches of steps.

    batches, fixed_set, prefetch   training batches: drawn in blocks, or from a fixed set
    dataset                        a task as torch's `IterableDataset`
    parameters, optimizers         what is trained, and by which optimiser
    random_draws                   how a model in training draws random numbers
    programs_needed                which engine suits the number of training lengths
    torch_steps, native_steps      one step after the other, or many in one call of a program
    trainer, model_state           advance; take the whole state and put it back

Scores are in `scoring`; checkpoints and the log are in `runs`.
"""

from seqtasks.training.batches import (
    BatchSource,
    Block,
    TorchBatch,
)
from seqtasks.training.model_state import check_state, load_state, state_tensors
from seqtasks.training.optimizers import OPTIMIZERS, build_optimizer, optimizer_values
from seqtasks.training.parameters import brought_to_type, check_memory
from seqtasks.training.trainer import Trainer

__all__ = [
    "OPTIMIZERS",
    "BatchSource",
    "Block",
    "TorchBatch",
    "Trainer",
    "brought_to_type",
    "build_optimizer",
    "check_memory",
    "check_state",
    "load_state",
    "optimizer_values",
    "state_tensors",
]
