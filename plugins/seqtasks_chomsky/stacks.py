"""The tasks that a stack solves: reverse-string and stack-manipulation."""

from dataclasses import dataclass

import numpy as np

from seqtasks.tasks import IGNORE, AllowedLengths, Array, Task, Tokens
from seqtasks_bits.bits import BitTask
from seqtasks_chomsky.draws import fair_bits, uniform_below, uniform_symbols
from seqtasks_chomsky.protocol import checked, protocol, refuse
from seqtasks_chomsky.published import SOURCE, published

__all__ = ["ReverseString", "StackManipulation"]

STACKS = Tokens(("0", "1", "POP", "PUSH0", "PUSH1"))
POP, PUSH0 = 2, 3
END = 2


@dataclass(frozen=True)
class ReverseString(BitTask):
    """Say fair bits again in reverse order, over as many blanks."""

    layout = "after"
    source = SOURCE
    settings = protocol("stack-rnn", learning_rate=0.01, solved_after=10)
    published = published("reverse-string", jump="1/2")

    def encode(self, inputs: Array) -> Array:
        """Return the bits from last to first, (batch, length)."""
        return inputs[:, ::-1].copy()


@dataclass(frozen=True)
class StackManipulation(Task):
    """Say the content of a stack, from the top, after some pushes and pops.

    The input is a stack of fair bits from bottom to top, with a height uniform on 1 .. length - 1,
    and then actions, each POP, PUSH0 or PUSH1 with equal chance; POP does nothing to an empty
    stack. The answer has length + 1 places: the stack from top to bottom, END, and then places that
    are not scored. A stack without actions, or actions without a stack, is also understood. The
    published code has length 1, a stack without actions; here that is an error.
    """

    inputs = STACKS
    targets = Tokens(("0", "1", "END"))
    layout = "after"
    lengths = AllowedLengths(2)
    source = SOURCE
    settings = protocol("stack-rnn", solved_after=10)
    published = published("stack-manipulation", jump="1/2", has_end=True, shortest=2)

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw stacks followed by actions, (batch, length)."""
        heights = 1 + uniform_below(rng, np.full(batch_size, length - 1))
        bits = fair_bits(rng, batch_size, length)
        actions = POP + uniform_symbols(rng, batch_size * length, 3)
        in_stack = np.arange(length) < heights[:, None]
        return np.where(in_stack, bits, actions.reshape(batch_size, length))

    def encode(self, inputs: Array) -> Array:
        """Return the stacks and END, (batch, length + 1).

        Raises:
            UsageError: if a bare 0 or 1 follows an action.
        """
        symbols = checked(STACKS, inputs)
        late = np.asarray(((symbols[:, :-1] >= POP) & (symbols[:, 1:] < POP)).any(axis=1))
        refuse(STACKS, inputs, late, "a stack of 0 and 1 followed by POP, PUSH0 and PUSH1")
        # Time is the first axis, so that each step reads the batch from one stretch of memory.
        steps = np.ascontiguousarray(symbols.T)
        length, batch_size = steps.shape
        bits = (steps & 1) ^ (steps >= PUSH0)
        # One stack for each row, its places `batch_size` apart; `tops` are the first empty places.
        stacks = np.empty((length + 1) * batch_size, dtype=np.int8)
        bottoms = np.arange(batch_size)
        tops = bottoms.copy()
        for step, bit in zip(steps, bits, strict=True):
            stacks[tops] = bit  # at a POP, the bit left above the top is overwritten later
            tops += np.where(step == POP, -batch_size, batch_size)
            np.maximum(tops, bottoms, out=tops)
        heights = tops // batch_size
        answers = np.empty((length + 1, batch_size), dtype=np.int8)
        for answer in answers:
            tops -= batch_size
            answer[:] = stacks[np.maximum(tops, bottoms)]
        answers[np.arange(length + 1)[:, None] > heights] = IGNORE
        answers[heights, bottoms] = END
        return answers.T
