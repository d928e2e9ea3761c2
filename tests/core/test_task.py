"""A task's batches: where inputs, answers, blanks and unscored positions stand."""

from dataclasses import dataclass

import numpy as np
import pytest

from seqtasks.errors import UsageError
from seqtasks.tasks import Batch, Task
from seqtasks.tasks.alphabets import IGNORE, Reals, Tokens
from seqtasks.tasks.lengths import AllowedLengths

INPUTS = np.array([[0, 1, 2], [2, 2, 1]], dtype=np.uint8)


class Letters(Task):
    """A task on three letters; `answer` is what its encoder returns."""

    inputs = Tokens("abc")
    targets = Tokens("xyz")
    answer = staticmethod(lambda inputs: 2 - inputs)

    def generate(self, rng, batch_size, length):
        """Draw letters."""
        return rng.integers(3, size=(batch_size, length), dtype=np.uint8)

    def encode(self, inputs):
        """Return what the test asks for."""
        return self.answer(inputs)


def letters(layout, answer, **attributes):
    """Return a task of a layout, with an encoder."""
    return type("Letters", (Letters,), {"layout": layout, "answer": staticmethod(answer)})()


class Vectors(Letters):
    """A task on vectors of two, answered by vectors of three."""

    inputs = Reals(2)
    targets = Reals(3)

    def generate(self, rng, batch_size, length):
        """Draw vectors."""
        return rng.normal(size=(batch_size, length, 2))


def vectors(layout, answer):
    """Return a task on vectors of a layout, with an encoder."""
    return type("Vectors", (Vectors,), {"layout": layout, "answer": staticmethod(answer)})()


def test_an_answer_at_each_step_stands_beside_its_input():
    batch = letters("each", lambda inputs: 2 - inputs).batch_of(INPUTS)
    assert batch.inputs.tolist() == [[0, 1, 2], [2, 2, 1]]
    assert batch.targets.tolist() == [[2, 1, 0], [0, 0, 1]]
    assert batch.lengths.tolist() == [3, 3]
    assert batch.scored.all()


def test_an_answer_at_the_end_stands_at_the_last_step_alone():
    batch = letters("end", lambda inputs: inputs.sum(1) % 3).batch_of(INPUTS)
    assert batch.inputs.tolist() == [[0, 1, 2], [2, 2, 1]]
    assert batch.targets.tolist() == [[IGNORE, IGNORE, 0], [IGNORE, IGNORE, 2]]
    assert batch.lengths.tolist() == [3, 3]
    assert batch.scored.tolist() == [[False, False, True]] * 2


@pytest.mark.parametrize("answer_length", [1, 2, 5])
def test_an_answer_after_the_input_is_emitted_over_blanks(answer_length):
    task = letters("after", lambda inputs: np.ones((len(inputs), answer_length)))
    batch = task.batch_of(INPUTS)
    blank, unscored = [3] * answer_length, [IGNORE] * 3
    assert batch.inputs.tolist() == [[0, 1, 2, *blank], [2, 2, 1, *blank]]
    assert batch.targets.tolist() == [[*unscored, *[1] * answer_length]] * 2
    assert batch.lengths.tolist() == [3 + answer_length] * 2


def test_the_blank_counts_among_the_inputs_only_where_there_is_one():
    sizes = {layout: letters(layout, None).input_size for layout in ("each", "end", "after")}
    assert sizes == {"each": 3, "end": 3, "after": 4}
    assert vectors("after", None).input_size == 2


def test_ids_are_int64_and_vectors_float32():
    for layout in ("each", "end", "after"):
        answer = (lambda i: i[:, 0]) if layout == "end" else (lambda i: i)
        batch = letters(layout, answer).batch_of(INPUTS)
        assert {batch.inputs.dtype, batch.targets.dtype} == {np.dtype(np.int64)}
        answer = (lambda v: np.ones((2, 3))) if layout == "end" else (lambda v: np.ones((2, 4, 3)))
        batch = vectors(layout, answer).batch_of(np.zeros((2, 4, 2)))
        assert {batch.inputs.dtype, batch.targets.dtype} == {np.dtype(np.float32)}
        assert batch.lengths.dtype == np.int64


def test_vectors_have_nan_where_nothing_is_scored_and_zeros_for_blanks():
    drawn = np.arange(12.0).reshape(2, 3, 2)
    each = vectors("each", lambda inputs: np.repeat(inputs[..., :1], 3, axis=2)).batch_of(drawn)
    assert each.targets.tolist() == [
        [[0] * 3, [2] * 3, [4] * 3],
        [[6] * 3, [8] * 3, [10] * 3],
    ]
    end = vectors("end", lambda inputs: np.ones((2, 3))).batch_of(drawn)
    assert np.isnan(end.targets[:, :2]).all()
    assert (end.targets[:, 2] == 1).all()
    after = vectors("after", lambda inputs: np.ones((2, 2, 3))).batch_of(drawn)
    assert np.isnan(after.targets[:, :3]).all()
    assert (after.targets[:, 3:] == 1).all()
    assert (after.inputs[:, :3] == drawn).all()
    assert (after.inputs[:, 3:] == 0).all()
    assert after.scored.tolist() == [[False] * 3 + [True] * 2] * 2


@pytest.mark.parametrize("layout", ["each", "end", "after"])
def test_a_length_of_one_is_laid_out_too(layout):
    task = letters(layout, lambda i: i[:, 0] if layout == "end" else i)
    batch = task.batch_of(np.array([[1], [2]]))
    expected = [[IGNORE, 1], [IGNORE, 2]] if layout == "after" else [[1], [2]]
    assert batch.targets.tolist() == expected


@pytest.mark.parametrize(
    ("layout", "shape", "wanted"),
    [
        ("each", (2,), r"\(2, 3\)"),
        ("each", (2, 4), r"\(2, 3\)"),
        ("each", (3, 2), r"\(2, 3\)"),
        ("each", (2, 3, 1), r"\(2, 3\)"),
        ("end", (2, 1), r"\(2,\)"),
        ("end", (3,), r"\(2,\)"),
        ("end", (), r"\(2,\)"),
        ("after", (2,), r"\(2, 'answer length'\)"),
        ("after", (3, 2), r"\(2, 2\)"),
        ("after", (2, 3, 1), r"\(2, 3\)"),
    ],
)
def test_answers_of_a_wrong_shape_are_named_with_what_the_layout_needs(layout, shape, wanted):
    task = letters(layout, lambda inputs: np.zeros(shape, dtype=int))
    found = str(shape).replace("(", r"\(").replace(")", r"\)")
    message = f"Letters.encode returned shape {found}; the layout '{layout}' needs {wanted}"
    with pytest.raises(ValueError, match=message):
        task.batch_of(INPUTS)


@pytest.mark.parametrize(
    ("layout", "shape"),
    [("each", (2, 4)), ("each", (2, 4, 2)), ("end", (2, 4, 3)), ("after", (2, 5)), ("after", (2,))],
)
def test_answers_without_the_features_of_their_vectors_are_refused(layout, shape):
    task = vectors(layout, lambda inputs: np.zeros(shape))
    with pytest.raises(ValueError, match=rf"Vectors.encode returned shape .*'{layout}' needs"):
        task.batch_of(np.zeros((2, 4, 2)))


@pytest.mark.parametrize("shape", [(2,), (2, 7), (5, 2), (2, 5, 1), (3, 5)])
def test_inputs_of_another_shape_than_asked_for_are_refused(shape):
    task = letters("each", lambda inputs: inputs)
    type(task).generate = lambda self, rng, batch_size, length: np.zeros(shape, dtype=int)
    with pytest.raises(ValueError, match=r"Letters\.generate returned shape"):
        task.batch(np.random.default_rng(0), 2, 5)


def test_answers_that_are_no_whole_ids_are_refused():
    task = letters("each", lambda inputs: inputs + 0.5)
    with pytest.raises((ValueError, TypeError, UsageError), match="encode"):
        task.batch_of(INPUTS)


@pytest.mark.parametrize("length", [-1, 0, 2, 4, 11])
def test_a_length_the_task_cannot_have_is_refused(length):
    class Odd(Letters):
        lengths = AllowedLengths(1, 2, 9)

    with pytest.raises(UsageError) as caught:
        Odd().batch(np.random.default_rng(0), 2, length)
    assert str(caught.value) == f"Odd cannot have length {length}: it has odd lengths from 1 to 9"
    assert Odd().batch(np.random.default_rng(0), 2, 9).inputs.shape == (2, 9)


@pytest.mark.parametrize("make", [letters, vectors])
@pytest.mark.parametrize("layout", ["each", "end", "after"])
def test_a_task_serves_many_calls_at_changing_lengths(make, layout):
    def answer(inputs):
        reals = inputs.ndim == 3
        each = np.zeros((*inputs.shape[:2], 3)) if reals else np.zeros(inputs.shape[:2])
        return each[:, -1] if layout == "end" else each

    task, rng = make(layout, answer), np.random.default_rng(0)
    seen = []
    for length in (5, 8, 5, 1):
        batch = task.batch(rng, 4, length)
        steps = 2 * length if layout == "after" else length
        assert batch.inputs.shape[:2] == batch.targets.shape[:2] == (4, steps)
        assert batch.lengths.tolist() == [steps] * 4
        assert batch.scored.sum(1).tolist() == [1 if layout == "end" else length] * 4
        seen.append(batch.inputs.tobytes())
    assert seen[0] != seen[2]


def test_the_same_stream_draws_the_same_batch():
    task = letters("each", lambda inputs: 2 - inputs)
    first, second = (task.batch(np.random.default_rng(3), 5, 6) for _ in range(2))
    assert first.inputs.tolist() == second.inputs.tolist()
    assert first.targets.tolist() == second.targets.tolist()


def test_a_batch_marks_as_unscored_what_is_ignored_or_nan():
    ids = Batch(np.zeros((1, 2)), np.array([[IGNORE, 0]]), np.array([2]))
    reals = Batch(np.zeros((1, 2)), np.array([[[np.nan, 1.0], [0.0, 1.0]]]), np.array([2]))
    assert ids.scored.tolist() == reals.scored.tolist() == [[False, True]]


def test_what_a_task_does_not_define_is_named():
    class Empty(Task):
        inputs = targets = Tokens("01")

    with pytest.raises(UsageError, match="Empty does not define generate"):
        Empty().batch(np.random.default_rng(0), 1, 2)
    with pytest.raises(UsageError, match="Empty does not define encode"):
        Empty().batch_of(np.zeros((1, 3), dtype=np.int64))
    with pytest.raises(UsageError, match="Empty cannot enumerate its inputs"):
        Empty().enumerate(3)
    assert Empty().domain_size(3) is None


def test_a_task_is_solved_when_every_sequence_is_right():
    task = letters("each", None)
    assert task.is_solved({"token_accuracy": 1.0, "sequence_accuracy": 1.0})
    assert not task.is_solved({"token_accuracy": 1.0, "sequence_accuracy": 0.999})
    assert not task.is_solved({"mean_squared_error": 0.0})


def test_a_task_with_parameters_is_a_frozen_dataclass():
    @dataclass(frozen=True)
    class Add(Letters):
        amount: int = 1

        def encode(self, inputs):
            return (inputs + self.amount) % 3

    assert Add(2) == Add(amount=2) != Add()
    assert Add(2).batch_of(INPUTS).targets.tolist() == [[2, 0, 1], [1, 1, 0]]
