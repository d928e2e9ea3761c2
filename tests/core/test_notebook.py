"""A notebook, executed whole: classes of its cells, a bar, pictures, workers by value."""

import asyncio

import pytest

import seqtasks as st

CELLS = (
    """
    import seqtasks as st
    class Flip(st.Task):
        "Each bit, the other way round."
        inputs = targets = st.Tokens("01")
        def generate(self, rng, batch_size, length):
            return rng.integers(2, size=(batch_size, length))
        def encode(self, inputs):
            return 1 - inputs
    class Leaky(st.Cell):
        def __init__(self, input_size, hidden_size):
            super().__init__(input_size, hidden_size)
            self.into = torch.nn.Linear(input_size, hidden_size)
        def forward(self, x, state):
            return torch.tanh(self.into(x) + 0.5 * state)
    import torch
    small = dict(cell=Leaky, steps=40, length="4", hidden_size=4, evaluation_lengths=(4,))
    """,
    "result = st.run(Flip, progress=True, **small)\nresult",
    "result.plot()",
    "Flip()",
    """
    import loky
    executor = loky.get_reusable_executor(1)
    copy = executor.submit(lambda: st.run(Flip, **small)).result()
    executor.shutdown()
    copy.scores == result.scores, type(copy.task) is Flip
    """,
    "result.save('runs'); st.runs('runs')",
)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Jupyter's own
def test_a_notebook_runs_whole(tmp_path):
    for needed in ("nbclient", "nbformat", "ipykernel", "loky"):
        pytest.importorskip(needed, reason=f"{needed} is not installed")
    import inspect

    import nbclient
    from nbformat import v4

    notebook = v4.new_notebook(cells=[v4.new_code_cell(inspect.cleandoc(c)) for c in CELLS])
    resources = {"metadata": {"path": str(tmp_path)}}
    client = nbclient.NotebookClient(notebook, timeout=300, resources=resources)
    asyncio.run(client.async_execute())
    shown = [cell.outputs for cell in notebook.cells]
    bar, result = shown[1]
    assert '<progress value="40" max="40">' in bar.data["text/html"]
    assert "data:image/png;base64," in result.data["text/html"]
    assert result.data["text/plain"].startswith("<Result of flip-leaky")
    assert "image/png" in shown[2][0].data
    assert "Each bit, the other way round." in shown[3][0].data["text/html"]
    assert shown[4][-1].data["text/plain"] == "(True, True)"
    assert "flip-leaky-1" in shown[5][-1].data["text/html"]
    [run] = st.runs(tmp_path / "runs")
    assert run.status == "finished"
