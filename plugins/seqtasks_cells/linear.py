"""Cells linear in their state: a complex diagonal one, and one that corrects a matrix."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqtasks import UsageError
from seqtasks.cells import Cell
from seqtasks_cells.checks import check_positive

__all__ = ["LRU", "DeltaNet"]

TINY = 1e-6


class LRU(Cell):
    """The linear recurrent unit: a complex diagonal matrix with moduli within a ring.

    λ = exp(-exp(ν) + i exp(θ));  s' = λ ∘ s + exp(γ) ∘ (B x);  y = Re(C s') + D ∘ x

    The state is (Re s, Im s), each (batch, hidden size), and the output y has the input's size.
    ν, θ and γ are `nu_log`, `theta_log` and `gamma_log`. Initially |λ|² is uniform in
    [r_min², r_max²], the phase is uniform in [0, max_phase], and exp(γ) = sqrt(1 - |λ|²).

    Source: A. Orvieto et al., "Resurrecting Recurrent Neural Networks for Long Sequences", ICML
    2023, appendix A.

    Args:
        input_size: the features of the input, and of the output.
        hidden_size: the complex numbers in the state.
        r_min: the least initial modulus, 0 or more.
        r_max: the greatest initial modulus, above r_min and at most 1.
        max_phase: the greatest initial phase, above 0 and at most 2π.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        r_min: float = 0.0,
        r_max: float = 1.0,
        max_phase: float = 6.28,
    ) -> None:
        super().__init__(input_size, hidden_size)
        if not 0 <= r_min < r_max <= 1:
            raise UsageError(
                f"r_min and r_max must be 0 <= r_min < r_max <= 1, got {r_min} and {r_max}"
            )
        if not 0 < max_phase <= math.tau:
            raise UsageError(f"max_phase must be above 0 and at most 2π, got {max_phase}")
        # Neither end is reached: a modulus of 0 or 1, or a phase of 0, has no logarithm to train.
        share, turn = torch.rand(2, hidden_size).clamp(TINY, 1 - TINY)
        squared_modulus = r_min**2 + share * (r_max**2 - r_min**2)
        self.nu_log = nn.Parameter(torch.log(-0.5 * torch.log(squared_modulus)))
        self.theta_log = nn.Parameter(torch.log(max_phase * turn))
        self.gamma_log = nn.Parameter(0.5 * torch.log1p(-squared_modulus))
        into, out = (2 * input_size) ** -0.5, hidden_size**-0.5
        self.B_re = nn.Parameter(into * torch.randn(hidden_size, input_size))
        self.B_im = nn.Parameter(into * torch.randn(hidden_size, input_size))
        self.C_re = nn.Parameter(out * torch.randn(input_size, hidden_size))
        self.C_im = nn.Parameter(out * torch.randn(input_size, hidden_size))
        self.D = nn.Parameter(torch.randn(input_size))

    @property
    def output_size(self) -> int:
        """The features of y, as many as the input has."""
        return self.input_size

    def initial_state(self, batch_size: int, steps: int) -> tuple[Tensor, Tensor]:
        """Return zeros for Re s and Im s, each (batch, hidden size)."""
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.hidden_size)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the next (Re s, Im s), each (batch, hidden size)."""
        s_re, s_im = state
        modulus, phase = torch.exp(-torch.exp(self.nu_log)), torch.exp(self.theta_log)
        lambda_re, lambda_im = modulus * torch.cos(phase), modulus * torch.sin(phase)
        gamma = torch.exp(self.gamma_log)
        return (
            lambda_re * s_re - lambda_im * s_im + gamma * functional.linear(x, self.B_re),
            lambda_re * s_im + lambda_im * s_re + gamma * functional.linear(x, self.B_im),
        )

    def output(self, x: Tensor, state: tuple[Tensor, Tensor]) -> Tensor:
        """Return y, (batch, input size)."""
        s_re, s_im = state
        read = functional.linear(s_re, self.C_re) - functional.linear(s_im, self.C_im)
        return read + self.D * x


class DeltaNet(Cell):
    """Fast weights: a matrix from keys to values, corrected by the delta rule at each step.

    q = silu(W_q x) / |silu(W_q x)|;  k = silu(W_k x) / |silu(W_k x)|;  v = W_v x;  β = σ(w_β x)
    S' = S + β k (v - Sᵀ k)ᵀ = (I - β k kᵀ) S + β k vᵀ;  the output is S'ᵀ q

    The state S is (batch, key size, hidden size). I - β k kᵀ has the eigenvalue 1 - β once, and
    otherwise 1. By default 1 - β lies within [0, 1]; negative eigenvalues, with β = 2 σ(w_β x),
    extend this to [-1, 1].

    Source: I. Schlag, K. Irie and J. Schmidhuber, "Linear Transformers Are Secretly Fast Weight
    Programmers", ICML 2021; the keys as in S. Yang et al., "Parallelizing Linear Transformers with
    the Delta Rule over Sequence Length", NeurIPS 2024; negative eigenvalues from R. Grazzi et al.,
    "Unlocking State-Tracking in Linear RNNs Through Negative Eigenvalues", ICLR 2025.

    Args:
        input_size: the features of the input.
        hidden_size: the features of a value, and of the output.
        key_size: the features of a key; None for the hidden size.
        negative_eigenvalues: whether β reaches 2 rather than 1.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        key_size: int | None = None,
        negative_eigenvalues: bool = False,
    ) -> None:
        super().__init__(input_size, hidden_size)
        self.key_size = hidden_size if key_size is None else key_size
        check_positive("key_size", self.key_size)
        self.negative_eigenvalues = negative_eigenvalues
        self.query = nn.Linear(input_size, self.key_size, bias=False)
        self.key = nn.Linear(input_size, self.key_size, bias=False)
        self.value = nn.Linear(input_size, hidden_size, bias=False)
        self.rate = nn.Linear(input_size, 1, bias=False)

    def initial_state(self, batch_size: int, steps: int) -> Tensor:
        """Return zeros, (batch, key size, hidden size)."""
        return self.zeros(batch_size, self.key_size, self.hidden_size)

    def beta(self, x: Tensor) -> Tensor:
        """Return the share of the error that is corrected, (batch, 1)."""
        beta = torch.sigmoid(self.rate(x))
        return 2 * beta if self.negative_eigenvalues else beta

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the next S, (batch, key size, hidden size)."""
        k = functional.normalize(functional.silu(self.key(x)), dim=-1)
        correction = self.beta(x) * (self.value(x) - _read(state, k))
        return state + k[:, :, None] * correction[:, None, :]

    def output(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the value that S holds for the query, (batch, hidden size)."""
        return _read(state, functional.normalize(functional.silu(self.query(x)), dim=-1))


def _read(memory: Tensor, key: Tensor) -> Tensor:
    """Return the value that a memory holds for a key, (batch, hidden size)."""
    return torch.einsum("bk,bkv->bv", key, memory)
