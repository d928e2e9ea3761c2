"""A hundred steps by any engine end where the plain loop under torch.optim does."""

import pytest
import torch
from grids import one_quick_in
from training_runs import model, trainer
from truth import ENGINES

import seqtasks as st
from seqtasks.training import Trainer

STEPS = 100
NEAR = 1e-8
OPTIMIZERS = [
    "adam",
    "adam:beta1=0.8,beta2=0.9,epsilon=1e-3,weight_decay=0.1",
    "adamw",
    "adamw:weight_decay=0.2",
    "sgd",
    "sgd:momentum=0.9",
    "sgd:momentum=0.9,nesterov=true,weight_decay=0.01",
    "rmsprop",
    "rmsprop:alpha=0.9,momentum=0.5,weight_decay=0.1",
]


def assert_near(found, expected):
    """Check losses and parameters of two trainers' runs."""
    (losses, one), (wanted, other) = found, expected
    torch.testing.assert_close(
        torch.tensor(losses), torch.tensor(wanted), rtol=NEAR, atol=NEAR, equal_nan=True
    )
    for (name, p), q in zip(one.model.named_parameters(), other.model.parameters(), strict=True):
        assert (p - q).abs().max() <= NEAR, name


def both(engine, kind, cell="concat", steps=STEPS, threads=None, **options):
    """Return (losses, trainer) by an engine and by the plain loop."""
    start = model(kind, cell)
    made = trainer(start, kind, engine, threads=threads, **options)
    plain = trainer(start, kind, "plain", **options)
    return (made.advance(steps), made), (plain.advance(steps), plain)


@one_quick_in(2, engine=ENGINES, optimizer=OPTIMIZERS)
def test_every_optimizer(engine, optimizer):
    assert_near(*both(engine, "symbols", optimizer=optimizer))


@one_quick_in(2, engine=ENGINES, optimizer=["adam", "sgd:momentum=0.9"])
def test_clipping(engine, optimizer):
    found, plain = both(engine, "symbols", optimizer=optimizer, clip=0.05)
    assert_near(found, plain)
    unclipped = trainer(model("symbols"), "symbols", "plain", optimizer=optimizer)
    assert unclipped.advance(STEPS) != plain[0]


@one_quick_in(2, engine=ENGINES, kind=["symbols", "sets", "reals"], reduction=["mean", "sum"])
def test_every_loss(engine, kind, reduction):
    assert_near(*both(engine, kind, loss_reduction=reduction, learning_rate=0.003))


@one_quick_in(2, engine=ENGINES, cell=["lstm", "gru+concat"])
def test_a_state_of_two_tensors_and_two_layers(engine, cell):
    assert_near(*both(engine, "symbols", cell))


@one_quick_in(2, engine=ENGINES, kind=["symbols", "reals"])
def test_two_threads(engine, kind):
    assert_near(*both(engine, kind, threads=2, clip=0.5))


@pytest.mark.parametrize("engine", ENGINES)
def test_more_threads_than_a_program_has_room_for(engine):
    assert_near(*both(engine, "symbols", steps=3, threads=1000))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_gradient_clipped_to_nothing(engine):
    assert_near(*both(engine, "symbols", optimizer="adamw:weight_decay=0.2", clip=0.0))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_bits_every_time_and_in_stretches_of_any_size(engine):
    start = model("symbols")
    for threads in (1, 2):
        one, other = (
            trainer(start, "symbols", engine, clip=0.5, threads=threads) for _ in range(2)
        )
        losses = one.advance(60)
        again = other.advance(1) + other.advance(7) + other.advance(52)
        assert again == losses
        assert_same_state(one, other)


def assert_same_state(one, other):
    first, second = one.state(), other.state()
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


@one_quick_in(
    2, engine=ENGINES, optimizer=["adam", "sgd:momentum=0.9", "sgd", "rmsprop:momentum=0.5"]
)
def test_a_run_goes_on_from_a_checkpoint_to_the_bit(engine, optimizer):
    start = model("symbols")
    whole = trainer(start, "symbols", engine, optimizer=optimizer)
    first = whole.advance(25)
    kept = whole.state()
    rest = whole.advance(35)
    resumed = trainer(model("symbols"), "symbols", engine, optimizer=optimizer)
    resumed.advance(3)
    resumed.restore(kept, 25)
    assert resumed.advance(35) == rest
    assert len(first) == 25
    assert_same_state(resumed, whole)


@one_quick_in(2, engine=ENGINES, optimizer=["adam", "sgd:momentum=0.9", "rmsprop:momentum=0.5"])
def test_a_run_goes_on_by_another_engine(engine, optimizer):
    start = model("symbols")
    plain = trainer(start, "symbols", "plain", optimizer=optimizer)
    expected = plain.advance(STEPS), plain
    for names in ((engine, "plain"), ("plain", engine)):
        begun, resumed = (trainer(start, "symbols", name, optimizer=optimizer) for name in names)
        losses = begun.advance(40)
        resumed.restore(begun.state(), 40)
        losses += resumed.advance(STEPS - 40)
        assert_near((losses, resumed), expected)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_checkpoint_before_the_first_step(engine):
    start = model("symbols")
    fresh, other = (trainer(start, "symbols", engine) for _ in range(2))
    kept = fresh.state()
    other.advance(10)
    other.restore(kept, 0)
    assert other.advance(20) == fresh.advance(20)


@one_quick_in(2, engine=ENGINES, threads=[1, 2])
def test_a_run_that_diverges_is_noticed_in_the_same_step(engine, threads):
    options = {"optimizer": "sgd", "learning_rate": 1e155, "threads": threads}
    (losses, made), (expected, plain) = both(engine, "reals", "elman:nonlinearity=relu", **options)
    assert len(losses) == len(expected) < STEPS
    assert made.step == plain.step
    assert not torch.tensor(losses[-1]).isfinite()
    assert torch.tensor(losses[:-1]).isfinite().all()
    assert made.is_finite() == plain.is_finite()


@pytest.mark.parametrize("engine", ENGINES)
def test_training_is_seen_by_further_torch_code_at_once(engine):
    made = trainer(model("symbols"), "symbols", engine)
    ids = torch.randint(0, 4, (2, 6))
    before = made.model(ids)[0].detach()
    kept = {name: value.clone() for name, value in made.model.state_dict().items()}
    optimiser = torch.optim.SGD(made.model.parameters(), 0.1)
    made.advance(5)
    assert any(not torch.equal(kept[name], v) for name, v in made.model.state_dict().items())
    after = made.model(ids)[0]
    assert not torch.allclose(after, before)
    torch.testing.assert_close(after, made.model.plain(ids)[0], rtol=1e-10, atol=1e-12)
    made.model.loss(ids, ids).backward()
    optimiser.step()
    losses = made.advance(5)
    assert torch.tensor(losses).isfinite().all()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_frozen_parameter_stays_as_it_is(engine):
    start = model("symbols")
    start.cells[0].linear.weight.requires_grad_(False)
    start.embedding.requires_grad_(False)
    made, plain = (trainer(start, "symbols", name, clip=0.1) for name in (engine, "plain"))
    assert_near((made.advance(50), made), (plain.advance(50), plain))
    for name in ("cells.0.linear.weight", "embedding.weight"):
        assert torch.equal(made.model.state_dict()[name], start.state_dict()[name])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_model_that_is_no_models_of_ours_is_refused(engine):
    with pytest.raises(st.UsageError, match=f"the engine '{engine}' runs seqtasks' own models"):
        Trainer(torch.nn.Linear(2, 2), None, "adam", 0.1, engine=engine)
