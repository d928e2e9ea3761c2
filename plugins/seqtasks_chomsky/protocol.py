"""What all tasks of the package share: the paper, its protocol made smaller, checks of inputs."""

import numpy as np
from numpy.typing import NDArray

from seqtasks.alphabet import Tokens
from seqtasks.errors import UsageError
from seqtasks.settings import Settings
from seqtasks.tasks import Array

__all__ = ["BITS", "SOURCE", "checked", "protocol", "refuse", "shorter_protocol"]

SOURCE = 'G. Delétang et al., "Neural Networks and the Chomsky Hierarchy", ICLR 2023'

BITS = Tokens("01")


def protocol(
    cell: str = "gru",
    hidden_size: int = 64,
    length: str = "1..40",
    learning_rate: float = 0.003,
    steps: int = 5000,
    clip: float = 1.0,
    solved_after: int = 3,
    evaluation_lengths: tuple[int, ...] = (40, 100, 200, 500),
) -> Settings:
    """Return the published way to train, with fewer hidden numbers and steps.

    Published are batches of 128 with one length each, uniform on 1..40, Adam, a gradient of norm
    at most 1, the loss summed over the answer, 256 hidden numbers, a million steps, and scores at
    lengths up to 500. A smaller norm steadies a simple recurrent network, whose gradients explode
    now and then; more evaluations without an error before training stops make what is learned
    hold at longer inputs.
    """
    return Settings(
        cell=cell,
        hidden_size=hidden_size,
        length=length,
        steps=steps,
        batch_size=128,
        learning_rate=learning_rate,
        clip=clip,
        loss_reduction="sum",
        evaluation_lengths=evaluation_lengths,
        solved_after=solved_after,
    )


def shorter_protocol(length: str, evaluation_lengths: tuple[int, ...]) -> Settings:
    """Return the way to train an `lstm` where 1..40 is more than it learns within minutes."""
    return protocol(
        "lstm",
        hidden_size=128,
        length=length,
        steps=20_000,
        clip=0.1,
        evaluation_lengths=evaluation_lengths,
    )


def checked(alphabet: Tokens, inputs: Array) -> NDArray[np.uint8]:
    """Return ids as bytes, which are quick to go through.

    Raises:
        UsageError: for an id that no symbol has.
    """
    lowest, highest = int(inputs.min(initial=0)), int(inputs.max(initial=0))
    if lowest < 0 or highest >= alphabet.size:
        raise UsageError(
            f"there is no symbol with id {lowest if lowest < 0 else highest}: the alphabet "
            f"{' '.join(alphabet.symbols)} has ids 0 to {alphabet.size - 1}"
        )
    return inputs.astype(np.uint8, copy=False)


def refuse(alphabet: Tokens, inputs: Array, wrong: Array, wanted: str) -> None:
    """Refuse inputs some of whose rows are not what a task is about.

    Raises:
        UsageError: that quotes the first wrong row and says what was wanted.
    """
    if wrong.any():
        raise UsageError(f"'{alphabet.decode(inputs[wrong.argmax()])}' is not {wanted}")
