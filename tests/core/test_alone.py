"""Scores are of instances: a model that answers them otherwise when alone is found out."""

import logging
import math

import numpy as np
import pytest
import torch
from torch import nn

import seqtasks as st
from seqtasks.scoring.evaluate import evaluate_at
from seqtasks.scoring.rows_alone import mixes_rows

MIXED = "depends on the other instances"


class Centred(st.Cell):
    """Takes the mean over the batch away."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x, state):
        hidden = self.linear(torch.cat([x, state], -1))
        return torch.tanh(hidden - hidden.mean(0))


class Counting(Centred):
    """Computes otherwise for batches of more than 100 rows."""

    def forward(self, x, state):
        hidden = self.linear(torch.cat([x, state], -1))
        return hidden.sin() if len(x) > 100 else hidden.tanh()


class Chaotic(Centred):
    """Lets roundings grow a hundredfold at each step."""

    def forward(self, x, state):
        return (60 * torch.cat([x, state], -1) @ self.linear.weight.t()).sin()


class Drawing(Centred):
    """Draws in every step, in evaluation mode too."""

    def forward(self, x, state):
        hidden = self.linear(torch.cat([x, state], -1))
        return torch.tanh(hidden + torch.randn_like(hidden))


class DrawingCentred(Drawing):
    """Draws, and takes the mean over the batch away."""

    def forward(self, x, state):
        hidden = super().forward(x, state)
        return hidden - hidden.mean(0)


class AtThirtyTwo(Centred):
    """Computes otherwise for batches of 32 rows."""

    def forward(self, x, state):
        hidden = self.linear(torch.cat([x, state], -1))
        return hidden.sin() if len(x) == 32 else hidden.tanh()


def model_of(kind, embedding=None):
    torch.manual_seed(2)
    return st.Model(
        embedding or nn.Embedding(2, 4), kind(4, 6), st.cells.StateReadout(4, 6, 2)
    ).eval()


@pytest.mark.parametrize("kind", [Centred, Counting, DrawingCentred])
def test_a_model_whose_rows_mix_is_found_out(kind):
    inputs = torch.randint(2, (300, 6), generator=torch.Generator().manual_seed(1))
    assert mixes_rows(model_of(kind), inputs, seed=0)


@pytest.mark.parametrize("kind", [Chaotic, Drawing, st.cells.GRU])
@pytest.mark.parametrize("engine", ["plain", "auto"])
def test_roundings_and_draws_are_not_taken_for_rows_that_mix(kind, engine):
    inputs = torch.randint(2, (300, 6), generator=torch.Generator().manual_seed(1))
    model = model_of(kind)
    model.use_engine(engine)
    assert not mixes_rows(model, inputs, seed=0)


def test_batch_normalisation_mixes_no_rows_once_it_is_trained():
    class Normalised(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.norm = nn.Embedding(2, 3), nn.BatchNorm1d(3)
            self.out = nn.Linear(3, 2)

        def forward(self, ids):
            return self.out(self.norm(self.embedding(ids).transpose(1, 2)).transpose(1, 2))

    inputs = torch.randint(2, (50, 6))
    assert not mixes_rows(Normalised(), inputs, seed=0)
    without = Normalised()
    without.norm.track_running_stats = False
    without.norm.running_mean = without.norm.running_var = None
    assert mixes_rows(without, inputs, seed=0)


def test_a_model_that_needs_more_than_one_row_mixes_rows():
    class Squeezed(nn.Module):
        def forward(self, ids):
            return nn.functional.one_hot(ids, 2).float().squeeze(0)[:, :]

    class Paired(nn.Module):
        def forward(self, ids):
            if len(ids) == 1:
                raise ValueError("two rows at least")
            return nn.functional.one_hot(ids, 2).float()

    inputs = torch.randint(2, (50, 6))
    assert mixes_rows(Paired(), inputs, seed=0)
    assert mixes_rows(Squeezed(), inputs, seed=0)


def test_a_step_that_looks_for_the_number_of_rows_it_gets_runs_by_the_plain_loop():
    cell, inputs = AtThirtyTwo(3, 4), torch.randn(32, 6, 3)
    found = st.unroll(cell, inputs, engine="auto")
    torch.testing.assert_close(found, st.unroll(cell, inputs), rtol=0, atol=0)
    for engine in ("torch", "native"):
        with pytest.raises(st.UsageError, match="depends on how many there are"):
            st.unroll(cell, inputs, engine=engine)


def test_scores_of_rows_that_mix_say_so_and_are_not_exact(caplog):
    with caplog.at_level(logging.WARNING, "seqtasks"):
        result = st.run(
            "parity",
            cell=Centred,
            steps=20,
            hidden_size=6,
            evaluation_lengths=(4, 10),
            score="5..6",
        )
    assert sum(MIXED in record.getMessage() for record in caplog.records) == 1
    document = result.to_json()
    for score in [*document["scores"], *document["untrained"], document["score"]]:
        assert score["rows_mix"]
        assert all(ends == [None, None] for ends in score["intervals"].values())


def test_scores_of_instances_say_that_rows_do_not_mix():
    result = st.run("parity", cell="gru", steps=5, evaluation_lengths=(4,))
    (score,) = result.to_json()["scores"]
    assert (score["rows_mix"], score["undefined"], score["exhaustive"]) == (False, 0.0, True)


class Answering(nn.Module):
    """Gives right answers, but NaN from some position on."""

    def __init__(self, task, first):
        super().__init__()
        self.task, self.first = task, first

    def forward(self, inputs):
        batch = self.task.batch_of(inputs.numpy())
        targets = torch.from_numpy(batch.targets)
        if targets.dtype == torch.bool:
            logits = targets.double() * 2 - 1
        elif targets.is_floating_point():
            logits = targets.double().nan_to_num(0.0)
        else:
            logits = nn.functional.one_hot(targets.clamp(min=0), self.task.targets.size).double()
        logits[:, self.first :, -1] = math.nan
        return logits


@pytest.mark.parametrize(("spec", "length"), [("bitflip", 8), ("dyck", 8)])
def test_a_prediction_that_is_no_number_counts_as_wrong(spec, length):
    task = st.task(spec)
    right = evaluate_at(Answering(task, 1000), task, length, sequences=50)
    assert right.metrics["token_accuracy"] == 1.0
    assert right.undefined == 0.0
    score = evaluate_at(Answering(task, 3), task, length, sequences=50)
    rng = np.random.default_rng(0)
    share = task.batch(rng, 1, length).scored[0, 3:].sum() / task.batch(rng, 1, length).scored.sum()
    assert score.undefined == pytest.approx(share)
    assert score.metrics["token_accuracy"] == pytest.approx(1 - share)
    assert score.metrics["sequence_accuracy"] == 0.0


def test_an_error_of_reals_is_no_number_where_a_prediction_is_none():
    task = st.task("n-bit-flip-flop")
    score = evaluate_at(Answering(task, 3), task, 6, sequences=50)
    assert score.undefined > 0.0
    assert all(math.isnan(value) for value in score.metrics.values())


def test_nothing_is_predicted_where_a_logit_is_no_number():
    model = model_of(st.cells.GRU)
    with torch.no_grad():
        model.embedding.weight[1] = math.nan
    ids = torch.tensor([[0, 0, 1, 0], [0, 0, 0, 0]])
    assert model.predict(ids).eq(st.IGNORE).tolist() == [[False, False, True, True], [False] * 4]
