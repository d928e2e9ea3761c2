"""The phases of a program: what is computed when, as numbers that grow."""

from dataclasses import dataclass

__all__ = ["Phases"]


@dataclass(frozen=True)
class Phases:
    """The phases of a model with some loops, one a layer.

    Forward: weights, vocabulary, then for each layer what comes before its loop and the loop, then
    what comes after the last. Backward: the same in reverse.
    """

    loops: int

    weights = 0
    vocabulary = 1

    def before(self, layer: int) -> int:
        """Return the phase before a layer's loop; that of layer `loops` comes after them all."""
        return 2 + 2 * layer

    def loop(self, layer: int) -> int:
        """Return the phase of a layer's loop."""
        return 3 + 2 * layer

    @property
    def backward(self) -> int:
        """The first backward phase, in which the loss's gradient is known."""
        return 3 + 2 * self.loops

    def backward_loop(self, layer: int) -> int:
        """Return the phase of a layer's loop back."""
        return self.backward + 2 * (self.loops - layer) - 1

    def backward_before(self, layer: int) -> int:
        """Return the phase after a layer's loop back; that of layer `loops` comes first."""
        return self.backward + 2 * (self.loops - layer)

    @property
    def backward_vocabulary(self) -> int:
        """The phase of gradients by symbol."""
        return self.backward + 2 * self.loops + 1

    @property
    def backward_weights(self) -> int:
        """The last phase, of gradients of what was computed of weights."""
        return self.backward + 2 * self.loops + 2

    def is_loop(self, phase: int) -> bool:
        """Say whether a phase is that of a loop, forward or back."""
        inside = 2 < phase < self.backward or self.backward < phase < self.backward_vocabulary
        return inside and (
            phase % 2 == 1 if phase < self.backward else (phase - self.backward) % 2 == 1
        )

    def layer(self, phase: int) -> int:
        """Return the layer of a loop's phase."""
        if phase < self.backward:
            return (phase - 3) // 2
        return self.loops - (phase - self.backward + 1) // 2

    def after(self, phase: int) -> int:
        """Return the phase in which a sum over all steps of a phase's values is made."""
        return phase + 1 if self.is_loop(phase) else phase
