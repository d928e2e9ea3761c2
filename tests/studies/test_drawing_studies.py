"""Runs of a cell that draws have the same scores in a study, alone, and scored anew."""

from pathlib import Path

import pytest
import torch
from replica_oracle import tiny
from torch import nn

import seqtasks as st
from seqtasks.studies.lifecycle import load_study
from seqtasks.studies.scores_anew import score_study


class Noisy(st.Cell):
    """h' = tanh(W [x, h] + noise), with noise while it is scored, too."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.linear(torch.cat([x, state], -1)) + torch.randn_like(state))


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    experiment = tiny(engine="native", cell=Noisy, steps=20)
    out = tmp_path_factory.mktemp("noisy")
    options = {"keep_weights": True, "backend": "threads", "jobs": 1}
    study = st.run(experiment, seeds=[3, 5], out=out, **options)
    assert study.path is not None
    return study.path


def test_a_run_of_a_study_that_is_scored_again_has_its_scores(noisy: Path) -> None:
    study = load_study(noisy)
    scores = study.outcomes(0).scores
    for place, seed in enumerate((3, 5)):
        for score in study.result(seed).scores:
            for name, value in score.metrics.items():
                assert value == scores[str(score.length)][name][place]


def test_a_study_scored_anew_at_its_lengths_has_its_table(noisy: Path) -> None:
    study = load_study(noisy)
    (before,), (after,) = study.summary()["settings"], score_study(study)
    assert after["scores"] == before["scores"]
