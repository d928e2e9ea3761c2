"""A name, a file, a task or a run's record stands for an experiment; anything else is refused."""

import json

import pytest

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment, Published
from seqtasks.experiments.find import load_experiment
from seqtasks.registry.discovery import current_registry
from seqtasks.registry.find import task as find_task
from seqtasks.registry.references import Source
from seqtasks.tasks import Task, Tokens
from seqtasks.tasks.settings import Settings

FIGURE = {"metric": "token_accuracy", "length": 10, "value": 0.9, "source": "a book"}


class Odd(Task):
    """A task with settings of its own."""

    inputs = targets = Tokens("01")
    settings = Settings(hidden_size=7, steps=123)


def test_an_experiment_file_is_loaded_and_changed(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"task": "bitshift:shift=2", "steps": 9, "published": [FIGURE]}))
    for spec in (path, str(path)):
        loaded = load_experiment(spec, seed=3)
        assert (loaded.task, loaded.steps, loaded.seed) == ("bitshift:shift=2", 9, 3)
        assert loaded.published == (Published(**FIGURE),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"task": "bitflip",\n "steps": }', r"is not JSON: line 2, column 11: Expecting value"),
        ("", "is not JSON: line 1, column 1"),
        ('["bitflip"]', "an experiment is a JSON object, this is not"),
        ('{"task": "bitflip", "stpes": 1}', r"unknown setting 'stpes'\. Did you mean 'steps'\?"),
        ('{"experiment": {}}', "the key 'task' is missing"),
        *(
            (json.dumps(record), ".")
            for record in (
                {"experiment": {"task": 5}},
                {"experiment": {"task": {"klass": "a:b"}}},
                {"experiment": {"task": "bitflip"}, "sources": None},
                {"experiment": {"task": "./mine.py"}, "sources": {"task": {}}},
            )
        ),
    ],
)
def test_a_file_that_is_no_experiment_is_named_with_what_is_wrong(tmp_path, text, message):
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        load_experiment(path)
    assert str(path) in str(caught.value)


def test_a_missing_experiment_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"cannot read .*gone\.json: No such file"):
        load_experiment(tmp_path / "gone.json")


def test_the_record_of_a_run_serves_as_an_experiment_file(tmp_path):
    source = "from seqtasks_bits.bitshift import BitShift\nclass Mine(BitShift):\n    pass\n"
    made = Experiment(task="bitflip", steps=9, clip=None)
    kept = Source(tmp_path / "gone.py", source.encode()).to_json()
    data = {**made.to_json()[0], "task": "./gone.py:Mine:shift=3"}
    (tmp_path / "source").mkdir()
    (tmp_path / kept["copy"]).write_text(source)
    path = tmp_path / "experiment.json"
    path.write_text(json.dumps({"format": 1, "experiment": data, "sources": {"task": kept}}))
    with pytest.raises(UsageError, match="--trust"):
        load_experiment(path)
    loaded = load_experiment(path, trust=True)
    assert type(find_task(loaded.task)).__name__ == "Mine"
    assert find_task(loaded.task).shift == 3
    assert loaded.with_changes(task="bitflip") == made


def test_a_task_or_its_name_stands_for_the_experiment_it_recommends():
    assert load_experiment("bitflip", steps=3) == Experiment.for_task("bitflip", steps=3)
    assert load_experiment(Odd(), steps=3).hidden_size == 7


def test_an_unknown_name_suggests_the_nearest_of_tasks_and_experiments():
    message = r"unknown task or experiment 'bitflop'\. Did you mean 'bitflip'\?"
    with pytest.raises(UsageError, match=message):
        load_experiment("bitflop")


def test_every_registered_experiment_loads_under_its_name_and_goes_through_json():
    names = current_registry().names("experiment")
    assert names
    for name in names:
        loaded = load_experiment(name)
        assert loaded.run_name == name
        assert Experiment.from_json(json.loads(json.dumps(loaded.to_json()[0])), name) == loaded


EXPERIMENTS = """
from seqtasks.experiments.experiment import Experiment

@hookimpl
def register_experiments(register):
    register("as-data", {"task": "parity", "steps": 3})
    register("as-object", Experiment(task="parity", steps=3))
    register("as-file", "mine_parts:mine.json")
    register("gone", "mine_plugin:gone.json")
    register("named", {"task": "parity", "steps": 3, "name": "other"})
    register("wrong", 5)
"""


def test_an_experiment_is_registered_as_data_an_object_or_a_file(site, monkeypatch):
    site.plugin("mine", EXPERIMENTS)
    (site.folder / "mine_parts").mkdir()
    (site.folder / "mine_parts" / "__init__.py").touch()
    (site.folder / "mine_parts" / "mine.json").write_text('{"task": "parity", "steps": 3}')
    monkeypatch.setattr("seqtasks.registry.discovery._current", None)
    for name in ("as-data", "as-object", "as-file"):
        loaded = load_experiment(name, seed=2)
        assert (loaded.task, loaded.steps, loaded.seed) == ("parity", 3, 2)
        assert loaded.run_name == name
    assert load_experiment("named").run_name == "other"
    message = (
        r"experiment 'wrong' of plugin mine \(mine-dist\) must be an Experiment, a dict.*got 5"
    )
    with pytest.raises(UsageError, match=message):
        load_experiment("wrong")
    with pytest.raises(UsageError, match=r"cannot be loaded from 'mine_plugin:gone|cannot read "):
        load_experiment("gone")


def test_a_file_named_in_an_experiment_file_lies_beside_it(tmp_path, monkeypatch):
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "mine.py").write_text(
        "import seqtasks as st\n\n\nclass Mine(st.Cell):\n"
        "    def forward(self, x, state):\n        return state\n"
    )
    (folder / "mine.json").write_text('{"task": "bitflip", "cell": "mine.py:Mine"}')
    monkeypatch.chdir(tmp_path)
    assert load_experiment("study/mine.json").cell == "study/mine.py:Mine"
