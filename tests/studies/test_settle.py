"""A study tries its settings before it begins; a later study of the process need not."""

import logging
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import seqtasks as st
from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.studies import settle


class Cut(st.Cell):
    """A cell whose gradient ends at its state. Each study warns of it."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.turn = nn.Linear(hidden_size, hidden_size)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        return torch.tanh(self.turn(state.detach()) + x.mean(1, keepdim=True))


class Halves(st.Cell):
    """A cell that cannot be made with an odd hidden size."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        if hidden_size % 2:
            raise ValueError("the hidden size must be even")
        self.turn = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        return torch.tanh(self.turn(torch.cat([x, state], -1)))


def studied(cell: type[st.Cell]) -> st.Study:
    return st.run(
        "bitflip",
        cell=cell,
        steps=20,
        hidden_size=3,
        length=4,
        engine="native",
        seeds=range(4),
        out=None,
    )


def test_a_second_study_is_not_tried_and_warns_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[str] = []
    prepare = settle.prepare
    monkeypatch.setattr(settle, "prepare", lambda *a, **k: tried.append("") or prepare(*a, **k))
    said: list[list[str]] = []
    studies: list[st.Study] = []
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "seqtasks"):
            studies.append(studied(Cut))
        said.append([record.getMessage() for record in caplog.records])
    assert len(tried) == 1, said
    assert any("may be wrong" in line for line in said[0])
    assert said[1] == said[0]
    one, other = (study.outcomes(0) for study in studies)
    assert one.losses.tolist() == other.losses.tolist()
    assert studies[0].parameters == studies[1].parameters


def test_changed_code_is_tried_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    prepare = settle.prepare
    monkeypatch.setattr(settle, "prepare", lambda *a, **k: tried.append("") or prepare(*a, **k))

    class Growing(Cut):
        pass

    studied(Growing)

    def louder(self: Growing, x: Tensor, state: Tensor) -> Tensor:
        return torch.tanh(self.turn(state) + x.sum(1, keepdim=True))

    monkeypatch.setattr(Growing, "forward", louder)
    studied(Growing)
    assert len(tried) == 2


def test_settings_that_differ_in_the_learning_rate_alone_are_tried_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[float] = []
    prepare = settle.prepare

    def noted(experiment: Experiment, *more: Any, **named: Any) -> Any:
        tried.append(experiment.learning_rate)
        return prepare(experiment, *more, **named)

    monkeypatch.setattr(settle, "prepare", noted)
    study = st.compare(
        "bitflip", cell="concat,gru", learning_rate="0.1,0.01,0.001", seeds=range(1), steps=5,
        hidden_size=5, length=3, evaluation_lengths=(3,), engine="native", out=None,
    )  # fmt: skip
    assert tried == [0.1, 0.1]
    assert len(study.parameters) == 6
    assert len(set(study.parameters[:3])) == 1
    assert study.parameters[3] != study.parameters[0]
    assert [(one.outcomes().statuses == "ended").all() for one in study.collected] == [True] * 6


SWEPT: dict[str, Any] = {
    **{"seeds": range(2), "steps": 20, "length": 4, "best": 1, "fresh_seeds": 2},
    **{"backend": "threads"},
}


def test_a_point_whose_model_cannot_be_made_fails_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    study = st.sweep("bitflip", cell=Halves, hidden_size=[4, 5, 6], **SWEPT)
    statuses = [set(study.outcomes(index).statuses.tolist()) for index in range(3)]
    assert statuses == [{"ended"}, {"failed"}, {"ended"}]
    assert "its runs will fail: hidden size 5" in caplog.text
    assert "the hidden size must be even" in caplog.text


def test_a_sweep_of_which_no_model_can_be_made_is_refused() -> None:
    with pytest.raises(UsageError, match="the hidden size must be even"):
        st.sweep("bitflip", cell=Halves, hidden_size=[3, 5], **SWEPT)
