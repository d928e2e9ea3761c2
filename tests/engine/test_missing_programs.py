"""A program missing for some numbers of steps: those steps are made by torch, and none is lost."""

import logging

import pytest
from training_runs import assert_close_runs, model, trainer

from seqtasks.engine import program_cache

LENGTHS = (2, 3, 1)
CELL = "tape-rnn:cell_size=2"


def begun(optimizer):
    """Return trainers by programs and by the plain loop, a program made for two steps alone."""
    start = model("symbols", CELL)
    options = {"optimizer": optimizer, "lengths": LENGTHS, "clip": 0.5}
    return [trainer(start, "symbols", engine, **options) for engine in ("native", "plain")]


def without_compiler(monkeypatch):
    monkeypatch.setenv("CC", "/nonexistent")
    monkeypatch.setenv("SEQTASKS_CACHE", "")


@pytest.mark.parametrize("optimizer", ["adam", "sgd:momentum=0.9", "rmsprop:momentum=0.5"])
def test_a_compiler_that_is_gone_after_the_first_step(optimizer, monkeypatch, caplog):
    made, plain = begun(optimizer)
    without_compiler(monkeypatch)
    with caplog.at_level(logging.WARNING, "seqtasks"):
        assert_close_runs(made, plain, 24)
    (record,) = caplog.records
    assert "the native engine is not in use: CC is set to" in record.getMessage()


def test_more_numbers_of_steps_than_programs_are_kept(monkeypatch, caplog):
    made, plain = begun("adam")
    monkeypatch.setattr(program_cache, "MOST_PROGRAMS", 2)
    assert_close_runs(made, plain, 12)
    assert not caplog.records
    kept = made.state()
    resumed, _ = begun("adam")
    resumed.restore(kept, 12)
    assert_close_runs(resumed, plain, 6)


def test_a_run_that_diverges_in_a_step_by_torch(monkeypatch):
    made, plain = begun("sgd")
    without_compiler(monkeypatch)
    for one in (made, plain):
        one.advance(1)
        one.model.readout.linear.bias.data.fill_(float("nan"))
    assert len(made.advance(3)) == len(plain.advance(3)) == 1
    assert made.step == 2


def test_a_parameter_frozen_or_freed_while_training():
    made, plain = begun("adam")
    for one in (made, plain):
        one.advance(6)
        one.model.embedding.weight.requires_grad_(False)
    frozen = made.model.embedding.weight.clone()
    assert_close_runs(made, plain, 6)
    assert frozen.equal(made.model.embedding.weight)
    for one in (made, plain):
        one.model.embedding.weight.requires_grad_(True)
    assert_close_runs(made, plain, 6)
    assert not frozen.equal(made.model.embedding.weight)
