"""The two backends, native and torch: how each makes a program, and why it may not."""

import logging
from dataclasses import dataclass, field

import torch

from seqtasks.engine.contract.protocol import Passes
from seqtasks.engine.derive.reach import steps_until_used
from seqtasks.engine.graph.model_graph import Analysis
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.subject import Parts
from seqtasks.errors import RunError

__all__ = ["Backends"]

logger = logging.getLogger("seqtasks")


@dataclass
class Backends:
    """The backends of one model: the native one first, then torch.

    Attributes:
        failures: why a backend made no program, by its name.
        settled: the backend that made the last program; None if there is none.
    """

    failures: dict[str, str] = field(default_factory=dict[str, str])
    settled: str | None = None
    _warned_of: set[str] = field(default_factory=set[str])

    def make(
        self,
        analysis: Analysis,
        parts: Parts,
        *,
        wanted: str,
        may_fall_back: bool,
    ) -> Passes | None:
        """Return a program by the first backend that can make one; None if none can.

        Args:
            analysis: the model as a graph.
            parts: the model's parts.
            wanted: the engine asked for; if it is named, native also compiles large programs.
            may_fall_back: whether another engine may run the model.

        Raises:
            RunError: if the run cannot go on, whatever the engine.
        """
        if self.settled != "torch":  # the reason against native was found earlier
            self.failures.clear()
        device = parts.device
        for name in self._candidates(device, wanted, may_fall_back):
            try:
                if name == "native":
                    program = compile_native(analysis, parts, patient=wanted == "native")
                else:
                    program = compile_torch(analysis, device)
            except UnsupportedError as reason:
                self.failures[name] = str(reason)
                continue
            except RunError:
                raise  # this says nothing about the engine
            except Exception as error:
                # whatever the error is, another engine gives the same results
                text = " ".join(str(error).split()) or type(error).__name__
                self.failures[name] = text
                if may_fall_back and text not in self._warned_of:
                    self._warned_of.add(text)
                    logger.warning("the %s engine is not in use: %s", name, text)
                continue
            self.settled = name
            return program
        return None

    def _candidates(self, device: torch.device, wanted: str, may_fall_back: bool) -> list[str]:
        if (self.settled or wanted) == "torch":
            return ["torch"]
        if device.type != "cpu":
            self.failures["native"] = f"the model is on {device}"
            return ["torch"] if may_fall_back else []
        return ["native", "torch"] if may_fall_back else ["native"]


def compile_native(analysis: Analysis, parts: Parts, patient: bool) -> Passes:
    """Return a compiled program; if `patient`, also one that compiles slowly.

    Raises:
        CompilerError: if it cannot be compiled here, or if it would take long and need not be.
        UnsupportedError: if a parameter's elements are not contiguous in memory.
    """
    # only who runs programs waits until the backend is imported
    from seqtasks.engine.native.emit.source import write_program
    from seqtasks.engine.native.execute.c_program import Program
    from seqtasks.engine.native.execute.open_program import open_program
    from seqtasks.engine.native.plan.plan import make_plan

    names = _names_of(analysis, parts)
    plan = make_plan(analysis, names)  # native/plan/      what is kept, and where
    written = write_program(plan, parts.title)  # native/emit/      C, as text
    used_from = steps_until_used(analysis, [analysis.cotangent])
    opened = open_program(written, analysis.dtype.itemsize, patient)  # native/execute/
    return Program(analysis, written, opened, used_from)


def _names_of(analysis: Analysis, parts: Parts) -> dict[Node, str]:
    """Return the name of each parameter's leaf, for a program that works on its memory."""
    by_identity = parts.names()
    names = {leaf: by_identity[id(t)] for leaf, t in analysis.parameters.items()}
    for leaf, tensor in analysis.parameters.items():
        if not tensor.is_contiguous():
            raise UnsupportedError(f"the elements of {names[leaf]} are not contiguous")
    return names


def compile_torch(analysis: Analysis, device: torch.device) -> Passes:
    """Return a program of torch calls."""
    from seqtasks.engine.tensors.execute.torch_program import TensorProgram

    return TensorProgram(analysis, device)  # tensors/: rewrite, plan, emit, execute
