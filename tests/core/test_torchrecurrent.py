"""Every cell of the package torchrecurrent runs as it is, plain and by the fastest engine."""

import copy
import inspect
import json

import pytest
import torch
from any_module_runs import PLAINLY, run_resume_and_score

import seqtasks as st
from seqtasks.errors import UsageError
from seqtasks.trust import consent

torchrecurrent = pytest.importorskip(
    "torchrecurrent", reason="torchrecurrent is not installed; it comes with seqtasks[test]"
)

NAMES = sorted(
    name
    for name, kind in vars(torchrecurrent).items()
    if name.endswith("Cell") and inspect.isclass(kind)
)
every_cell = pytest.mark.parametrize("name", NAMES)
OUTPUT_APART = {"IntersectionRNNCell", "MCLSTMCell", "TLSTMCell"}


def test_there_are_41():
    assert len(NAMES) == 41


@every_cell
def test_outputs_and_gradients_are_those_of_the_cell_called_by_hand(name):
    torch.manual_seed(0)
    cell = st.cell(f"torchrecurrent.{name}", 6, 6)
    module = copy.deepcopy(cell.module)
    inputs = torch.randn(3, 4, 6)
    outputs, _ = st.unroll(cell, inputs)
    state, expected = None, []
    for x in inputs.unbind(1):
        result = module(x) if state is None else module(x, state)
        output, state = result if name in OUTPUT_APART else (result, result)
        expected.append(output if isinstance(output, torch.Tensor) else output[0])
    expected = torch.stack(expected, 1)
    torch.testing.assert_close(outputs, expected)
    outputs.sum().backward()
    expected.sum().backward()
    for own, other in zip(cell.module.parameters(), module.parameters(), strict=True):
        torch.testing.assert_close(own.grad, other.grad)


@pytest.mark.parametrize("name", ["IntersectionRNNCell"])
def test_a_compiled_program_gives_the_plain_loops_numbers(name):
    agree_natively(name)


@pytest.mark.slow
@every_cell
def test_a_compiled_program_gives_the_plain_loops_numbers_for_each(name):
    agree_natively(name)


def agree_natively(name):
    torch.manual_seed(0)
    cell = st.cell(f"torchrecurrent.{name}", 6, 6)
    inputs = torch.randn(3, 4, 6)
    lengths = torch.tensor([4, 1, 3])
    found = []
    for engine in ("plain", "native"):
        cell.zero_grad()
        outputs, _ = st.unroll(cell, inputs, None, lengths, engine=engine)
        (outputs**2).sum().backward()
        gradients = [p.grad for p in cell.parameters() if p.grad is not None]
        found.append([outputs.detach(), *gradients])
    for own, expected in zip(found[1], found[0], strict=True):
        torch.testing.assert_close(own, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["MCLSTMCell"])
def test_one_is_run_resumed_and_scored_by_its_dotted_name(name, tmp_path):
    run_resume_and_score(f"torchrecurrent.{name}", tmp_path)


@pytest.mark.slow
@every_cell
def test_each_is_run_resumed_and_scored_by_its_dotted_name(name, tmp_path):
    run_resume_and_score(f"torchrecurrent.{name}", tmp_path, engine="auto")


def test_its_layers_are_refused_with_their_cells():
    with pytest.raises(UsageError, match=r"take the cell, torchrecurrent\.\S*MGUCell"):
        st.cell("torchrecurrent.MGU", 3, 4)


def test_in_a_record_it_is_called_only_if_this_user_allows_its_package(tmp_path, monkeypatch):
    path = st.run("parity", cell="torchrecurrent.MGUCell", out=tmp_path, **PLAINLY).path
    record = json.loads((path / "experiment.json").read_text())
    cell = record["things"]["cell"]
    assert (cell["distribution"], cell["version"]) == ("torchrecurrent", "0.2.5")
    assert st.load(path).step == 2
    monkeypatch.setenv("SEQTASKS_STATE", str(tmp_path / "of another user"))
    monkeypatch.setattr(consent, "_allowed", set())
    with pytest.raises(UsageError, match=r"MGUCell of torchrecurrent 0\.2\.5; if you trust it"):
        st.load(path)
    assert st.load(path, trust=True).step == 2
    record["experiment"]["cell"] = {"class": "torch.fx.graph_module:GraphModule"}
    (path / "experiment.json").write_text(json.dumps(record))
    with pytest.raises(UsageError, match="GraphModule of this run was made in a Python program"):
        st.load(path)
