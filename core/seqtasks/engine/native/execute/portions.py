"""How many rows and steps a pass without gradients takes at once."""

__all__ = ["portion"]

ALONG_NUMBERS = 2**18
"""The most state elements that a pass without gradients holds, so that they stay in the caches."""
LEAST_STEPS, LEAST_ROWS = 4, 16
"""The fewest steps and rows at once: between portions states are copied, and rows fill vectors."""


def portion(size: int, batch: int, time: int) -> tuple[int, int]:
    """Return the rows and the steps that a pass without gradients takes at once.

    Args:
        size: the numbers in the states of a row.
        batch: the rows of the batch.
        time: its steps.
    """
    most = ALONG_NUMBERS // max(1, size * (LEAST_STEPS + 1)) // LEAST_ROWS * LEAST_ROWS
    rows = min(batch, max(LEAST_ROWS, most))
    return rows, min(time, max(LEAST_STEPS, ALONG_NUMBERS // max(1, size * rows)))
