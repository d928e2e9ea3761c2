"""Learning-rate schedules: torch's own as the oracle, the same numbers by every engine."""

import math

import numpy as np
import pytest
import torch
from grids import one_quick_in
from hypothesis import given
from hypothesis import strategies as some
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LinearLR, SequentialLR

import seqtasks as st
from seqtasks.errors import UsageError
from seqtasks.tasks.learning_rates import build_schedule

RATE = 0.5


def torch_rates(make, steps):
    """Return the rates of a scheduler of torch's, one a step."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], RATE)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def rates(text, steps):
    return (RATE * build_schedule(text).shares(0, steps)).tolist()


def test_a_warmup_rises_as_torchs_lambda_does():
    expected = torch_rates(lambda o: LambdaLR(o, lambda step: min(1.0, (step + 1) / 7)), 12)
    assert rates("warmup:steps=7", 12) == pytest.approx(expected, rel=1e-12)


def test_a_cosine_falls_as_torchs_does_and_stays_at_its_end():
    expected = torch_rates(lambda o: CosineAnnealingLR(o, 20, eta_min=0.1 * RATE), 21)
    found = rates("cosine:steps=20,last=0.1", 30)
    assert found[:21] == pytest.approx(expected, rel=1e-9)
    assert found[21:] == [found[20]] * 9


def test_a_cosine_with_a_warmup_is_torchs_two_in_a_row():
    def make(optimizer):
        rise = LinearLR(optimizer, start_factor=0.25, total_iters=3)
        fall = CosineAnnealingLR(optimizer, 16)
        return SequentialLR(optimizer, [rise, fall], milestones=[4])

    expected = torch_rates(make, 20)
    found = rates("cosine:steps=20,warmup=4", 20)
    assert found[:4] == pytest.approx([RATE * k / 4 for k in (1, 2, 3, 4)], rel=1e-12)
    assert found[4:] == pytest.approx(expected[4:], rel=1e-6, abs=1e-9)


@given(
    text=some.sampled_from(["constant", "warmup:steps=13", "cosine:steps=40,warmup=5,last=0.25"]),
    first=some.integers(0, 60),
    steps=some.integers(0, 60),
)
def test_a_share_depends_on_its_step_alone_and_lies_between_0_and_1(text, first, steps):
    schedule = build_schedule(text)
    found = schedule.shares(first, steps)
    assert np.array_equal(found, schedule.shares(0, first + steps)[first:])
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("cosin:steps=3", "Did you mean 'cosine'"),
        ("cosine", "steps"),
        ("cosine:steps=3,warmup=3", "warmup must be less than its steps"),
        ("cosine:steps=3,last=2", "last must be a share"),
        ("warmup:steps=0", "steps must be at least 1"),
        ("./mine.py:Schedule", "unknown learning-rate schedule"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_before_a_run(text, why):
    with pytest.raises(UsageError, match=why):
        st.Experiment(task="bitflip", lr_schedule=text)


def trained(engine, **settings):
    result = st.run(
        "bitflip",
        cell="gru",
        hidden_size=5,
        engine=engine,
        dtype="float64",
        evaluation_lengths=(4,),
        **{"steps": 30, "lr_schedule": "cosine:steps=25,warmup=6,last=0.1", **settings},
    )
    return result.model.state_dict()


@one_quick_in(
    2, optimizer=["adam", "adamw", "sgd:momentum=0.9", "rmsprop"], engine=["torch", "native"]
)
def test_every_engine_takes_the_steps_of_the_schedule(engine, optimizer):
    found, wanted = trained(engine, optimizer=optimizer), trained("plain", optimizer=optimizer)
    unscheduled = trained("plain", optimizer=optimizer, lr_schedule="constant")
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, rtol=1e-7, atol=1e-9)
    assert any(not torch.allclose(wanted[name], unscheduled[name], 1e-3) for name in wanted)


def test_a_run_stopped_within_the_schedule_resumes_to_the_same_bits(tmp_path):
    options = {
        "cell": "gru",
        "hidden_size": 5,
        "evaluation_lengths": (4,),
        "lr_schedule": "cosine:steps=25,warmup=6,last=0.1",
    }
    whole = st.run("bitflip", steps=30, **options)
    part = st.run("bitflip", steps=9, out=tmp_path, **options)
    resumed = st.resume(part.path, steps=30)
    for name, value in whole.model.state_dict().items():
        assert torch.equal(resumed.model.state_dict()[name], value)


def test_the_share_in_the_middle_of_a_cosine_is_half():
    assert build_schedule("cosine:steps=10").shares(5, 1)[0] == pytest.approx(0.5)
    assert math.isclose(build_schedule("cosine:steps=10,last=0.5").shares(5, 1)[0], 0.75)
