"""The two backends, native and torch: how each makes a program, and why it may not."""

import logging
from dataclasses import dataclass, field

import torch

from seqtasks.engine.contract.passes import Passes
from seqtasks.engine.graph.model_graph import ModelGraph
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import compile_native, compile_torch
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

    def leave_out_native(self, reason: str) -> None:
        """Make all programs by the torch engine from now on, and say why."""
        self.failures["native"], self.settled = reason, "torch"
        logger.warning("the native engine is not in use: %s", reason)

    def make(
        self,
        model_graph: ModelGraph,
        parts: Parts,
        *,
        wanted: str,
        may_fall_back: bool,
    ) -> Passes | None:
        """Return a program by the first backend that can make one; None if none can.

        Args:
            model_graph: the model as a graph.
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
                    program = compile_native(model_graph, parts, patient=wanted == "native")
                else:
                    program = compile_torch(model_graph, device)
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
