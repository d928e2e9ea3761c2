"""Tasks without a mistake."""

import numpy as np

import seqtasks as st

__all__ = ["BITS", "Listed", "Right"]

BITS = st.Tokens("01")


class Right(st.Task):
    """Say whether the number of ones so far is odd."""

    inputs = targets = BITS
    source = "our own"

    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))

    def encode(self, inputs):
        return np.cumsum(inputs, axis=1) % 2


class Listed(Right):
    """Say the parity so far, of inputs that are listed."""

    def domain_size(self, length):
        return 2**length

    def enumerate(self, length):
        return (np.arange(2**length)[:, None] >> np.arange(length)[::-1]) & 1
