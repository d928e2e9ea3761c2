"""Cells of operations drawn at random run by each engine and agree with the plain loop."""

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some
from random_cells import RandomCell, Recipe, recipes
from random_operations import OPERATIONS
from truth import ENGINES, Subject, check, problem

PATIENT = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # the recipe is short, and shrinking it compiles hundreds
)


def checked(recipe, engine, width, sizes, from_given, mixed):
    torch.manual_seed(0)
    subject = Subject(RandomCell(recipe, width))
    for batch, steps in sizes:
        check(problem(subject, batch, steps, from_given, mixed), engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_sample(engine):
    @settings(PATIENT, max_examples=3)
    @given(recipes(), some.sampled_from([1, 2, 3, 5]), some.booleans(), some.booleans())
    def run(recipe, width, from_given, mixed):
        checked(recipe, engine, width, [(1, 1), (3, 2), (17, 10)], from_given, mixed)

    run()


GROUP = 6
NAMES = list(OPERATIONS)
GROUPS = [tuple(NAMES[k : k + GROUP]) for k in range(0, len(NAMES), GROUP)]


def groups():
    """Return each group of operations by each engine; a few are quick."""
    for k, group in enumerate(GROUPS):
        for engine in ENGINES:
            quick = k % 5 == 0 and engine == ENGINES[k % len(ENGINES)]
            marks = () if quick else pytest.mark.slow
            yield pytest.param(engine, group, id=f"{engine} {', '.join(group)}", marks=marks)


@pytest.mark.parametrize(("engine", "group"), [*groups()])
def test_every_operation(engine, group):
    torch.manual_seed(0)
    steps = tuple((name, (k + 1, k, 0)) for k, name in enumerate(group))
    recipe = Recipe(steps, (False, True), (0, 3), ("eases", "forgets"), len(steps) + 2, True)
    subject = Subject(RandomCell(recipe, 4))
    for from_given in (False, True):
        posed = problem(subject, 5, 24, from_given, mixed=from_given)
        check(posed, engine, [torch.float64])


@pytest.mark.slow
@pytest.mark.parametrize("width", [1, 3, 10, 64, 100])
@pytest.mark.parametrize("engine", ENGINES)
def test_many(engine, width):
    @settings(PATIENT, max_examples=30)
    @given(recipes(), some.booleans(), some.booleans())
    def run(recipe, from_given, mixed):
        sizes = [(1, 1), (3, 2), (17, 10), (512, 2), (3 if width <= 10 else 1, 500)]
        checked(recipe, engine, width, sizes, from_given, mixed)

    run()
