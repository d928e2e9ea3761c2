"""torch's draws come from a run's own streams, with the bits of the global generator."""

import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

import seqtasks as st
from seqtasks.models.loss import sequence_loss
from seqtasks.randomness.streams import torch_seed
from seqtasks.randomness.torch_streams import RandomStream
from seqtasks.training import BatchSource, Trainer
from seqtasks.training.random_draws import draws_of

ONES = torch.ones(40, 50)
STEPS = 12


def _scripted(x: Tensor) -> Tensor:
    return torch.dropout(x, 0.3, True) + torch.randn_like(x)


with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    scripted: Any = torch.jit.script(_scripted)


DRAWN: dict[str, Callable[[], Tensor]] = {
    "rand": lambda: torch.rand(40, 50),
    "rand to double": lambda: torch.rand(7, dtype=torch.float64),
    "randn": lambda: torch.randn(40, 50),
    "randn out": lambda: torch.randn(40, 50, out=torch.empty(40, 50)),
    "randint": lambda: torch.randint(5, (40, 50)),
    "randint between": lambda: torch.randint(3, 50, (40, 50)),
    "randperm": lambda: torch.randperm(77),
    "rand_like": lambda: torch.rand_like(ONES),
    "randn_like": lambda: torch.randn_like(ONES),
    "randint_like": lambda: torch.randint_like(ONES, 9),
    "bernoulli": lambda: torch.bernoulli(ONES * 0.3),
    "multinomial": lambda: torch.multinomial(ONES, 3),
    "normal": lambda: torch.normal(ONES, ONES),
    "normal of numbers": lambda: torch.normal(0.0, 1.0, (40, 50)),
    "poisson": lambda: torch.poisson(ONES),
    "binomial": lambda: torch.binomial(ONES * 10, ONES * 0.4),
    "dropout": lambda: functional.dropout(ONES, 0.3),
    "dropout with gradient": lambda: functional.dropout(ONES.clone().requires_grad_(), 0.3),
    "alpha_dropout": lambda: functional.alpha_dropout(ONES, 0.3, True),
    "dropout1d": lambda: functional.dropout1d(ONES[None], 0.3),
    "native_dropout": lambda: torch.native_dropout(ONES, 0.3, True)[0],
    "rrelu": lambda: functional.rrelu(-ONES, training=True),
    "gumbel_softmax": lambda: functional.gumbel_softmax(ONES),
    "bernoulli_": lambda: torch.empty(40, 50).bernoulli_(0.3),
    "uniform_": lambda: torch.empty(40, 50).uniform_(),
    "normal_": lambda: torch.empty(3).normal_(),
    "exponential_": lambda: torch.empty(40, 50).exponential_(),
    "cauchy_": lambda: torch.empty(40, 50).cauchy_(),
    "geometric_": lambda: torch.empty(40, 50).geometric_(0.3),
    "log_normal_": lambda: torch.empty(40, 50).log_normal_(),
    "random_": lambda: torch.empty(40, 50).random_(),
    "random_ between": lambda: torch.empty(40, 50).random_(3, 9),
    "gamma": lambda: torch.distributions.Gamma(ONES, ONES).sample(),
    "beta": lambda: torch.distributions.Beta(ONES, ONES).rsample(),
    "orthogonal_": lambda: nn.init.orthogonal_(torch.empty(40, 50)),
    "trunc_normal_": lambda: nn.init.trunc_normal_(torch.empty(40, 50)),
    "sparse_": lambda: nn.init.sparse_(torch.empty(40, 50), 0.3),
    "a layer": lambda: nn.Linear(5, 6).weight,
    "dropout in a library's layer": lambda: nn.LSTM(5, 6, 2, dropout=0.4)(torch.ones(3, 4, 5))[0],
    "dropout in attention": lambda: functional.scaled_dot_product_attention(
        ONES[None], ONES[None], ONES[None], dropout_p=0.3
    ),
    "fractional_max_pool2d": lambda: functional.fractional_max_pool2d(
        torch.randn(1, 1, 9, 9), 2, output_size=4
    ),
    "a script": lambda: scripted(ONES),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_stream_draws_the_bits_of_the_global_generator_and_leaves_it_alone(name: str):
    torch.manual_seed(5)
    expected = torch.cat([DRAWN[name]().detach().flatten() for _ in range(2)])
    torch.manual_seed(99)
    before = torch.get_rng_state()
    stream = RandomStream(5)
    with stream.drawing():
        found = [DRAWN[name]().detach().flatten()]
    if name != "a script":  # whose draws have no function's name
        with stream.functions_drawing():
            found.append(DRAWN[name]().detach().flatten())
    assert torch.equal(torch.cat(found), expected[: sum(map(len, found))])
    assert torch.equal(torch.get_rng_state(), before)


def test_a_generator_of_ones_own_is_used_as_it_is():
    expected = torch.rand(3, generator=torch.Generator().manual_seed(1))
    with RandomStream(5).drawing():
        found = torch.rand(3, generator=torch.Generator().manual_seed(1))
    assert torch.equal(found, expected)


class Own(nn.Module):
    """An own module with a layer whose kind of draws its subclasses say."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(2, 8)
        self.layer = nn.GRU(8, 8, batch_first=True)
        self.last = nn.Linear(8, 2)
        self.norm = nn.BatchNorm1d(8)
        self.passes = 0

    def forward(self, inputs: Tensor) -> Tensor:
        self.passes += self.training
        embedded = self.noisy(self.embedding(inputs))
        normed = self.norm(embedded.transpose(1, 2)).transpose(1, 2)
        return self.last(self.layer(normed)[0])

    def noisy(self, x: Tensor) -> Tensor:
        return x


class Dropout(Own):
    """By function."""

    def noisy(self, x: Tensor) -> Tensor:
        return functional.dropout(x, 0.2, self.training)


class Scripted(Own):
    """By operation."""

    def noisy(self, x: Tensor) -> Tensor:
        return scripted(x) if self.training else x


class Recomputed(Own):
    """On the way back."""

    def noisy(self, x: Tensor) -> Tensor:
        drop: Any = lambda y: functional.dropout(y.tanh(), 0.3, self.training)  # noqa: E731
        return checkpoint(drop, x, use_reentrant=False)  # pyright: ignore


class Seldom(Own):
    """Nothing seen at first."""

    def noisy(self, x: Tensor) -> Tensor:
        return x + torch.randn_like(x) if self.training and float(x.detach().sum()) > 0 else x


OWN: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "by function": (Dropout, "by function"),
    "by operation": (Scripted, "by operation"),
    "on the way back": (Recomputed, "on the way back"),
    "seldom": (Seldom, "nothing seen"),
    "never": (Own, "nothing seen"),
}


def made(kind: str) -> nn.Module:
    """Return a model that is the same at each call, in whatever thread."""
    with RandomStream(3).drawing():
        return OWN[kind][0]()


def by_hand(kind: str, seed: int) -> tuple[list[float], Tensor]:
    """Train with torch's global generator; return the losses, and the generator's last state."""
    model = made(kind).train()
    source = BatchSource(
        st.task("parity"), st.Experiment.for_task("parity").length_range, 16, "sampled", seed
    )
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    losses: list[float] = []
    with torch.random.fork_rng():
        torch.manual_seed(torch_seed(seed, "forward"))
        for step in range(STEPS):
            batch = source.batch(step)
            optimizer.zero_grad()
            loss = sequence_loss(model(batch.inputs), batch.targets)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses, torch.get_rng_state()


def by_trainer(kind: str, seed: int) -> tuple[list[float], Tensor, dict[str, Tensor]]:
    model = made(kind)
    source = BatchSource(
        st.task("parity"), st.Experiment.for_task("parity").length_range, 16, "sampled", seed
    )
    trainer = Trainer(model, source, "sgd", 0.5, seed=seed)
    losses = [loss for _ in range(3) for loss in trainer.advance(STEPS // 3)]
    return losses, trainer.state()["random.0"], trainer.state()


@pytest.mark.parametrize("kind", OWN)
def test_a_trainer_draws_as_a_loop_with_the_global_generator(kind: str):
    before = torch.get_rng_state()
    losses, state, _ = by_trainer(kind, 1)
    assert torch.equal(torch.get_rng_state(), before)
    expected, last = by_hand(kind, 1)
    assert losses == expected
    assert torch.equal(state, last), "a checkpoint of an older version holds this state"


@pytest.mark.parametrize("kind", OWN)
def test_how_a_model_draws_is_found_by_a_trial_of_a_copy(kind: str):
    model = made(kind).train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    inputs = torch.zeros(4, 5, dtype=torch.int64)
    if kind == "seldom":
        with torch.no_grad():
            model.get_parameter("embedding.weight")[0] = -1
    elif kind != "never":
        assert draws_of(model, inputs) == OWN[kind][1]
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items() if "emb" not in k)
    assert vars(model)["passes"] == 0


@pytest.mark.parametrize("kind", OWN)
def test_runs_in_threads_are_those_alone_while_others_draw(kind: str):
    alone = [by_trainer(kind, seed) for seed in range(4)]
    done = threading.Event()

    def draw() -> None:
        while not done.wait(0.0005):
            torch.rand(3)

    def one(seed: int) -> bool:
        losses, _, tensors = by_trainer(kind, seed % 4)
        same = {k: torch.equal(v, alone[seed % 4][2][k]) for k, v in tensors.items()}
        return losses == alone[seed % 4][0] and all(same.values())

    drawing = threading.Thread(target=draw)
    if kind != "on the way back":  # which needs torch's global generator for itself
        drawing.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(one, range(8)))
    finally:
        done.set()
        if drawing.is_alive():
            drawing.join()


class Noisy(st.Cell):
    """Noise in the step, and in the initial state."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)

    def initial_state(self, batch_size: int, steps: int) -> Tensor:
        return 0.1 * torch.randn(batch_size, self.hidden_size)

    def forward(self, inputs: Tensor, state: Tensor) -> Tensor:
        new = torch.tanh(self.linear(torch.cat([inputs, state], -1)))
        return new + 0.1 * torch.randn_like(new)


@pytest.mark.parametrize(
    ("cell", "engine", "runs", "threads"),
    [
        ("concat", "auto", 12, 4),
        pytest.param("concat", "auto", 32, 8, marks=pytest.mark.slow),
        pytest.param(Noisy, "plain", 32, 8, marks=pytest.mark.slow),
    ],
)
def test_many_runs_in_threads_are_those_alone(cell: Any, engine: str, runs: int, threads: int):
    def one(seed: int) -> list[Any]:
        few: dict[str, Any] = {"validation_sequences": 50, "evaluation_sequences": 50}
        result = st.run(
            "parity",
            cell=cell,
            seed=seed % threads,
            steps=8,
            evaluation_lengths=(10,),
            engine=engine,
            **few,
        )
        weights = [p.detach().flatten().tolist() for p in result.model.parameters()]
        return [result.metrics, weights, [line.get("loss") for line in result.history]]

    alone = [one(seed) for seed in range(threads)]
    torch.manual_seed(5)
    before = torch.get_rng_state()
    with ThreadPoolExecutor(threads) as pool:
        together = list(pool.map(one, range(runs)))
    assert all(found == alone[seed % threads] for seed, found in enumerate(together))
    assert torch.equal(torch.get_rng_state(), before)
    if cell is Noisy:
        torch.manual_seed(8)
        assert one(0) == alone[0], "the caller's generator is not felt"
