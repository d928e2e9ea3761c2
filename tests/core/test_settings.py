"""The settings a task recommends: every value is checked alone, and said what is wrong with."""

import math

import pytest

from seqtasks.errors import UsageError
from seqtasks.tasks.settings import Settings


def test_settings_left_out_have_values_that_pass_their_own_checks():
    made = Settings()
    again = Settings(**{name: getattr(made, name) for name in Settings.field_names()})
    assert again == made


def test_field_names_are_those_the_constructor_takes():
    names = Settings.field_names()
    assert {"cell", "readout", "hidden_size", "length", "steps", "clip"} <= set(names)
    assert len(names) == len(set(names))
    with pytest.raises(TypeError):
        Settings(hiden_size=3)


@pytest.mark.parametrize("name", ["hidden_size", "layers", "steps", "batch_size", "embedding_size"])
def test_a_size_or_count_is_a_whole_number_of_at_least_one(name):
    assert getattr(Settings(**{name: 1}), name) == 1
    for wrong in (0, -3):
        with pytest.raises(UsageError, match=f"{name} must be at least 1, got {wrong}"):
            Settings(**{name: wrong})
    for wrong in (2.0, "8", True, [8]):
        with pytest.raises(UsageError) as caught:
            Settings(**{name: wrong})
        assert str(caught.value) == f"{name} must be a whole number, got {wrong!r}"


@pytest.mark.parametrize(
    "name", ["hidden_size", "layers", "steps", "batch_size", "ponder", "solved_after"]
)
def test_none_is_no_whole_number(name):
    with pytest.raises(UsageError, match=f"{name} must be a whole number, got None"):
        Settings(**{name: None})


@pytest.mark.parametrize("name", ["ponder", "solved_after"])
def test_a_count_may_be_zero_but_not_less(name):
    assert getattr(Settings(**{name: 0}), name) == 0
    with pytest.raises(UsageError, match=f"{name} must be at least 0, got -1"):
        Settings(**{name: -1})


def test_a_share_to_hold_out_is_from_zero_to_below_one():
    for right in (0, 0.1, 0.999):
        assert Settings(holdout=right).holdout == right
    for wrong in (-0.1, 1, 1.5, math.nan, math.inf):
        with pytest.raises(UsageError, match="holdout must be a share from 0 to below 1, got"):
            Settings(holdout=wrong)
    for wrong in ("0.1", None, True):
        with pytest.raises(UsageError, match="holdout must be a number, got"):
            Settings(holdout=wrong)


@pytest.mark.parametrize("name", ["learning_rate", "clip"])
def test_a_rate_or_norm_is_a_finite_number_above_zero(name):
    for right in (0.5, 2):
        kept = getattr(Settings(**{name: right}), name)
        assert kept == right
        assert isinstance(kept, float)
    for wrong in (0, -0.1, math.inf, -math.inf, math.nan):
        with pytest.raises(UsageError, match=f"{name} must be a finite number above 0, got"):
            Settings(**{name: wrong})
    for wrong in ("0.1", True, [0.1]):
        with pytest.raises(UsageError) as caught:
            Settings(**{name: wrong})
        assert str(caught.value) == f"{name} must be a number, got {wrong!r}"


def test_clipping_and_the_embedding_size_may_be_left_to_none_and_the_learning_rate_not():
    assert Settings(clip=None).clip is None
    assert Settings(embedding_size=None).embedding_size is None
    with pytest.raises(UsageError, match="learning_rate must be a number, got None"):
        Settings(learning_rate=None)


@pytest.mark.parametrize(
    ("name", "known"), [("loss_reduction", ("mean", "sum")), ("data", ("sampled", "epochs"))]
)
def test_a_choice_is_one_of_those_there_are(name, known):
    for choice in known:
        assert getattr(Settings(**{name: choice}), name) == choice
    for wrong in ("median", "", None, 1, []):
        with pytest.raises(UsageError) as caught:
            Settings(**{name: wrong})
        assert str(caught.value) == f"{name} must be one of {', '.join(known)}, got {wrong!r}"


@pytest.mark.parametrize(
    ("given", "kept"), [("10", "10"), (10, "10"), (" 1..20 ", "1..20"), ("7..7", "7")]
)
def test_a_length_is_kept_in_one_spelling(given, kept):
    assert Settings(length=given).length == kept


@pytest.mark.parametrize("wrong", ["long", "20..1", 0, 1.5, None, [10]])
def test_a_length_that_is_none_is_refused(wrong):
    with pytest.raises(UsageError, match=r"is not a length|must be at least 1|is reversed"):
        Settings(length=wrong)


def test_evaluation_lengths_are_kept_in_order_each_once():
    assert Settings(evaluation_lengths=[20, 10, 20, 5]).evaluation_lengths == (20, 10, 5)
    assert Settings().evaluation_lengths is None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ((10, 0), "a length must be at least 1, got 0"),
        ((10, -5), "a length must be at least 1, got -5"),
        ((10, 1.5), "evaluation_lengths must be whole numbers, got 1.5"),
        (("10",), "evaluation_lengths must be whole numbers, got '10'"),
        ((True,), "evaluation_lengths must be whole numbers, got True"),
        (10, "evaluation_lengths must be"),
        ((), "evaluation_lengths must name at least one length"),
    ],
)
def test_evaluation_lengths_that_are_no_lengths_are_refused(wrong, message):
    with pytest.raises(UsageError, match=message):
        Settings(evaluation_lengths=wrong)


@pytest.mark.parametrize("name", ["cell", "readout", "optimizer", "curriculum"])
@pytest.mark.parametrize("wrong", [5, None, ["gru"]])
def test_a_thing_that_is_neither_a_spec_nor_a_class_is_refused(name, wrong):
    with pytest.raises(UsageError, match=name):
        Settings(**{name: wrong})


def test_settings_cannot_be_changed_in_place():
    with pytest.raises(AttributeError):
        Settings().steps = 1
