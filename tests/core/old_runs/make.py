"""Make the runs beside this file, with seqtasks of commit d67fe89; pictures and locks were deleted.

They are never made again: that later versions read them is what the tests check.
"""

from pathlib import Path

from torch import nn

import seqtasks as st

SMALL = {
    "hidden_size": 3,
    "embedding_size": 2,
    "steps": 4,
    "log_every": 2,
    "evaluate_every": 2,
    "checkpoint_every": 2,
    "length": "4",
    "evaluation_lengths": (4,),
    "validation_sequences": 16,
    "evaluation_sequences": 16,
    "solved_after": 0,
    "batch_size": 4,
    "engine": "plain",
    "out": "runs",
}
OWN_FILE = next(Path(__file__).parent.glob("own-file-1/source/*.py"))


class Decay(st.Cell):
    """h' = h / 2 + W x"""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)

    def forward(self, x, h):
        return 0.5 * h + self.linear(x)


class Table(nn.Module):
    """A model that knows no order."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(2, 2)

    def forward(self, ids):
        return self.table(ids)


class Steps:
    """Notes the step of a run."""

    step = 0

    @st.hookimpl
    def run_advanced(self, run):
        self.step = run.step


def stopped(task, **settings):
    """Stop a run at its first checkpoint, of step 2."""
    at = Steps()
    try:
        st.run(task, observers=[at], stop=lambda: 15 if at.step >= 2 else 0, **settings)
    except st.RunInterruptedError as interruption:
        return interruption.path
    raise AssertionError("the run was not stopped")


def main():
    """Make one run of each kind."""
    own = {"cell": f"{OWN_FILE}:Leaky:rate=0.25", "readout": f"{OWN_FILE}:Plain"}
    st.run("parity", cell="concat", name="registered", **SMALL)
    other = {"cell": "elman:nonlinearity=relu", "readout": "state"}
    stopped("bitshift:shift=1", name="unfinished", **other, **SMALL)
    st.run(f"{OWN_FILE}:Flip:same=true", name="own-file", **own, **SMALL)
    stopped("parity", cell=f"{OWN_FILE}:Leaky", name="own-file-unfinished", **SMALL)
    st.run("parity", cell=Decay, name="made-in-a-program", **SMALL)
    stopped("parity", cell=Decay, name="made-in-a-program-unfinished", **SMALL)
    st.run("bitflip", model=Table(), name="own-model", **SMALL)
    stopped("bitflip", model=Table(), name="own-model-unfinished", **SMALL)
    path = stopped("parity", cell="gru", name="resumed", **SMALL)
    st.resume(path)
    st.resume(path, 6)


if __name__ == "__main__":
    main()
