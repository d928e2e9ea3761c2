"""A long list of everything that one can hold: it goes to other processes and is copied."""

import copy
import importlib
import multiprocessing
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import seqtasks as st
from seqtasks.registry.file_modules import module_names
from seqtasks.tasks.holdout import Holdout
from seqtasks.trust.sources import read_source

HELPER = """
import torch
class Scale(torch.nn.Module):
    def __init__(self, by):
        super().__init__()
        self.by = by
    def forward(self, x):
        return self.by * x
"""
MINE = """
from dataclasses import dataclass
import torch, seqtasks as st
from helper import Scale
@dataclass(frozen=True)
class Flip(st.Task):
    "Each bit, the other way round."
    by: int = 1
    inputs = targets = st.Tokens("01")
    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))
    def encode(self, inputs):
        return (inputs + self.by) % 2
class Leaky(st.Cell):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear, self.scale = torch.nn.Linear(input_size, hidden_size), Scale(0.5)
    def forward(self, x, state):
        return torch.tanh(self.linear(x) + self.scale(state))
"""
SMALL = {
    "engine": "plain",
    "steps": 4,
    "length": "3",
    "batch_size": 4,
    "hidden_size": 4,
    "evaluation_lengths": (3,),
}


@pytest.fixture(scope="module")
def things(tmp_path_factory):
    """One of each thing, of a plugin and of a file of one's own."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "helper.py").write_text(HELPER)
    file = folder / "mine.py"
    file.write_text(MINE)
    result = st.run("parity", cell="concat", score="3..4", **SMALL)
    own = st.run(f"{file}:Flip:by=3", cell=f"{file}:Leaky", **SMALL)
    own.save(folder / "runs")
    saved = st.runs(folder / "runs")
    split = result.experiment.with_changes(length="8", holdout=0.25).make_holdout(result.task)
    return {
        "a task": result.task,
        "a cell": st.cell("gru", 2, 3),
        "a readout": st.readout("concat", 2, 3, 2),
        "a model": result.model,
        "an experiment": result.experiment,
        "settings": result.task.settings,
        "a result": result,
        "a score": result.scores[0],
        "a mean score": result.score,
        "baselines": st.baselines("parity", 3),
        "a batch": result.task.batch_of(np.array([[0, 1, 1]])),
        "an alphabet": st.Tokens("01"),
        "sets": st.TokenSets("ab"),
        "reals": st.Reals(2),
        "lengths": st.AllowedLengths(2, 2),
        "a metric": st.macro_accuracy,
        "a protocol": st.task("reverse-string").published,
        "a holdout": split,
        "a dataset": result.task.dataset("3", 2, batches=2),
        "a task of a file": own.task,
        "a cell of a file": own.model.cells[0],
        "a neighbour's part": own.model.cells[0].scale,
        "an experiment of a file": own.experiment,
        "an experiment with classes": own.experiment.with_changes(
            task=own.task, cell=type(own.model.cells[0])
        ),
        "a result of a file": own,
        "saved runs": saved,
        "a dataset of a file": own.task.dataset("3", 2, batches=2),
        "a class of a file": type(own.task),
        "a neighbour's class": type(own.model.cells[0].scale),
    }


def told(thing):
    """Return what a thing is, for comparison with its copy."""
    if isinstance(thing, st.Result):
        return [thing.to_json(), thing.history, told(thing.experiment), told(thing.model)]
    if isinstance(thing, st.Experiment | st.Score | st.RangeScore):
        return thing.to_json()
    if isinstance(thing, st.SavedRuns):
        return [vars(run) for run in thing]
    if isinstance(thing, st.Batch):
        return [array.tolist() for array in vars(thing).values()]
    if isinstance(thing, torch.nn.Module):
        weights = {name: tensor.tolist() for name, tensor in thing.state_dict().items()}
        answers = thing(torch.tensor([[0, 1, 1]]))[0].tolist() if hasattr(thing, "cells") else None
        return [repr(thing), weights, answers]
    if isinstance(thing, Holdout):
        return thing.held_out(8).tolist()
    if hasattr(thing, "set_epoch"):
        return [batch.inputs.tolist() for batch in thing]
    return repr(thing)


def all_told(things):
    return {name: told(thing) for name, thing in things.items()}


@pytest.mark.parametrize("protocol", [2, pickle.DEFAULT_PROTOCOL, pickle.HIGHEST_PROTOCOL])
def test_everything_pickles(things, protocol):
    for name, thing in things.items():
        found = pickle.loads(pickle.dumps(thing, protocol))
        assert (type(found), told(found)) == (type(thing), told(thing)), name


def test_everything_copies(things):
    for name, thing in things.items():
        for made in (copy.deepcopy(thing), copy.copy(thing)):
            assert (type(made), told(made)) == (type(thing), told(thing)), name


def test_a_run_in_progress_pickles_and_copies_without_a_trace():
    seen = []

    class Watch:
        @st.hookimpl
        def run_evaluated(self, run):
            seen.extend([pickle.loads(pickle.dumps(run)), copy.deepcopy(run)])

    small = {**SMALL, "evaluate_every": 2}
    watched = st.run("parity", cell="concat", observers=[Watch()], **small)
    assert [run.step for run in seen] == [2, 2, 4, 4]
    assert told(seen[2].model) == told(seen[3].model) == told(watched.model)
    assert told(seen[0].model) != told(watched.model)
    assert watched.scores == st.run("parity", cell="concat", **small).scores


def test_a_deep_copy_of_a_result_shares_no_weights(things):
    for name in ("a result", "a result of a file"):
        before, made = told(things[name]), copy.deepcopy(things[name])
        with torch.no_grad():
            for parameter in made.model.parameters():
                parameter.fill_(7)
        assert told(things[name]) == before


@pytest.mark.parametrize(
    "method",
    ["spawn", pytest.param("forkserver", marks=pytest.mark.slow)],  # each imports torch anew
)
def test_everything_goes_to_a_new_process_and_comes_back(things, method):
    with multiprocessing.get_context(method).Pool(1) as pool:
        found = pool.apply(dict, (things,))  # which unpickles and pickles there
    assert all_told(found) == all_told(things)


@pytest.mark.slow
def test_everything_goes_to_workers_of_loky(things):
    loky = pytest.importorskip("loky", reason="loky is not installed")
    executor = loky.get_reusable_executor(1)
    try:
        found = executor.submit(dict, things).result()
    finally:
        executor.shutdown(wait=True)
    assert all_told(found) == all_told(things)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Dask's own
def test_everything_goes_to_workers_of_dask(things, tmp_path):
    distributed = pytest.importorskip("distributed", reason="Dask's distributed is not installed")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(tmp_path)
    )
    with cluster, distributed.Client(cluster) as client:
        found = client.submit(dict, things).result()
    assert all_told(found) == all_told(things)


@pytest.mark.slow
def test_everything_goes_to_workers_of_ray(things):
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    ray.init(num_cpus=1, include_dashboard=False)
    try:
        # Ray would take `dict` itself for an actor's class.
        found = ray.get(ray.remote(lambda sent: sent).remote(things))
    finally:
        ray.shutdown()
    assert all_told(found) == all_told(things)


# ---- where the file is not what it was


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "helper.py").write_text(HELPER)
    (tmp_path / "mine.py").write_text(MINE)
    return tmp_path / "mine.py"


def forgotten(file):
    """Forget a file's modules, as a new process has never known them."""
    names = module_names(read_source(file))
    for name in [one for one in sys.modules if one.startswith(names)]:
        del sys.modules[name]


def test_an_instance_brings_the_content_of_its_file(mine):
    task = st.task(f"{mine}:Flip:by=3")
    sent = pickle.dumps([task, st.Experiment.for_task(f"{mine}:Flip", cell=f"{mine}:Leaky")])
    forgotten(mine)
    mine.write_text("raise RuntimeError('of another content')")
    found, experiment = pickle.loads(sent)
    assert found.encode(np.array([[0, 1]])).tolist() == [[1, 0]]
    assert found.by == 3
    mine.unlink()
    (mine.parent / "helper.py").unlink()
    assert type(experiment.make_task()) is type(found)


def test_a_class_alone_is_found_by_its_file_and_never_in_another_content(mine):
    cls = type(st.task(f"{mine}:Flip"))
    sent = pickle.dumps(cls)
    forgotten(mine)
    found = pickle.loads(sent)
    assert found is not cls
    assert repr(found()) == repr(cls())
    forgotten(mine)
    mine.write_text(MINE.replace("% 2", "% 1"))
    with pytest.raises(ModuleNotFoundError, match="has changed since this class was sent"):
        pickle.loads(sent)


def test_a_run_of_a_sent_task_keeps_its_file(mine, tmp_path):
    sent = pickle.dumps(st.Experiment.for_task(st.task(f"{mine}:Flip"), **SMALL))
    forgotten(mine)
    mine.unlink()
    result = st.run(pickle.loads(sent), out=tmp_path / "runs")
    assert list((result.path / "source").glob("mine-*.py"))
    assert st.load(result.path).scores == result.scores


def test_a_file_in_a_folder_with_dots_and_spaces_is_found_again(tmp_path):
    file = tmp_path / "a b.c%2E" / "my.task.py"
    file.parent.mkdir()
    file.write_text(MINE.replace("from helper", "from near").replace("(0.5)", "(2)"))
    (file.parent / "near.py").write_text(HELPER)
    cls = type(st.task(f"{file}:Flip"))
    sent = pickle.dumps(cls)
    forgotten(file)
    assert pickle.loads(sent).__name__ == "Flip"


def test_classes_of_every_make_go_by_their_file(tmp_path):
    file = tmp_path / "makes.py"
    file.write_text(
        "import enum, seqtasks as st\n"
        "class Meta(type(st.Task)): pass\n"
        "class Colour(enum.Enum):\n    RED = 1\n"
        "class Own:\n"
        "    def __init__(self, n): self.n = n\n"
        "    def __reduce__(self): return Own, (self.n + 1,)\n"
        "class Marked(type(st.task('parity')), metaclass=Meta):\n"
        "    colour, own, made = Colour.RED, Own(1), Own\n"
    )
    task = st.task(f"{file}:Marked")
    sent = pickle.dumps([task, type(task), task.colour, task.own])
    forgotten(file)
    file.unlink()
    found, cls, colour, own = pickle.loads(sent)
    assert (type(found), colour.name, own.n) == (cls, "RED", 2)


def test_no_other_name_of_the_package_is_imported():
    for name in ("seqtasks_files.os", "seqtasks_files.file:0123"):
        with pytest.raises(ModuleNotFoundError, match="No module named"):
            importlib.import_module(name)


# ---- classes of a program

PROGRAM = """
import sys
import seqtasks as st
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from seqtasks.cells import GRU

class Flip(st.Task):
    "Each bit, the other way round."
    inputs = targets = st.Tokens("01")
    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))
    def encode(self, inputs):
        return 1 - inputs

class Leaky(GRU):
    "A gated unit by another name."

def trained(seed):
    small = dict(steps=4, length="3", batch_size=4, hidden_size=4, evaluation_lengths=(3,))
    return st.run(Flip, cell=Leaky, seed=seed, **small)

if __name__ == "__main__":
    if sys.argv[1:] == ["spawn"]:
        executor = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    else:
        import loky
        executor = loky.get_reusable_executor(1)
    [found] = executor.map(trained, [0])
    print(type(found.task) is Flip, found.scores == trained(0).scores)
"""


@pytest.mark.slow
def test_classes_of_a_program_reach_spawned_processes(tmp_path, python):
    (tmp_path / "program.py").write_text(PROGRAM)
    found = python("program.py", "spawn")
    assert found.stdout == "True True\n", found.stderr


@pytest.mark.slow
def test_classes_of_a_program_without_a_file_reach_loky_by_value(tmp_path):
    pytest.importorskip("loky", reason="loky is not installed")
    command = [sys.executable, "-c", PROGRAM]  # like a notebook, it has no file to import
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert found.stdout == "True True\n", found.stderr


def test_the_package_of_files_imports_nothing_of_seqtasks():
    code = (
        "import seqtasks_files, sys; print([n for n in sys.modules if n.startswith('seqtasks.')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout == "[]\n", found.stderr
    assert Path(importlib.import_module("seqtasks_files").__file__).parent.name == "seqtasks_files"
