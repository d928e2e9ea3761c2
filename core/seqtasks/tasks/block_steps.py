"""The number of training batches that are drawn at once."""

__all__ = ["BLOCK_STEPS", "BLOCK_SYMBOLS", "block_steps"]

BLOCK_SYMBOLS = 2**18
BLOCK_STEPS = 1024


def block_steps(batch_size: int, length: int) -> int:
    """Return how many batches to draw in one call, given the longest length of the inputs.

    Each call has a fixed cost, which the batches of the call share. A block is small enough to stay
    in the processor's cache.
    """
    return max(1, min(BLOCK_STEPS, BLOCK_SYMBOLS // (batch_size * length)))
