"""Generators that torch draws from in place of its global generator.

A run in a thread must give the same bits as the run alone, so nothing here draws from the global
generator. While a stream is in use, each random operation of this thread receives the stream's own
`torch.Generator`. A generator with the same seed gives the same bits as the global one.

Some operations take no generator, such as dropout on a GPU. They draw from the global state, which
is exchanged under a lock for the time of the call and then restored.
"""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from seqtasks.randomness.philox import StepKeys
from seqtasks.randomness.streams import torch_seed
from seqtasks.randomness.torch_operations import (
    CPU,
    device_of,
    draws,
    global_state,
    may_draw,
    set_global_state,
    with_generator,
)

__all__ = ["RandomStream", "torch_stream"]

Result = TypeVar("Result")

_exchanged = threading.RLock()
"""Held while torch's global state is exchanged."""


def torch_stream(seed: int, purpose: str) -> "RandomStream":
    """Return the stream for torch's draws, for one purpose of an experiment's seed.

    All draws of torch inside a run come from here.
    """
    return RandomStream(torch_seed(seed, purpose), StepKeys(seed, purpose))


class RandomStream:
    """Random numbers for torch, of one seed, on any device.

    Args:
        seed: the seed of the generators, one for each device.
        keys: the keys of draws that are functions of their places; see `counted_draws`.

    Attributes:
        rows: how many rows have drawn from its first key; whoever draws counts them.
    """

    def __init__(self, seed: int, keys: StepKeys | None = None) -> None:
        self._seed = seed
        self.keys = StepKeys(seed, "torch") if keys is None else keys
        self.rows = 0
        self._generators: dict[torch.device, torch.Generator] = {}
        self._is_needed = False

    def generator(self, device: torch.device = CPU) -> torch.Generator:
        """Return the generator of a device."""
        if device == torch.device("cuda"):
            device = torch.device("cuda", torch.cuda.current_device())
        made = self._generators.get(device)
        if made is None:
            made = torch.Generator(device).manual_seed(self._seed)
            self._generators[device] = made
        return made

    def states(self, gpu: torch.device | None = None) -> list[Tensor]:
        """Return the state on the CPU and, if there is one, on a GPU."""
        devices = [CPU] if gpu is None else [CPU, gpu]
        return [self.generator(device).get_state() for device in devices]

    def restore(self, states: list[Tensor], gpu: torch.device | None = None) -> None:
        """Restore states that `states` returned."""
        self.generator().set_state(states[0])
        if gpu is not None:
            self.generator(gpu).set_state(states[1])

    @property
    def is_used(self) -> bool:
        """Whether anything has been drawn from the stream since it was made."""
        fresh = RandomStream(self._seed)
        return any(
            not torch.equal(one.get_state(), fresh.generator(device).get_state())
            for device, one in self._generators.items()
        )

    @contextmanager
    def drawing(self) -> Generator[None, None, None]:
        """Let this thread's random operations draw from the stream.

        This covers all of them, even those inside compiled functions. Each operation takes longer.
        """
        with _OperationsDraw(self):
            yield

    @contextmanager
    def functions_drawing(self) -> Generator[None, None, None]:
        """Let torch's random functions draw from the stream.

        It misses draws without the name of a random function, but is much faster than `drawing`.
        """
        with _FunctionsDraw(self):
            yield

    @contextmanager
    def exchanged(self, device: torch.device = CPU) -> Generator[None, None, None]:
        """Make torch's global generator the stream, under a lock, and restore its state after."""
        with _exchanged:
            before = global_state(device)
            set_global_state(device, self.generator(device).get_state())
            try:
                yield
                self.generator(device).set_state(global_state(device))
            finally:
                set_global_state(device, before)

    def used_by(
        self,
        call: Callable[[], Result],
        device: torch.device = CPU,
        undo: Callable[[], None] = lambda: None,
    ) -> Result:
        """Return the result of a call that probably draws nothing; if it draws, use the stream.

        Most models draw nothing and should not become slower: the call is first made unchanged. If
        torch's global state changed meanwhile, by this call or by another thread, the call is made
        again with the stream. After a call that drew, later calls use the stream at once.

        Args:
            call: the call that may draw.
            device: the device on which it draws.
            undo: undoes the changes of the call before the call is made again.
        """
        if not self._is_needed:
            with _exchanged:
                before = global_state(device)
            result = call()
            if torch.equal(before, global_state(device)):
                return result
            undo()
            unused = self.generator(device).get_state()
            with self.drawing():
                result = call()
            if not torch.equal(unused, self.generator(device).get_state()):
                self._is_needed = True
                with _exchanged:
                    set_global_state(device, before)
            return result  # otherwise another thread drew
        with self.drawing():
            return call()


class _OperationsDraw(TorchDispatchMode):
    """Gives a stream's generators to operations that draw, whoever calls them."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Ignore torch's compiler: hiding this mode from it would import all of it."""
        return False

    def __init__(self, stream: RandomStream) -> None:
        super().__init__()
        self._stream = stream

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if not draws(func):
            return func(*args, **kwargs)
        device = device_of(args, kwargs)
        seeded = with_generator(func)
        if func is torch.ops.aten.native_dropout.default and device == CPU:
            return _native_dropout(self._stream, *args, **kwargs)
        if seeded is None:
            with self._stream.exchanged(device):
                return func(*args, **kwargs)
        operation, place = seeded
        given = args[place] if len(args) > place else kwargs.get("generator")
        if given is not None:  # the model has its own generator
            return func(*args, **kwargs)
        generator = self._stream.generator(device)
        if len(args) > place and operation is func:
            return func(*args[:place], generator, *args[place + 1 :], **kwargs)
        return operation(*args, **{**kwargs, "generator": generator})


class _FunctionsDraw(TorchFunctionMode):
    """Gives a stream's generators to functions that may draw, which it finds by their names."""

    def __init__(self, stream: RandomStream) -> None:
        super().__init__()
        self._stream = stream
        self._operations = _OperationsDraw(stream)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if may_draw(func):
            if func in _OFTEN:
                return _OFTEN[func](self._stream, *args, **(kwargs or {}))
            with self._operations:
                return func(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _native_dropout(
    stream: RandomStream,
    input: Tensor,  # noqa: A002 - torch's name
    p: float,
    train: bool | None,
) -> tuple[Tensor, Tensor]:
    """Do the same as `torch.native_dropout` on a CPU, which takes no generator; scripts call it."""
    if train is False or not input.numel():
        return torch.native_dropout(input, p, train)
    mask = torch.empty_like(input, dtype=torch.bool)
    mask.bernoulli_(1 - p, generator=stream.generator())
    return input.mul(mask).mul_(0.0 if p == 1 else 1 / (1 - p)), mask


def _dropout(
    stream: RandomStream,
    input: Tensor,  # noqa: A002 - torch's name
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
) -> Tensor:
    """Do the same as `torch.nn.functional.dropout`, with torch's own operations on a CPU."""
    if inplace or not training or not 0 < p < 1 or not input.numel() or input.device != CPU:
        with stream.drawing():
            return functional.dropout(input, p, training, inplace)
    kept = torch.empty_like(input, requires_grad=False).bernoulli_(
        1 - p, generator=stream.generator()
    )
    return input * kept.div_(1 - p)


def _randn_like(
    stream: RandomStream,
    input: Tensor,  # noqa: A002 - torch's name
    **options: Any,
) -> Tensor:
    if options:
        with stream.drawing():
            return torch.randn_like(input, **options)
    drawn = torch.empty_like(input, requires_grad=False)
    return drawn.normal_(generator=stream.generator(input.device))


_OFTEN: dict[Any, Callable[..., Tensor]] = {
    functional.dropout: _dropout,
    torch.randn_like: _randn_like,
}
"""The functions that models most often draw by, without the detour through all operations."""
