"""An optimiser as plain numbers, for compiled programs and torch's own."""

from dataclasses import dataclass

__all__ = ["OptimizerValues"]


@dataclass(frozen=True)
class OptimizerValues:
    """An optimiser.

    Attributes:
        kind: `adam`, `adamw`, `sgd` or `rmsprop`.
        learning_rate: and the further numbers of its kind; those it lacks are 0.
    """

    kind: str
    learning_rate: float
    beta1: float = 0.0
    beta2: float = 0.0
    epsilon: float = 0.0
    weight_decay: float = 0.0
    momentum: float = 0.0
    alpha: float = 0.0
    nesterov: bool = False

    @property
    def kept(self) -> tuple[str | None, str | None]:
        """The names torch gives to the two tensors kept for each parameter, None for none."""
        if self.kind in ("adam", "adamw"):
            return "exp_avg", "exp_avg_sq"
        moving = "momentum_buffer" if self.momentum else None
        return moving, ("square_avg" if self.kind == "rmsprop" else None)
