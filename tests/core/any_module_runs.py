"""A small run of any module as a cell, and what must hold of it in each convention."""

import torch

import seqtasks as st

PLAINLY = {
    "hidden_size": 4, "steps": 2, "length": "2..4", "evaluation_lengths": (4,), "batch_size": 4,
    "evaluation_sequences": 4, "validation_sequences": 4, "engine": "plain",
}  # fmt: skip


def run_resume_and_score(spec, folder, **settings):
    """Run a cell, go on with the run, load it, ask it and score it."""
    done = st.run("parity", cell=spec, out=folder, **PLAINLY | settings)
    again = st.resume(done.path, steps=4)
    loaded = st.load(again.path)
    assert (again.step, loaded.step) == (4, 4)
    ids = torch.tensor([[0, 1, 1, 0], [1, 1, 1, 1]])
    assert torch.equal(loaded.model.predict(ids), again.model.predict(ids))
    (score,) = st.evaluate(loaded.model, "parity", "4")
    assert score.metrics == again.scores[0].metrics
