"""Training: batches, optimisers and the trainer that advances by stretches of steps."""

from seqtasks.training.data import BatchSource, Block, TorchBatch, to_torch
from seqtasks.training.optimizers import OPTIMIZERS, build_optimizer, optimizer_values
from seqtasks.training.torch_steps import predictions_of
from seqtasks.training.trainer import Trainer, scoring

__all__ = [
    "OPTIMIZERS",
    "BatchSource",
    "Block",
    "TorchBatch",
    "Trainer",
    "build_optimizer",
    "optimizer_values",
    "predictions_of",
    "scoring",
    "to_torch",
]
