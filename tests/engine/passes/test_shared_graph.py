"""Both engines read one graph: neither changes it, even if a pass of theirs fails half-way."""

from dataclasses import FrozenInstanceError, fields

import pytest
import torch
from small_graphs import looped, weight
from whole_models import made as model_of

from seqtasks.engine.native.emit import source as native_source
from seqtasks.engine.native.emit.source import write_program
from seqtasks.engine.native.plan import plan
from seqtasks.engine.native.plan.plan import make_plan
from seqtasks.engine.pipeline import torch_source
from seqtasks.engine.tensors.emit.backward_pass import Backward
from seqtasks.engine.tensors.plan import place
from seqtasks.engine.tensors.rewrite import sections


def step(graph, x, h):
    w, u = weight(graph, 0, 2, 2), weight(graph, 1, 2, 2)
    total = graph.add(graph.linear(w, x), graph.linear(u, h))
    gate = graph.pointwise("sigmoid", graph.linear(u, x))
    return [graph.multiply(gate, graph.pointwise("tanh", total))]


def small():
    return looped([2], step).model_graph


def c_of(model):
    names = {leaf: f"p{leaf.value[0]}" for leaf in model.parameters}
    return write_program(make_plan(model, names), "a cell").source


def python_of(model):
    return torch_source(model, False).source


def taken(model):
    """Return everything that a model's graph holds, without the nodes' identity being lost."""
    graph, gradients = model.graph, model.gradients
    nodes = [(node, [getattr(node, one.name) for one in fields(node)]) for node in graph.nodes]
    parts = [[getattr(part, one.name) for one in fields(part)] for part in model.parts]
    return (
        *(nodes, parts, dict(graph.pullbacks), set(graph.rounded), set(graph.whole)),
        *(graph.least_phase, model.predictions, model.cotangent, gradients.of_inputs),
        {leaf: list(found) for leaf, found in gradients.of_parameters.items()},
        dict(gradients.of_states),
    )


FAILING = [
    *((plan, name, c_of, python_of) for name in ("direct_products", "plan_storage", "live_in")),
    (native_source.Values, "write", c_of, python_of),
    *((sections, name, python_of, c_of) for name in ("products_joined", "contributions_joined")),
    *((sections, name, python_of, c_of) for name in ("live", "is_alias")),
    (place, "terms_of", python_of, c_of),
    (Backward, "text", python_of, c_of),
]


@pytest.mark.parametrize(
    ("home", "name", "failing", "other"), FAILING, ids=[name for _, name, *_ in FAILING]
)
def test_a_pass_that_fails_leaves_the_graph_to_the_other_engine_as_it_was(
    home, name, failing, other, monkeypatch
):
    alone = other(small())
    model = small()
    before = taken(model)
    right, calls = getattr(home, name), []

    def fails(*args, **options):
        calls.append(right(*args, **options))
        if len(calls) == last:
            raise RuntimeError("this pass fails half-way")
        return calls[-1]

    with monkeypatch.context() as patched:
        patched.setattr(home, name, fails)
        last = 0
        failing(small())
        last = len(calls)  # the last call of the pass does all of its work, and fails
        calls.clear()
        with pytest.raises(RuntimeError, match="half-way"):
            failing(model)
    assert taken(model) == before
    assert other(model) == alone


@pytest.mark.parametrize("write", [c_of, python_of])
def test_writing_a_program_changes_nothing_in_the_graph(write):
    model = small()
    before = taken(model)
    write(model)
    assert taken(model) == before


@pytest.mark.parametrize("name", ["phase", "inputs", "value", "columns"])
def test_no_pass_can_write_to_a_node(name):
    node = small().predictions
    with pytest.raises(FrozenInstanceError):
        setattr(node, name, getattr(node, name))


def test_a_plan_that_fails_leaves_the_model_to_the_torch_engine(monkeypatch):
    def fails(*args):
        raise RuntimeError("no plan")

    plain, model = model_of("gru"), model_of("gru")
    model.load_state_dict(plain.state_dict())
    monkeypatch.setattr(plan, "plan_storage", fails)
    engines = model.use_engine("auto")
    ids = torch.tensor([[0, 1, 2, 1]])
    found = []
    for one in (model, plain):
        predictions = one(ids)[0]
        predictions.square().sum().backward()
        found.append([predictions, *(parameter.grad for parameter in one.parameters())])
    assert engines.name == "torch"
    assert engines.reasons["native"] == "no plan"
    for ours, right in zip(*found, strict=True):
        torch.testing.assert_close(ours, right)
