"""What would fail in a run is named before it begins, and nothing is written then."""

import pytest
import torch
from torch import nn

import seqtasks as st


class Narrow(nn.Module):
    """A module of one's own whose parts do not fit each other."""

    def __init__(self):
        super().__init__()
        self.parts = nn.Sequential(nn.Embedding(2, 3), nn.Linear(4, 2))

    def forward(self, ids):
        return self.parts(ids)


class Short(nn.Module):
    """A module of one's own that answers all symbols but the last."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(2, 2)

    def forward(self, ids):
        return self.table(ids)[:, 1:]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Narrow, r"^the model Narrow fails on inputs of length 5: RuntimeError: .*line 18\)$"),
        (Short, r"predictions must be \(batch, time, symbols\) \(2, 5, 2\), got \(2, 4, 2\)"),
    ],
)
def test_a_module_of_ones_own_is_told_what_is_wrong_with_it(tmp_path, model, message):
    with pytest.raises(st.UsageError, match=message):
        st.run("bitflip", model=model(), length="5", evaluation_lengths=(5,), out=tmp_path)
    assert not list(tmp_path.iterdir())


# no numbers are drawn on this device, which would import all of torch's compiler
ON_META = torch.nn.Embedding.from_pretrained(torch.empty(2, 2, device="meta"))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("gru", "must be a torch.nn.Module, got str"),
        (torch.nn.Embedding, r"got the class Embedding; make one: Embedding\(\.\.\.\)"),
        (ON_META, "weight is on the device meta"),
    ],
)
def test_what_is_no_module_with_numbers_is_refused(model, message):
    with pytest.raises(st.UsageError, match=message):
        st.run("bitflip", model=model, steps=1)


@pytest.mark.parametrize("model", [None, len, "gru"])
def test_what_is_no_module_is_not_scored(model):
    for scored in (st.evaluate, st.evaluate_range):
        with pytest.raises(st.UsageError, match=r"must be a torch\.nn\.Module"):
            scored(model, "bitflip", "4")


@pytest.mark.filterwarnings("ignore")
def test_a_scripted_module_is_trained_and_not_complained_of(caplog):
    model = torch.jit.script(torch.nn.Sequential(torch.nn.Embedding(2, 4), torch.nn.Linear(4, 2)))
    settings = {"steps": 60, "learning_rate": 0.03, "evaluation_lengths": (4,), "length": "3"}
    assert st.run("bitflip", model=model, **settings).metrics[4]["token_accuracy"] == 1
    assert caplog.text == ""


@pytest.mark.parametrize("steps", ["8", True, 8.5, float("nan")])
def test_a_resume_is_asked_for_whole_steps(tmp_path, steps):
    path = st.run("bitflip", cell="concat", steps=2, evaluation_lengths=(4,), out=tmp_path).path
    with pytest.raises(st.UsageError, match="steps must be a whole number"):
        st.resume(path, steps)


@pytest.mark.parametrize("wrong", [{"count": 2.5}, {"count": "3"}, {"count": True}, {"seed": "x"}])
def test_an_export_is_asked_for_whole_numbers(tmp_path, wrong):
    with pytest.raises(st.UsageError, match="must be a whole number"):
        st.export("parity", tmp_path / "a.npz", **{"count": 3, **wrong})
    assert list(tmp_path.iterdir()) == []
