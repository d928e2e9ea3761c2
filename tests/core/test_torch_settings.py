"""A run is the same whatever is set round it, and the caller's settings are as before."""

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from grids import one_quick_in
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.overrides import TorchFunctionMode

import seqtasks as st


class Plus(TorchFunctionMode):
    """Makes each tanh a little larger."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        return result + 0.1 if func is torch.tanh else result


@contextmanager
def changed(change: Callable[[Any], Any], value: Any, usual: Any) -> Generator[None, None, None]:
    change(value)
    try:
        yield
    finally:
        change(usual)


def strict(on: bool) -> None:
    torch.use_deterministic_algorithms(on, warn_only=on)


SETTINGS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "default type": lambda: changed(torch.set_default_dtype, torch.float64, torch.float32),
    "half default type": lambda: changed(torch.set_default_dtype, torch.bfloat16, torch.float32),
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "default device": lambda: torch.device("meta"),
    "default device of the thread": lambda: changed(torch.set_default_device, "meta", None),
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "deterministic algorithms": lambda: changed(strict, True, False),
    "precision of products": lambda: changed(
        torch.set_float32_matmul_precision, "medium", "highest"
    ),
    "no mkldnn": lambda: changed(torch._C._set_mkldnn_enabled, False, True),
    "flushed numbers": lambda: changed(torch.set_flush_denormal, True, False),
    "NumPy's errors": lambda: np.errstate(all="raise"),
    "a function mode": Plus,
    "fake tensors": FakeTensorMode,
    "another seed": lambda: changed(torch.manual_seed, 1234, 0),
}


class Own(st.Cell):
    """A cell that draws, divides by zero and uses tanh."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, inputs: Tensor, state: Tensor) -> Tensor:
        new = torch.tanh(self.linear(torch.cat([inputs, state], -1)))
        return new + 0.1 * torch.randn_like(new)


def facts() -> list[Any]:
    """Return what is set."""
    return [
        torch.get_default_dtype(),
        torch.is_autocast_enabled("cpu"),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.get_float32_matmul_precision(),
        torch.backends.mkldnn.enabled,  # pyright: ignore
        np.geterr(),
        torch._C._len_torch_function_stack(),  # pyright: ignore
        torch.get_rng_state().tolist(),
    ]


def trained(cell: Any, engine: str) -> tuple[nn.Module, list[Any]]:
    """Run and score; return everything that came of it."""
    few: dict[str, Any] = {"validation_sequences": 20, "evaluation_sequences": 20}
    result = st.run("parity", cell=cell, steps=4, engine=engine, evaluation_lengths=(5,), **few)
    scores = st.evaluate(result.model, "parity", "7", sequences=20)
    over = st.evaluate_range(result.model, "parity", "3..4", sequences=20)
    losses = [line.get("loss") for line in result.history]
    return result.model, [result.metrics, scores, over, losses]


def weights(model: nn.Module) -> list[Any]:
    return [p.detach().flatten().tolist() for p in model.parameters()]


@cache
def alone(cell: Any, engine: str) -> tuple[list[Any], list[Any]]:
    """Return the weights and the scores of a run round which nothing is set."""
    model, found = trained(cell, engine)
    return weights(model), found


# Settings reach a program in C and what torch computes and draws in different ways.
@one_quick_in(2, name=SETTINGS, cell=[Own, "gru"])
def test_a_run_is_the_same_whatever_is_set_round_it(name: str, cell: Any):
    engine = "auto" if cell == "gru" else "plain"
    expected = alone(cell, engine)
    with SETTINGS[name]():
        before = facts() if name != "fake tensors" else []
        model, found = trained(cell, engine)
        assert not before or facts() == before
    assert (weights(model), found) == expected


@pytest.mark.parametrize("name", ["default type", "inference_mode", "default device"])
def test_a_run_is_loaded_and_resumed_alike_whatever_is_set(name: str, tmp_path: Path):
    def resumed() -> list[Any]:
        path = st.run("parity", steps=2, evaluation_lengths=(5,), out=tmp_path).path
        assert path is not None
        loaded = weights(st.load(path).model)
        again = st.resume(path, steps=4)
        return [loaded, weights(again.model), again.metrics]

    expected = resumed()
    with SETTINGS[name]():
        assert resumed() == expected


def test_threads_share_the_settings_of_the_process_and_the_last_puts_them_back():
    def one(seed: int) -> Any:
        with torch.no_grad() if seed % 2 else nullcontext():
            result = st.run("parity", seed=seed % 4, steps=3, evaluation_lengths=(5,))
        return weights(result.model)

    alone = [one(seed) for seed in range(4)]
    with changed(torch.set_default_dtype, torch.float64, torch.float32):
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(one, range(8)))
        assert torch.get_default_dtype() == torch.float64
    assert together == alone * 2


def test_settings_are_put_back_when_a_call_fails():
    with changed(torch.set_default_dtype, torch.float64, torch.float32), torch.no_grad():
        with pytest.raises(st.UsageError):
            st.run("no-such-task")
        assert torch.get_default_dtype() == torch.float64
        assert not torch.is_grad_enabled()
