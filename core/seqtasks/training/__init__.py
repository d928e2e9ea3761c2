"""Training: batches, optimisers and the trainer that advances by stretches of steps."""

from seqtasks.training.data import BatchSource, Block, TorchBatch, to_torch
from seqtasks.training.optimizers import OPTIMIZERS, build_optimizer
from seqtasks.training.trainer import Trainer, predictions_of, scoring

__all__ = [
    "OPTIMIZERS",
    "BatchSource",
    "Block",
    "TorchBatch",
    "Trainer",
    "build_optimizer",
    "predictions_of",
    "scoring",
    "to_torch",
]
