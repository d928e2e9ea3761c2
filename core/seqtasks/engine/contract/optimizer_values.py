"""An optimiser as plain numbers, for compiled programs and torch's own."""

from dataclasses import dataclass

__all__ = ["OptimizerValues"]


@dataclass(frozen=True)
class OptimizerValues:
    """An optimiser.

    Attributes:
        kind: `adam`, `adamw`, `sgd` or `rmsprop`.
        learning_rate: the learning rate; the fields below that its kind does not use are 0.
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
        """The names that torch gives to a parameter's two kept tensors; None if one is unused."""
        if self.kind in ("adam", "adamw"):
            return "exp_avg", "exp_avg_sq"
        moving = "momentum_buffer" if self.momentum else None
        return moving, ("square_avg" if self.kind == "rmsprop" else None)
