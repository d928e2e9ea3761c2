"""`--protocol published`: the paper's reading, cell, loss and scores, held to numpy by hand."""

import numpy as np
import pytest
import torch

import seqtasks as st
from seqtasks.errors import UsageError
from seqtasks.models.loss import sequence_loss
from seqtasks.registry.discovery import current_registry
from seqtasks.runs.model_and_batches import experiment_model
from seqtasks.runs.prepare import prepare
from seqtasks.tasks.alphabets import IGNORE

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
        assert experiment.initialization == "haiku"
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
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    cell = {name.removeprefix("cells.0."): value for name, value in weights.items()}
    rng = np.random.default_rng(2)
    for name, value in model.state_dict().items():
        if name.endswith(("bias", "bias_ih_l0", "bias_hh_l0")):  # which begin at zero
            value.copy_(torch.from_numpy(rng.normal(size=value.shape)))
    with torch.no_grad():
        found = model(torch.from_numpy(batch.inputs))[0].numpy()
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
    loss = sequence_loss(
        logits, torch.from_numpy(batch.targets), reduction=experiment.loss_reduction
    )
    torch.testing.assert_close(loss, by_hand)


WITH_END = ("binary-addition", "binary-multiplication", "stack-manipulation")


@pytest.mark.parametrize("name", CHOMSKY)
def test_published_training_has_zeros_after_end_and_published_scores_ignore_them(name):
    experiment = published(name, hidden_size=4, batch_size=64, length="9", engine="plain")
    assert experiment.zeros_after_end is (name in WITH_END)
    task = experiment.make_task()
    run, trainer = prepare(experiment)
    inputs, trained = (tensor.numpy() for tensor in trainer._source.batch(0))
    scored = task.batch_of(inputs[:, :9]).targets
    assert (run.task.batch_of(inputs[:, :9]).targets == scored).all()
    for answer, full in zip(scored[:, 9:], trained[:, 9:], strict=True):
        symbols = [symbol for symbol in answer.tolist() if symbol != IGNORE]
        assert full.tolist() == symbols + [0] * (len(answer) - len(symbols))
    assert (trained[:, :9] == IGNORE).all()
    assert (scored[:, 9:] == IGNORE).any() == (name in WITH_END)


def test_the_published_loss_counts_each_place_of_the_answer_alike_also_those_after_end():
    experiment = published("stack-manipulation", hidden_size=4, length="6", dtype="float64")
    run, trainer = prepare(experiment)
    inputs, _ = trainer._source.batch(0)
    logits = run.model(inputs)[0].detach().numpy()
    by_hand = []
    for row in range(128):
        symbols = run.task.encode(inputs[row : row + 1, :6].numpy())[0].tolist()
        stack = [symbol for symbol in symbols if symbol >= 0]
        answer = stack + [0] * (7 - len(stack))
        for place, symbol in enumerate(answer):
            scores = logits[row, 6 + place]
            by_hand.append(np.log(np.exp(scores).sum()) - scores[symbol])
    assert len(by_hand) == 128 * 7
    steps = trainer.advance(1)
    assert float(steps[0]) == pytest.approx(np.mean(by_hand), rel=1e-9)


def test_zeros_after_end_leave_tasks_alone_that_have_no_end():
    rng = np.random.default_rng(0)
    for name in ("parity", "reverse-string", "reber", "adding"):
        task = st.task(name)
        inputs = task.draw(rng, 5, task.lengths.nearest(12))
        found = task.with_zeros_after_end().batch_of(inputs).targets
        assert np.array_equal(found, task.batch_of(inputs).targets, equal_nan=found.dtype == "f4")


@pytest.mark.parametrize("ponder", [0, 2])
def test_zeros_after_end_stand_where_answers_do(ponder):
    task = st.task("repeat-copy").with_ponder(ponder)
    inputs = task.draw(np.random.default_rng(0), 50, task.lengths.nearest(5))
    with_zeros = task.with_zeros_after_end().batch_of(inputs).targets[:, ponder :: 1 + ponder]
    without = task.batch_of(inputs).targets[:, ponder :: 1 + ponder]
    end = task.targets.size - 1
    for found, answer in zip(with_zeros, without, strict=True):
        ended = answer.tolist().index(end)
        assert (found[: ended + 1] == answer[: ended + 1]).all()
        assert (found[ended + 1 :] == 0).all()


@pytest.mark.parametrize("name", CHOMSKY)
def test_the_tape_jumps_by_the_length_of_the_input(name):
    experiment = published(name, cell=st.task(name).published.cells["Tape-RNN"], hidden_size=3)
    task = experiment.make_task()
    [cell] = experiment_model(experiment, task).cells
    for length in (*range(1, 42), 100, 101, 333, 499, 500):
        if length not in task.lengths:
            continue
        steps = task.batch(np.random.default_rng(0), 1, length).inputs.shape[1]
        hidden, tape = cell.initial_state(1, steps)
        tape = torch.arange(tape.shape[1], dtype=torch.float32)[None, :, None].expand(1, -1, 8)
        with torch.no_grad():
            cell.action.weight.zero_()
            cell.action.bias.copy_(torch.tensor([0.0, 0, 0, 90, 0]))  # jump left
            _, moved = cell(torch.zeros(1, cell.input_size), (hidden, tape))
        assert moved[0, 0].tolist() == [float(length)] * 8


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
