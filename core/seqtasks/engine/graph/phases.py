"""The phases of a program: what is computed when, as numbers that grow."""

from dataclasses import dataclass

__all__ = ["Phases"]


@dataclass(frozen=True)
class Phases:
    """The phases of a model with one loop for each layer.

    Forward: weights, vocabulary, then for each layer the values before its loop and the loop, then
    the values after the last loop. Backward: the same in reverse.
    """

    loops: int

    weights = 0
    vocabulary = 1

    def before(self, layer: int) -> int:
        """Return the phase before a layer's loop; `before(loops)` is after all loops."""
        return 2 + 2 * layer

    def loop(self, layer: int) -> int:
        """Return the phase of a layer's loop."""
        return 3 + 2 * layer

    @property
    def backward(self) -> int:
        """The first backward phase, in which the loss's gradient is known."""
        return 3 + 2 * self.loops

    def backward_loop(self, layer: int) -> int:
        """Return the phase of a layer's backward loop."""
        return self.backward + 2 * (self.loops - layer) - 1

    def backward_before(self, layer: int) -> int:
        """Return the phase after a layer's backward loop; layer `loops` comes first."""
        return self.backward + 2 * (self.loops - layer)

    @property
    def backward_vocabulary(self) -> int:
        """The phase of gradients for each symbol."""
        return self.backward + 2 * self.loops + 1

    @property
    def backward_weights(self) -> int:
        """The last phase: gradients of values computed from weights alone."""
        return self.backward + 2 * self.loops + 2

    def is_loop(self, phase: int) -> bool:
        """Say whether a phase is a loop, forward or backward."""
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
        """Return the phase that sums a phase's values over all steps."""
        return phase + 1 if self.is_loop(phase) else phase
