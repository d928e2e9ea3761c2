"""What other programs use: names, runs, scored functions, saved results; a long list of uses."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

import seqtasks as st
from seqtasks.engine.policy.choice import make_model_graph
from seqtasks.registry.discovery import current_registry

SMALL = {"engine": "plain", "length": "3", "batch_size": 4, "hidden_size": 4}


@pytest.fixture(scope="module")
def result():
    return st.run("parity", cell="concat", steps=4, evaluation_lengths=(3, 20), **SMALL)


# ---- names


def test_names_are_those_of_the_registry():
    for kind in ("task", "cell", "readout", "experiment"):
        assert st.names(kind) == current_registry().names(kind)
    assert "parity" in st.names()


def test_another_kind_is_told_with_the_nearest():
    with pytest.raises(st.UsageError, match=r"no kind 'tasks'\. Did you mean 'task'\?"):
        st.names("tasks")
    with pytest.raises(st.UsageError, match="no kind 3"):
        st.names(3)


# ---- functions


def table(model):
    """Return the function on arrays that a model is."""

    def predict(inputs):
        with torch.no_grad():
            return model.plain(torch.from_numpy(inputs))[0].numpy()

    return predict


def test_a_function_is_scored_as_its_model_is(result):
    for lengths in ("3,20", [5], 7, "18..20"):
        wanted = st.evaluate(result.model, "parity", lengths, sequences=50, seed=2)
        assert st.score(table(result.model), "parity", lengths, sequences=50, seed=2) == wanted


def test_a_held_out_split_is_kept_to():
    split = st.Experiment.for_task("parity", length="8", holdout=0.25)
    split = split.make_holdout(split.make_task())
    [found] = st.score(lambda inputs: np.cumsum(inputs, axis=1) % 2, "parity", 8, holdout=split)
    assert found.held_out
    assert found.sequences == len(split.held_out(8))


def reversed_ids(inputs):
    """Answer `reverse-string` by its definition: the input backwards, over the blanks."""
    half = inputs.shape[1] // 2
    return np.concatenate([np.zeros_like(inputs[:, :half]), inputs[:, :half][:, ::-1]], axis=1)


@pytest.mark.parametrize("form", [np.int64, np.float32, list, "logits"])
def test_ids_and_logits_of_any_type_give_the_same_score(form):
    def predict(inputs):
        ids = reversed_ids(inputs)
        if form == "logits":
            return np.eye(2)[ids]
        return ids.tolist() if form is list else ids.astype(form)

    [found] = st.score(predict, "reverse-string", 4)
    assert found.metrics["sequence_accuracy"] == 1


def test_sets_may_be_bools_or_logits():
    task = st.task(_task_of_sets())
    right = {}
    batch = task.batch(np.random.default_rng(0), 40, task.lengths.nearest(8))

    def predict(inputs):
        return np.stack([right[row.tobytes()] for row in inputs])

    class Same(type(task)):
        def generate(self, rng, batch_size, length):
            return batch.inputs[:batch_size, :length]

    for number in (lambda sets: sets, lambda sets: 5.0 * sets - 2):
        right.update(
            {i.tobytes(): number(t) for i, t in zip(batch.inputs, batch.targets, strict=True)}
        )
        task_of_these = Same.__new__(Same)
        vars(task_of_these).update(vars(task))
        [found] = st.score(predict, task_of_these, batch.inputs.shape[1], sequences=40)
        assert found.metrics["sequence_accuracy"] == 1


def _task_of_sets():
    return next(name for name in st.names() if isinstance(_targets(name), st.TokenSets))


def _targets(name):
    try:
        return st.task(name).targets
    except st.UsageError:
        return None


def test_a_function_may_change_what_it_is_given_and_mixed_rows_are_noticed():
    def predict(inputs):
        inputs[:] = np.cumsum(inputs, axis=1) % 2
        return inputs

    assert st.score(predict, "parity", 9)[0].metrics["sequence_accuracy"] == 1
    [mixed] = st.score(lambda i: np.broadcast_to(i[:1], i.shape), "parity", 9)
    assert mixed.rows_mix


@pytest.mark.parametrize(
    ("predict", "message"),
    [
        (3, "predict must be a function on arrays, got 3"),
        (torch.nn.Linear(2, 2), r"score it with seqtasks\.evaluate"),
        (lambda i: i[:, :-1], r"shape \(8, 2\) of int64; the task needs logits \(8, 3, 2\) or ids"),
        (lambda i: None, "type NoneType, which is no array of numbers"),
        (lambda i: 1 / 0, r"predict failed on inputs of shape \(8, 3\): ZeroDivisionError"),
        (lambda i: i + 1, "predict returned the id 2; the task's ids are 0 to 1"),
        (lambda i: i + 0.5, "predict returned the id 0.5"),
        (lambda i: i == 1, "of bool"),
        (lambda i: [["a"]], "no array of numbers"),
        (lambda i: [[1], [1, 2]], "no array of numbers"),
        (lambda i: i * 1j, "no array of numbers"),
    ],
)
def test_what_is_wrong_with_a_function_is_told_in_a_line(predict, message):
    with pytest.raises(st.UsageError, match=message) as caught:
        st.score(predict, "parity", 3)
    assert "\n" not in str(caught.value)


def test_a_function_of_jax_is_scored():
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    predict = jax.jit(lambda inputs: jax.nn.one_hot(jax.numpy.cumsum(inputs, axis=1) % 2, 2))
    assert st.score(predict, "parity", 12)[0].metrics["sequence_accuracy"] == 1


# ---- results in memory, saved


def test_a_saved_result_is_a_run(result, tmp_path):
    path = result.save(tmp_path / "runs")
    assert path == tmp_path / "runs" / "parity-concat-1"
    found = st.load(path)
    assert (found.scores, found.untrained, found.history) == (
        result.scores,
        result.untrained,
        result.history,
    )
    assert found.experiment == result.experiment
    inputs = torch.tensor([[0, 1, 1]])
    assert torch.equal(found.model(inputs)[0], result.model(inputs)[0])
    assert {one.name for one in path.iterdir()} >= {"learning.png", "metrics.jsonl"}
    assert result.save(tmp_path / "runs").name == "parity-concat-2"  # nothing is replaced
    assert result.path == path
    with pytest.raises(st.UsageError, match="its checkpoint is gone, so it cannot go on"):
        st.resume(path, 10)
    [first, _] = st.runs(tmp_path / "runs")
    assert (first.status, first.step, first.result.scores) == ("finished", 4, result.scores)


def test_a_saved_result_of_a_module_of_ones_own_says_so(tmp_path):
    class Own(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.table = torch.nn.Embedding(2, 2)

        def forward(self, inputs):
            return self.table(inputs)

    own = st.run("parity", model=Own(), steps=2, evaluation_lengths=(3,), **SMALL)
    path = own.save(tmp_path)
    with pytest.raises(st.UsageError, match=r"module of its own \(Own\)"):
        st.load(path)
    assert st.load(path, model=Own()).scores == own.scores
    other = st.run("parity", model=_other_model(), steps=2, evaluation_lengths=(3,), **SMALL)
    with pytest.raises(st.UsageError, match=r"module of its own \(Model\)"):
        st.load(other.save(tmp_path))


def _other_model():
    """Return a model with the tensors of the experiment's, but other parts."""
    embedding, readout = torch.nn.Embedding(2, 4), st.readout("state", 4, 4, 2)
    return st.Model(embedding, st.cell("elman", 4, 4), readout)


def test_a_result_that_has_not_ended_cannot_be_saved(tmp_path):
    stops = iter([0] * 3 + [15] * 9**4)
    with pytest.raises(st.RunInterruptedError) as caught:
        st.run("parity", cell="concat", stop=stops.__next__, out=tmp_path, steps=4, **SMALL)
    with pytest.raises(st.UsageError, match="has not ended, so there is nothing to save yet"):
        st.load(caught.value.path).save(tmp_path)
    [found] = st.runs(tmp_path)
    assert found.status == "unfinished"


# ---- runs on disk


def test_the_runs_of_a_folder_are_a_table(result, tmp_path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    for _ in range(2):
        result.save(tmp_path)
    (tmp_path / "parity-concat-2" / "result.json").write_text("{")
    found = st.runs(tmp_path)
    frame = found.frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame["name"]) == ["parity-concat-1", "parity-concat-2"]
    assert list(frame["status"]) == ["finished", "damaged"]
    assert frame["token_accuracy_20"][0] == result.metrics[20]["token_accuracy"]
    assert frame["token_accuracy_20"].isna().tolist() == [False, True]
    assert repr(found) == "<2 runs: 1 finished, 1 damaged>"
    assert "parity-concat-1" in found._repr_html_()
    assert str(found[0].path) in str(frame["path"][0])


def test_a_frame_without_pandas_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(st.UsageError, match="a frame needs pandas: pip install pandas"):
        st.runs(tmp_path).frame()
    with pytest.raises(st.UsageError, match="there is no folder"):
        st.runs(tmp_path / "none")


def test_listing_executes_no_code_of_a_run(tmp_path):
    mark = tmp_path / "mark"
    file = tmp_path / "mine.py"
    file.write_text(
        "import seqtasks as st\n"
        "class Mine(type(st.task('parity'))):\n"
        f"    open({str(mark)!r}, 'a').close()\n"
    )
    st.run(f"{file}:Mine", cell="concat", steps=2, evaluation_lengths=(3,), **SMALL).save(
        tmp_path / "runs"
    )
    mark.unlink()
    [run] = st.runs(tmp_path / "runs")
    assert run.task.endswith("mine.py:Mine")
    assert not mark.exists()


def test_the_package_of_runs_stays_a_package():
    import seqtasks.runs.load

    assert seqtasks.runs.load.load.__module__ == "seqtasks.runs.load"
    assert callable(st.runs)


# ---- many threads


def requests(count):
    """Return inputs of several sizes."""
    draws = torch.Generator().manual_seed(0)
    sizes = torch.randint(1, 12, (count, 2), generator=draws).tolist()
    return [torch.randint(2, size, generator=draws) for size in sizes]


@pytest.mark.parametrize("engine", ["plain", pytest.param("auto", marks=pytest.mark.slow)])
@pytest.mark.parametrize("cell", ["gru", pytest.param("stack-rnn", marks=pytest.mark.slow)])
def test_fifty_requests_at_once_have_the_answers_of_each_alone(engine, cell, tmp_path, monkeypatch):
    recorded = []
    monkeypatch.setattr(
        "seqtasks.engine.policy.choice.make_model_graph",
        lambda *parts, **options: recorded.append(0) or make_model_graph(*parts, **options),
    )
    made = st.run("parity", cell=cell, steps=2, evaluation_lengths=(3,), **SMALL).save(tmp_path)
    model, alone = st.load(made).model, st.load(made).model
    model.use_engine(engine)
    asked = requests(50)
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(model.predict, asked))
        scores = list(threads.map(lambda inputs: model(inputs)[0], asked))
    for inputs, answer, score in zip(asked, answers, scores, strict=True):
        assert torch.equal(answer, alone.predict(inputs))
        if engine == "plain":
            assert torch.equal(score, alone(inputs)[0])
        else:
            torch.testing.assert_close(score, alone(inputs)[0], rtol=1e-5, atol=1e-5)
    assert len(recorded) <= (2 if engine == "auto" and cell == "gru" else 50)


@pytest.mark.slow
def test_a_service_of_fastapi_answers_fifty_requests_at_once(result):
    fastapi = pytest.importorskip("fastapi", reason="FastAPI is not installed")
    client = pytest.importorskip("fastapi.testclient", reason="httpx is not installed")
    service = fastapi.FastAPI()

    @service.get("/{text}")
    def answer(text: str) -> str:
        ids = torch.from_numpy(result.task.inputs.encode(text))
        return result.task.targets.decode(result.model.predict(ids[None])[0].numpy())

    texts = [f"{number:06b}" for number in range(50)]
    with client.TestClient(service) as asked, ThreadPoolExecutor(50) as threads:
        found = list(threads.map(lambda text: asked.get(f"/{text}").json(), texts))
    assert found == [answer(text) for text in texts]
