"""Writing a program leaves the model as it was, and writes the same program each time."""

import pytest
from small_graphs import looped, weight

from seqtasks.engine.native.emit.source import write_program
from seqtasks.engine.native.plan.plan import make_plan
from seqtasks.engine.pipeline import torch_source


def step(graph, x, h):
    w, u = weight(graph, 0, 2, 2), weight(graph, 1, 2, 2)
    return [graph.pointwise("tanh", graph.add(graph.linear(w, x), graph.linear(u, h)))]


@pytest.fixture
def made():
    return looped([2], step)


def c_of(made):
    names = {leaf: f"p{leaf.value[0]}" for leaf in made.model_graph.parameters}
    return write_program(make_plan(made.model_graph, names), "a cell").source


def test_products_moved_into_a_loop_are_back_in_their_phase_once_the_c_is_written(made):
    of_x = made.graph.linear(weight(made.graph, 0, 2, 2), made.x)
    before = {node: node.phase for node in made.graph.nodes}
    c_of(made)
    assert before[of_x] == made.phases.before(0)  # the program makes it in the loop
    assert {node: node.phase for node in before} == before


def test_the_same_model_gives_the_same_c_twice(made):
    assert c_of(made) == c_of(made)


def test_writing_tensor_operations_adds_nothing_to_the_model(made):
    before = list(made.graph.nodes), dict(made.graph.pullbacks)
    first = torch_source(made.model_graph, False).source
    assert (made.graph.nodes, made.graph.pullbacks) == before
    assert torch_source(made.model_graph, False).source == first


def test_one_engines_program_is_the_same_whether_or_not_the_other_wrote_its_own(made):
    alone = c_of(looped([2], step))
    torch_source(made.model_graph, False)
    assert c_of(made) == alone


def test_a_gradient_is_kept_for_each_trained_number_and_blas_asked_for_by_large_products_alone(
    made,
):
    names = {leaf: f"p{leaf.value[0]}" for leaf in made.model_graph.parameters}
    emitted = write_program(make_plan(made.model_graph, names), "a cell")
    # Two matrices of four numbers each: the second begins at 4, and 8 fill one vector of 16.
    assert emitted.offsets == [0, 4]
    assert emitted.gradients == 16
    assert not emitted.needs_blas
