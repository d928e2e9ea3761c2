"""A model's analysis run as tensor operations, on any device torch has."""

from seqtasks.engine.tensors.program import TensorProgram

__all__ = ["TensorProgram"]
