"""The cell minimal-gated."""

import torch
from torch import Tensor, nn

from seqtasks import Cell

__all__ = ["MGU"]


class MGU(Cell):
    """The minimal gated unit: one gate both forgets and updates.

    f = σ(W_f [h, x] + b_f);  h~ = tanh(W_h [f ∘ h, x] + b_h);  h' = (1 - f) ∘ h + f ∘ h~

    Source: G.-B. Zhou et al., "Minimal Gated Unit for Recurrent Neural Networks", International
    Journal of Automation and Computing 13(3), 2016.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.forget = nn.Linear(hidden_size + input_size, hidden_size)
        self.candidate = nn.Linear(hidden_size + input_size, hidden_size)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the next state, (batch, hidden size)."""
        f = torch.sigmoid(self.forget(torch.cat([state, x], -1)))
        candidate = torch.tanh(self.candidate(torch.cat([f * state, x], -1)))
        return (1 - f) * state + f * candidate
