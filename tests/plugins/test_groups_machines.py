"""The automata of the groups' tasks: every state is reached and none forgotten."""

import numpy as np
import pytest
from test_groups_tasks import arrows_of, walked

from seqtasks.randomness.streams import stream
from seqtasks.registry.find import task as find_task


def test_the_default_automaton_has_no_trap_and_goes_through_all_its_states():
    task = find_task("automaton")
    targets = task.batch(stream(1, "test"), 2000, 50).targets
    assert (np.bincount(targets[:, 40], minlength=5) > 20).all()


@pytest.mark.parametrize("machine", range(12))
def test_an_automaton_never_forgets_and_reaches_every_state(machine):
    task = find_task(f"automaton:machine={machine}")
    arrows = arrows_of(task)
    for symbol in task.inputs.symbols:
        assert {arrows[state][symbol] for state in range(5)} == {0, 1, 2, 3, 4}
    # Whatever follows, two strings that lead to different states stay apart.
    later = np.random.default_rng(machine).integers(3, size=40)
    ends = set()
    for first in range(5):
        start = next(
            w for w in task.enumerate(6) if walked(task.inputs.words(w), task)[-1] == str(first)
        )
        ends.add(walked(task.inputs.words(np.append(start, later)), task)[-1])
    assert len(ends) == 5


def test_each_seed_is_another_automaton():
    inputs = np.random.default_rng(0).integers(3, size=(5, 30))
    answers = {find_task(f"automaton:machine={n}").encode(inputs).tobytes() for n in range(20)}
    assert len(answers) == 20
