"""What would fail in a run is named before it begins, and nothing is written then."""

import pytest
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
        (Narrow, r"^the model Narrow fails on inputs of length 5: RuntimeError: .*line 17\)$"),
        (Short, r"predictions must be \(batch, time, symbols\) \(2, 5, 2\), got \(2, 4, 2\)"),
    ],
)
def test_a_module_of_ones_own_is_told_what_is_wrong_with_it(tmp_path, model, message):
    with pytest.raises(st.UsageError, match=message):
        st.run("bitflip", model=model(), length="5", evaluation_lengths=(5,), out=tmp_path)
    assert not list(tmp_path.iterdir())
