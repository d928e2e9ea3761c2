"""Training: batches, optimisers and the trainer that advances by stretches of steps."""

from seqtasks.training.data import BatchSource, Block, TorchBatch, to_torch
from seqtasks.training.model_state import check_state, load_state, state_tensors
from seqtasks.training.optimizers import OPTIMIZERS, build_optimizer, optimizer_values
from seqtasks.training.parameters import brought_to_type, check_memory
from seqtasks.training.torch_steps import predictions_of
from seqtasks.training.trainer import Trainer, scoring

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
    "predictions_of",
    "scoring",
    "state_tensors",
    "to_torch",
]
