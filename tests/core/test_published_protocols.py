"""`--protocol published`: the paper's reading, cell, loss and scores, held to numpy by hand."""

import numpy as np
import pytest
import torch

import seqtasks as st
from seqtasks.errors import UsageError
from seqtasks.preparing import experiment_model
from seqtasks.registry import current_registry

CHOMSKY = [e.name for e in current_registry().entries("task") if e.family == "chomsky"]


def published(task, **overrides):
    return st.Experiment.for_task(task, protocol="published", **overrides)


def test_all_fifteen_tasks_of_the_paper_have_its_protocol():
    assert len(CHOMSKY) == 15
    for name in CHOMSKY:
        experiment = published(name)
        assert (experiment.batch_size, experiment.steps, experiment.hidden_size) == (
            128,
            10**6,
            256,
        )
        assert (experiment.length, experiment.clip, experiment.optimizer) == ("1..40", 1.0, "adam")
        assert experiment.learning_rate in st.task(name).published.learning_rates
        assert experiment.loss_reduction == "mean"
        assert (experiment.score, experiment.score_sequences) == ("41..500", 512)
        assert experiment.score_also == "42..500"
        assert experiment.solved_after == 0


@pytest.mark.parametrize("name", CHOMSKY)
def test_every_answer_stands_on_blanks_after_the_whole_input(name):
    task = published(name).make_task()
    length = task.lengths.nearest(9)
    inputs = task.draw(np.random.default_rng(0), 5, length)
    batch = task.batch_of(inputs)
    blank = task.inputs.size
    assert (batch.inputs[:, :length] == inputs).all()
    assert (batch.inputs[:, length:] == blank).all()
    assert not batch.scored[:, :length].any()
    answers = np.asarray(task.encode(inputs)).reshape(5, -1)
    assert batch.inputs.shape[1] == length + answers.shape[1]
    assert (batch.targets[:, length:] == answers).all()


def test_a_task_that_answers_on_blanks_or_at_each_step_stays_as_it_is():
    for name in ("reverse-string", "bitflip"):
        task = st.task(name)
        assert task.with_blank_before_answer().layout == task.layout
        assert task.with_blank_before_answer().input_size == task.input_size


@pytest.mark.parametrize("engine", ["plain", "torch", "native"])
def test_the_network_is_a_relu_over_one_hot_symbols_with_a_relu_before_the_readout(engine):
    experiment = published("cycle-navigation", hidden_size=6, dtype="float64")
    model = experiment_model(experiment, experiment.make_task())
    model.use_engine(engine)
    batch = experiment.make_task().batch(np.random.default_rng(1), 4, 7)
    with torch.no_grad():
        found = model(torch.from_numpy(batch.inputs))[0].numpy()
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    cell = {name.removeprefix("cells.0."): value for name, value in weights.items()}
    for row in range(4):
        state = np.zeros(6)
        for step in range(8):
            symbol = np.zeros(4)
            symbol[batch.inputs[row, step]] = 1
            state = (
                cell["weight_ih_l0"] @ symbol
                + cell["bias_ih_l0"]
                + cell["weight_hh_l0"] @ state
                + cell["bias_hh_l0"]
            )
            state = np.maximum(state, 0)
            logits = weights["readout.linear.weight"] @ state + weights["readout.linear.bias"]
            assert found[row, step] == pytest.approx(logits, rel=1e-10, abs=1e-12)


def test_one_hot_symbols_are_not_trained_by_any_engine():
    for engine in ("plain", "torch", "native"):
        result = st.run(
            "parity-check",
            protocol="published",
            hidden_size=4,
            steps=5,
            evaluation_lengths=(3,),
            score=None,
            engine=engine,
        )
        assert torch.equal(result.model.embedding.weight, torch.eye(3))
        assert result.parameters == 4 * 3 + 4 * 4 + 2 * 4 + 2 * 4 + 2


def test_the_loss_is_the_mean_over_the_answer_and_its_first_gradient_step_is_too():
    experiment = published("reverse-string", hidden_size=4)
    task = experiment.make_task()
    model = experiment_model(experiment, task)
    batch = task.batch(np.random.default_rng(0), 3, 5)
    logits = model(torch.from_numpy(batch.inputs))[0]
    by_hand = -torch.stack(
        [
            logits[row, step].log_softmax(-1)[batch.targets[row, step]]
            for row in range(3)
            for step in range(5, 10)
        ]
    ).mean()
    loss = st.model.sequence_loss(
        logits, torch.from_numpy(batch.targets), reduction=experiment.loss_reduction
    )
    torch.testing.assert_close(loss, by_hand)


def test_the_mean_over_both_ranges_is_of_the_lengths_scores():
    result = st.run("parity", cell="gru", steps=20, evaluation_lengths=(10,), score="11..15")
    part = st.evaluate_range(result.model, result.task, "12..15", 64)
    assert result.score.mean_over("12..15") == pytest.approx(part.metrics)
    assert result.score.mean_over("11..15") == pytest.approx(result.score.metrics)
    with pytest.raises(UsageError, match="no length of 20 was scored"):
        result.score.mean_over("20")


def test_the_published_figure_stands_beside_the_measured_one_of_the_same_range(tmp_path):
    experiment = published("reverse-string", steps=3, hidden_size=4, score_sequences=2)
    result = st.run(experiment, out=tmp_path, evaluation_lengths=(5,))
    [row] = result.published()
    assert (row["length"], row["value"]) == ("41..500", 0.62)
    assert row["measured"] == pytest.approx(result.score.metrics["token_accuracy"])
    loaded = st.load(result.path)
    assert loaded.score == result.score
    assert loaded.published() == result.published()
    assert published("reverse-string", cell="stack-rnn").published[0].value == 1.0
    assert published("reverse-string", cell="gru").published == ()


def test_a_task_whose_protocol_cannot_be_followed_says_what_is_missing():
    with pytest.raises(UsageError, match="names no published protocol"):
        published("bitflip")
    with pytest.raises(UsageError, match="protocol must be ours or published"):
        st.Experiment.for_task("parity-check", protocol="theirs")


class Unfollowed(type(st.task("bitflip"))):
    published = st.PublishedProtocol(source="A paper", missing=("Its data are not here.",))


def test_what_is_missing_is_said_in_the_authors_words():
    with pytest.raises(UsageError, match=r"cannot be followed yet: Its data are not here\."):
        published(Unfollowed())


def test_a_protocol_goes_with_a_task_not_with_an_experiment():
    with pytest.raises(UsageError, match="has its own settings"):
        st.run("notebook-bitflip", protocol="published")


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"task": "adding", "embedding": "one-hot"}, "real numbers, which cannot be one-hot"),
        ({"embedding": "one-hot", "embedding_size": 7}, "leave out the embedding size"),
        ({"embedding": "hot"}, "embedding must be one of learned, one-hot"),
        ({"score_also": "5..6"}, "score_also must be a part of score"),
        ({"score": "5..9", "score_also": "4..6"}, "score_also must be a part of score"),
        ({"readout": "state:before=tanh"}, "before must be"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, why):
    with pytest.raises(UsageError, match=why):
        st.run(settings.pop("task", "bitflip"), steps=1, **settings)


def test_every_task_with_a_paper_names_its_protocol_or_what_is_missing():
    for entry in current_registry().entries("task"):
        task = st.task(entry.name)
        if entry.plugin not in ("chomsky", "groups", "languages", "memory", "recall"):
            continue
        if task.source in ("", "our own") or entry.name == "n-bit-flip-flop":
            continue
        assert task.published is not None, entry.name
        assert bool(task.published.missing) is (task.published.settings is None), entry.name
