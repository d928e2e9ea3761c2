"""The two backends, native and torch: how each makes a program, and why it may not."""

from typing import Protocol

import torch

from seqtasks.engine.contract.protocol import Passes
from seqtasks.engine.graph.model_graph import Analysis
from seqtasks.engine.record.subject import Parts

__all__ = ["Engine", "NativeEngine", "TensorEngine"]


class Engine(Protocol):
    """Makes programs from analysed models."""

    name: str

    def program(self, analysis: Analysis, parts: Parts) -> Passes:
        """Return a program for an analysed model."""
        ...


class NativeEngine:
    """C programs; see `native`."""

    name = "native"

    def __init__(self, patient: bool) -> None:
        """Create the engine; if `patient`, it also makes programs that compile slowly."""
        self._patient = patient

    def program(self, analysis: Analysis, parts: Parts) -> Passes:
        """Return a compiled program.

        Raises:
            CompilerError: if no program can be compiled here.
        """
        from seqtasks.engine.native.execute.c_program import Program

        by_identity = parts.names()
        names = {leaf: by_identity[id(t)] for leaf, t in analysis.parameters.items()}
        return Program(analysis, names, parts.title, self._patient)


class TensorEngine:
    """Programs of torch calls; see `tensors`."""

    name = "torch"

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def program(self, analysis: Analysis, parts: Parts) -> Passes:
        """Return a program of torch calls."""
        from seqtasks.engine.tensors import TensorProgram

        return TensorProgram(analysis, self._device)
