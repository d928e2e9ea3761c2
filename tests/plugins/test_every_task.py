"""What every registered task must do, whoever wrote it: the checks that authors are offered."""

import numpy as np
import pytest

import seqtasks as st
from seqtasks.registry.discovery import current_registry
from seqtasks.registry.variants import task_choices
from seqtasks.tasks.lengths import LengthRange
from seqtasks.testing import parametrize_with_checks

NAMES = current_registry().names("task")


@parametrize_with_checks(NAMES, kind="task")
def test_a_registered_task_keeps_what_a_task_must(check):
    check()


VARIANTS = [spec for name in NAMES for spec in task_choices(name) if spec != name]


@pytest.mark.slow
@parametrize_with_checks(VARIANTS, kind="task")
def test_a_registered_task_keeps_it_in_each_of_its_modes(check):
    check()


def made(name):
    """Return a task and the first of the lengths that its settings train on."""
    task = st.task(name)
    return task, task.lengths.within(LengthRange.parse(task.settings.length))[0]


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_batch_has_the_shapes_and_types_of_any_other(name):
    task, length = made(name)
    some = task.batch(np.random.default_rng(1), batch_size=3, length=length)
    none = task.batch(np.random.default_rng(1), batch_size=0, length=length)
    for full, empty in zip(vars(some).values(), vars(none).values(), strict=True):
        assert empty.shape == (0, *full.shape[1:])
        assert empty.dtype == full.dtype
    full, empty = (task.draw(np.random.default_rng(1), count, length) for count in (3, 0))
    assert (empty.shape, empty.dtype) == ((0, *full.shape[1:]), full.dtype)


@pytest.mark.parametrize("name", NAMES)
def test_drawing_nothing_leaves_the_stream_as_it_was(name):
    task, length = made(name)
    rng = np.random.default_rng(4)
    task.batch(rng, 0, length)
    task.draw(rng, 0, length)
    assert rng.bit_generator.state == np.random.default_rng(4).bit_generator.state


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rng", [0, None, np.random.RandomState(0)])
@pytest.mark.parametrize("batch_size", [0, 2])
def test_what_is_no_generator_is_refused_by_the_tasks_name(name, rng, batch_size):
    task, length = made(name)
    with pytest.raises(st.UsageError) as caught:
        task.batch(rng, batch_size=batch_size, length=length)
    assert str(caught.value) == (
        f"{name} is drawn from a NumPy generator, such as np.random.default_rng(0), "
        f"not from an object of type {type(rng).__name__}"
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_of_less_than_nothing_is_refused(name):
    task, length = made(name)
    with pytest.raises(st.UsageError, match="batch_size must be at least 0, got -1"):
        task.batch(np.random.default_rng(0), batch_size=-1, length=length)
