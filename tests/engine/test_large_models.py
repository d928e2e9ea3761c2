"""Models of which a program would take minutes to make run by another engine, which is said."""

import logging
from typing import Any

import pytest
import torch
from truth import Subject, check, problem

import seqtasks as st
from seqtasks.engine.graph import build
from seqtasks.engine.native.emit import source
from seqtasks.engine.native.execute import open_program
from seqtasks.engine.native.execute.compiler import load
from seqtasks.errors import SeqtasksError

NAMED_ENGINES_ARE_HELD_TO_THEIR_NAMES = True
SETTINGS = {"cell": "gru", "hidden_size": 4, "steps": 2, "evaluation_lengths": (4,)}


def trained(**settings):
    model = st.run("bitflip", **SETTINGS, **settings).model
    return model, [parameter.detach().clone() for parameter in model.parameters()]


def assert_close(ones, others):
    for one, other in zip(ones, others, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_a_model_of_too_many_operations_runs_by_the_plain_loop(monkeypatch, caplog):
    monkeypatch.setattr(build, "MOST_NODES", 300)
    with caplog.at_level(logging.WARNING, "seqtasks"):
        model, numbers = trained(layers=3)
    assert model.engines.name == "plain"
    assert "it has more than 300 operations" in caplog.text
    assert len(caplog.records) == 1
    assert_close(numbers, trained(layers=3, engine="plain")[1])


def test_a_program_that_is_long_is_compiled_only_if_its_engine_is_named(monkeypatch, caplog):
    monkeypatch.setattr(open_program, "MOST_SOURCE", 1000)
    with caplog.at_level(logging.WARNING, "seqtasks"):
        model, numbers = trained()
    assert model.engines.name == "torch"
    assert "more than 1,000 characters, takes long to compile" in caplog.text
    assert len(caplog.records) == 1
    named, others = trained(engine="native")
    assert named.engines.name == "native"
    assert_close(numbers, others)


def test_a_named_engine_that_refuses_a_model_for_its_size_is_an_error(monkeypatch):
    monkeypatch.setattr(build, "MOST_NODES", 300)
    with pytest.raises(SeqtasksError, match="more than 300 operations"):
        trained(layers=3, engine="native")


@pytest.mark.parametrize("width", [7, 19, 70])
def test_products_of_all_sizes_together_are_exact(width, monkeypatch):
    sources: list[str] = []

    def noted(text: str) -> Any:
        sources.append(text)
        return load(text)

    monkeypatch.setattr(source, "MANY_SIZES", 0)
    monkeypatch.setattr(open_program, "load", noted)
    subject = Subject(st.cell("lstm", 3, width))
    for batch, steps in ((1, 1), (19, 3), (130, 2)):
        check(problem(subject, batch, steps, mixed=True), "native", [torch.float32, torch.float64])
    assert "#define SHARED_PRODUCTS" in sources[-1]
