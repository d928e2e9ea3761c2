"""The torch engine: an analysis as tensor operations, on any device."""

from seqtasks.engine.tensors.program import TensorProgram

__all__ = ["TensorProgram"]
