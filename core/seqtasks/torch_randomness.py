"""torch's random state, borrowed for a stream of one's own and given back."""

from collections.abc import Generator
from contextlib import contextmanager

import torch

from seqtasks.randomness import torch_seed

__all__ = ["borrowed_random_state", "own_random_stream"]


@contextmanager
def borrowed_random_state() -> Generator[None, None, None]:
    """Put torch's random state, on the CPU and on every GPU in use, back afterwards."""
    in_use = torch.cuda.is_available() and torch.cuda.is_initialized()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count()) if in_use else []):
        yield


@contextmanager
def own_random_stream(seed: int, purpose: str) -> Generator[None, None, None]:
    """Let torch draw from the stream of one purpose of a seed; put its state back afterwards."""
    with borrowed_random_state():
        torch.manual_seed(torch_seed(seed, purpose))
        yield
