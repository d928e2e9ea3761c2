"""The verifier accepts what the passes make, and names each kind of fault."""

from dataclasses import replace

import numpy as np
import pytest
from small_graphs import looped, weight

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Columns
from seqtasks.engine.graph.verify import GraphError, verify, verify_model
from seqtasks.engine.native.plan.plan import make_plan


@pytest.fixture(autouse=True)
def switched_on(monkeypatch):
    monkeypatch.setenv("SEQTASKS_VERIFY", "1")


def of_one_layer():
    return looped(
        [2],
        lambda graph, x, h: [
            graph.pointwise(
                "tanh",
                graph.add(
                    graph.linear(weight(graph, 0, 2, 3), x), graph.linear(weight(graph, 1, 2, 2), h)
                ),
            )
        ],
        features=3,
    )


def replaced(graph, node, **changes):
    """Put a changed node in a node's place."""
    graph.nodes[node.number] = replace(node, **changes)


def spoilt(node, name, value):
    """Change a node in a way that no pass can."""
    object.__setattr__(node, name, value)


def found(made, operation):
    return next(node for node in made.graph.nodes if node.operation == operation)


def test_a_model_and_its_plan_are_right():
    made = of_one_layer()
    assert verify_model(made.model_graph) is made.model_graph
    names = {leaf: f"p{leaf.value[0]}" for leaf in made.model_graph.parameters}
    verify_model(make_plan(made.model_graph, names).model)


FAULTS = {
    "its place in the graph is": lambda graph, node: replaced(graph, node, number=0),
    "is of a later phase": lambda graph, node: spoilt(node, "phase", 0),
    "should have BATCH": lambda graph, node: spoilt(node, "columns", Columns.ONE),
    "its operands have the shapes": lambda graph, node: spoilt(node, "shape", (3,)),
}


@pytest.mark.parametrize("message", FAULTS)
def test_a_wrong_node_is_named_with_its_fault(message):
    made = of_one_layer()
    tanh = found(made, "tanh")
    FAULTS[message](made.graph, tanh)
    with pytest.raises(GraphError, match=message) as raised:
        verify(made.graph)
    assert " = tanh(" in str(raised.value)


def test_a_node_before_its_operand_is_named():
    made = of_one_layer()
    tanh = found(made, "tanh")
    spoilt(tanh, "inputs", (tanh,))
    with pytest.raises(GraphError, match="made before its operand"):
        verify(made.graph)


def test_a_product_whose_sizes_do_not_fit_is_named():
    made = of_one_layer()
    product = found(made, "linear")
    spoilt(product, "value", not product.value)
    with pytest.raises(GraphError, match="a matrix of"):
        verify(made.graph)


def test_a_view_of_places_that_are_not_there_is_named():
    graph = Graph()
    source = weight(graph, 0, 3)
    graph.view(source, np.array([0, 1]), (2,)).index[1] = 3
    with pytest.raises(GraphError, match="its index has 2 places, of an operand of 3"):
        verify(graph)


def test_a_node_of_another_graph_is_named():
    made, other = of_one_layer(), of_one_layer()
    made.model_graph.predictions = other.model_graph.predictions
    with pytest.raises(GraphError, match="belongs to another graph"):
        verify_model(made.model_graph)


def test_a_gradient_of_another_size_is_named():
    made = of_one_layer()
    gradients = made.model_graph.gradients.of_parameters
    first, second = list(gradients)[:2]
    gradients[first] = gradients[second]
    with pytest.raises(GraphError, match=r"has [46] numbers"):
        verify_model(made.model_graph)


def test_nothing_is_verified_where_nobody_asks(monkeypatch):
    monkeypatch.setenv("SEQTASKS_VERIFY", "0")
    made = of_one_layer()
    spoilt(found(made, "tanh"), "shape", (3,))
    assert verify_model(made.model_graph) is made.model_graph
