"""A replica has the numbers of its seed's run alone, bit for bit."""

import json
import math
import threading
import tracemalloc
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st_
from hypothesis.extra.numpy import arrays
from replica_oracle import alone, in_groups, same, tiny

import seqtasks as st
from seqtasks.engine.native.execute.between_programs import Counting, count_right
from seqtasks.engine.native.execute.call_each import Calls
from seqtasks.engine.native.execute.stack import Structures
from seqtasks.errors import UsageError
from seqtasks.models.model import likeliest
from seqtasks.studies.replicas import IdleGroups, Replica, block, group, run_block
from seqtasks.studies.replicas.one_thread import one_thread
from seqtasks.studies.replicas.scores import counted_metrics
from seqtasks.studies.replicas.ways import same_replicas, way_of


@pytest.mark.parametrize("engine", ["plain", "torch", "native"])
def test_replicas_of_every_engine_equal_runs_alone(engine: str) -> None:
    experiment = tiny(engine=engine, steps=30)
    replicas = list(run_block(experiment, [3, 0], keep_weights=True))
    assert [replica.line["seed"] for replica in replicas] == [3, 0]
    for replica in replicas:
        same(replica, alone(experiment, replica.line["seed"]))


GROUPED: dict[str, dict[str, Any]] = {
    "as it is": {},
    "several lengths": {"length": "1..6", "clip": 0.1, "loss_reduction": "sum"},
    "growing lengths": {"length": "2..5", "curriculum": "increasing:every=9"},
    "epochs": {"data": "epochs", "optimizer": "sgd:momentum=0.9", "learning_rate": 0.1},
    "a fixed set": {"training_inputs": 30, "length": "3..5", "optimizer": "rmsprop"},
    "held-out inputs": {"holdout": 0.25, "evaluation_lengths": (5,)},
    "float64 and two layers": {"dtype": "float64", "layers": 2, "cell": "gru"},
    "weights drawn until they fit": {"initialization": "haiku", "cell": "lstm"},
    "a schedule": {"lr_schedule": "cosine:steps=40,warmup=5", "optimizer": "adamw"},
    "a range of scores": {"score": "4..9", "score_sequences": 10, "ponder": 1},
    "an early end": {"solved_after": 1, "learning_rate": 0.1, "steps": 200, "batch_size": 16},
    "a log that does not divide": {"log_every": 7, "evaluate_every": 13, "checkpoint_every": 10},
}


@pytest.mark.parametrize("name", GROUPED)
def test_replicas_trained_in_groups_equal_runs_alone(name: str) -> None:
    experiment = tiny(engine="native", **GROUPED[name])
    replicas = list(run_block(experiment, range(10, 16), keep_weights=True))
    assert in_groups(experiment), way_of(experiment).problem
    assert [replica.line["seed"] for replica in replicas] == list(range(10, 16))
    for replica in replicas[3:]:  # the first three are ordinary runs
        same(replica, alone(experiment, replica.line["seed"]))


@pytest.mark.parametrize("name", ["as it is", "several lengths", "held-out inputs"])
def test_a_group_that_serves_a_second_block_gives_the_same_numbers(name: str) -> None:
    experiment = tiny(engine="native", **GROUPED[name])
    idle = IdleGroups()
    list(run_block(experiment, range(5), keep_weights=True, idle=idle))
    pattern = way_of(experiment).pattern
    assert pattern is not None
    used = idle.take(pattern)
    assert used is not None
    assert idle.take(pattern) is None
    idle.put(used)
    replicas = list(run_block(experiment, range(20, 32), keep_weights=True, idle=idle))
    assert idle.take(pattern) is used
    for replica in replicas[::4]:
        same(replica, alone(experiment, replica.line["seed"]))


def test_another_learning_rate_needs_no_ordinary_run(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"optimizer": "adamw", "lr_schedule": "cosine:steps=40,warmup=5", "hidden_size": 4}
    experiment, idle = tiny(engine="native", **settings), IdleGroups()
    list(run_block(experiment, range(4), idle=idle))
    first = way_of(experiment).pattern
    assert first is not None
    monkeypatch.setattr(block, "run_one", lambda *_, **__: pytest.fail("an ordinary run"))
    for rate in (0.3, 1e-4, experiment.learning_rate):
        other = experiment.with_changes(learning_rate=rate)
        replicas = list(run_block(other, [7, 1], keep_weights=True, idle=idle))
        pattern = way_of(other).pattern
        assert pattern is not None
        assert pattern.program is first.program
        for replica in replicas:
            same(replica, alone(other, replica.line["seed"]))


TASKS: dict[str, dict[str, Any]] = {
    "parity": {"embedding": "one-hot", "embedding_size": None},
    "bitshift": {"length": "4..6"},
    "adding": {},
    "binary-addition": {"zeros_after_end": True, "length": "5"},
    "dyck": {"length": "6"},
    "parity-check": {"blank_before_answer": True},
    "n-bit-flip-flop": {},
}


@pytest.mark.parametrize("task", TASKS)
def test_replicas_of_every_kind_of_task_equal_runs_alone(task: str) -> None:
    settings = {"evaluation_lengths": None, "evaluation_sequences": 8, **TASKS[task]}
    experiment = tiny(task, engine="native", steps=30, **settings)
    replicas = list(run_block(experiment, [4, 1, 2, 7, 0], keep_weights=True))
    assert in_groups(experiment), way_of(experiment).problem
    for replica in replicas[3:]:
        same(replica, alone(experiment, replica.line["seed"]))


def test_a_replica_that_diverges_disturbs_no_other() -> None:
    settings = {"cell": "irnn", "optimizer": "sgd:momentum=0.9", "learning_rate": 1e4}
    experiment = tiny("parity", engine="native", length="12", evaluation_lengths=(12,), **settings)
    replicas = list(run_block(experiment, range(20), keep_weights=True))
    assert in_groups(experiment)
    tried = replicas[3:8]
    assert {replica.line["status"] for replica in tried} == {"ended", "diverged"}
    for replica in tried:
        same(replica, alone(experiment, replica.line["seed"]))


def test_a_replica_that_is_solved_early_disturbs_no_other() -> None:
    settings = {"cell": "irnn", "optimizer": "sgd", "learning_rate": 0.03, "solved_after": 1}
    experiment = tiny(engine="native", log_every=10, evaluate_every=15, **settings)
    replicas = list(run_block(experiment, range(40), keep_weights=True))
    assert in_groups(experiment)
    ends = {replica.line["step"]: replica for replica in replicas[3:]}
    assert set(ends) >= {30, 60}
    for replica in ends.values():
        same(replica, alone(experiment, replica.line["seed"]))


class Rooted(st.Cell):
    """A cell whose first gradient is not a number, although its loss is finite."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.linear = torch.nn.Linear(input_size + hidden_size, hidden_size)
        self.zero = torch.nn.Parameter(torch.zeros(hidden_size))

    def forward(self, x: Any, state: Any) -> Any:
        root = (self.zero * self.zero).sqrt()
        return torch.tanh(self.linear(torch.cat((x, state), 1)) + root)


def test_weights_that_are_not_finite_at_the_end_are_a_divergence() -> None:
    experiment = tiny(cell=Rooted, engine="auto", steps=1, evaluate_every=1)
    for replica in run_block(experiment, range(5), keep_weights=True):
        assert replica.line["problem"] == "a weight became nan at step 1"
        same(replica, alone(experiment, replica.line["seed"]))


def test_the_size_of_groups_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = tiny(engine="native", evaluation_lengths=(5, 30))
    wanted = {r.line["seed"]: r for r in run_block(experiment, range(10), keep_weights=True)}
    for size in (1, 4):
        monkeypatch.setattr(group, "MOST_REPLICAS", size)
        for replica in run_block(experiment, [8, 3, 9, 5, 4, 7], keep_weights=True):
            assert same_replicas(replica, wanted[replica.line["seed"]])


def test_two_threads_at_once_give_the_same_replicas() -> None:
    experiment = tiny(engine="native", length="1..4", evaluation_lengths=(4,))
    found: dict[int, Replica] = {}

    def work(seeds: range) -> None:
        found.update((r.line["seed"], r) for r in run_block(experiment, seeds, keep_weights=True))

    threads = [threading.Thread(target=work, args=(range(k, 60, 3),)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert in_groups(experiment)
    assert sorted(found) == list(range(60))
    for seed in (0, 30, 31, 58, 59):
        same(found[seed], alone(experiment, seed))


class Faulty(st.Task):
    """Bits; with some seeds a training block cannot be drawn."""

    inputs = targets = st.Tokens("01")

    def generate(self, rng: Any, batch_size: int, length: int) -> Any:
        bits = rng.integers(2, size=(batch_size, length))
        if batch_size == 4096 and not bits[0, :2].any():
            raise RuntimeError("no such bits")
        return bits

    def encode(self, inputs: Any) -> Any:
        return inputs


def test_a_seed_whose_task_fails_is_named_and_the_others_go_on() -> None:
    experiment = tiny(Faulty(), engine="native")
    replicas = list(run_block(experiment, range(16), keep_weights=True))
    assert in_groups(experiment)
    statuses = [replica.line["status"] for replica in replicas]
    assert set(statuses[3:]) == {"ended", "failed"}
    for replica in replicas[3:]:
        if replica.line["status"] == "failed":
            assert "no such bits" in replica.line["problem"]
            with pytest.raises(UsageError, match="no such bits"):
                st.run(experiment, seed=replica.line["seed"])
    chosen = replicas[3 + statuses[3:].index("ended")]
    same(chosen, alone(experiment, chosen.line["seed"]))


def test_an_experiment_that_cannot_be_run_fails_in_one_line_for_each_seed() -> None:
    experiment = tiny(cell="./nowhere.py:Cell")
    lines = [replica.line for replica in run_block(experiment, range(2))]
    assert [line["status"] for line in lines] == ["failed", "failed"]
    assert all("nowhere.py" in line["problem"] for line in lines)
    assert all("\n" not in line["problem"] for line in lines)


class Drawing(st.Cell):
    """A cell that draws in training: only the plain loop runs it."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.linear = torch.nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x: Any, state: Any) -> Any:
        state = torch.tanh(self.linear(torch.cat((x, state), 1)))
        return torch.nn.functional.dropout(state, 0.2, self.training)


def test_a_cell_that_draws_goes_through_ordinary_runs() -> None:
    experiment = tiny(cell=Drawing, steps=20, evaluate_every=10, log_every=5)
    replicas = list(run_block(experiment, range(5), keep_weights=True))
    assert not in_groups(experiment)
    same(replicas[4], alone(experiment, 4))


class Deciding(st.Cell):
    """A cell whose step depends on a number that its constructor drew."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.linear = torch.nn.Linear(input_size + hidden_size, hidden_size)
        self.scale = 1.0 + float(torch.rand(()))

    def forward(self, x: Any, state: Any) -> Any:
        return torch.tanh(self.scale * self.linear(torch.cat((x, state), 1)))


class Hidden(Deciding):
    """The same, and torch does not see that Python reads the number."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        st.Cell.__init__(self, input_size, hidden_size)
        self.linear = torch.nn.Linear(input_size + hidden_size, hidden_size)
        seen = torch.utils.dlpack.to_dlpack(torch.rand(1))
        self.scale = 1.0 + float(np.from_dlpack(_Capsule(seen))[0])


class _Capsule:
    def __init__(self, capsule: Any) -> None:
        self._capsule = capsule

    def __dlpack__(self, **_: Any) -> Any:
        return self._capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


@pytest.mark.parametrize("cell", [Deciding, Hidden])
def test_a_cell_that_decides_by_its_own_draws_equals_runs_alone(cell: type) -> None:
    experiment = tiny(cell=cell, engine="native", steps=20, evaluate_every=10, log_every=5)
    replicas = list(run_block(experiment, range(5), keep_weights=True))
    same(replicas[4], alone(experiment, 4))


FACTOR = 1.0


class Reading(Deciding):
    """A cell that reads a number of its module."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        st.Cell.__init__(self, input_size, hidden_size)
        self.linear = torch.nn.Linear(input_size + hidden_size, hidden_size)
        with torch.no_grad():
            self.linear.weight.mul_(FACTOR)

    @property
    def scale(self) -> float:
        return FACTOR


def test_code_that_changes_between_blocks_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = tiny(cell=Reading, engine="native", steps=20, evaluate_every=10, log_every=5)
    before = list(run_block(experiment, range(5), keep_weights=True))
    assert in_groups(experiment)
    same(before[4], alone(experiment, 4))
    monkeypatch.setitem(globals(), "FACTOR", 0.5)
    after = list(run_block(experiment, range(5), keep_weights=True))
    assert not same_replicas(before[4], after[4])
    same(after[4], alone(experiment, 4))
    again = list(run_block(experiment, range(5), keep_weights=True))
    assert in_groups(experiment)
    assert same_replicas(again[4], after[4])
    monkeypatch.setitem(globals(), "FACTOR", 0.25)
    other = experiment.with_changes(learning_rate=0.3)
    shared = list(run_block(other, range(5), keep_weights=True))  # it takes over the old code
    again = list(run_block(other, range(5), keep_weights=True))
    assert in_groups(other)
    for replica in (shared[0], shared[4], again[4]):
        same(replica, alone(other, replica.line["seed"]))


def test_replicas_with_large_sets_of_their_own_make_small_groups() -> None:
    sizes: list[int] = []
    for inputs in (100, 200_000):
        experiment = tiny(engine="native", training_inputs=inputs, steps=2, evaluate_every=2)
        list(run_block(experiment, range(2)))
        way = way_of(experiment)
        assert way.pattern is not None
        sizes.append(way.group(0, IdleGroups()).size)
    assert sizes[0] > 10
    assert 1 <= sizes[1] < 4


def test_nothing_is_kept_of_a_finished_replica() -> None:
    experiment = tiny(engine="native", steps=4, evaluate_every=4, log_every=4)
    assert len(list(run_block(experiment, range(100)))) == 100  # by now all memory is made
    replicas = run_block(experiment, range(1000, 2000))
    tracemalloc.start()
    try:
        for _ in range(100):
            next(replicas)
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(800):
            next(replicas)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / 800 < 100


def test_a_line_is_json_without_nan() -> None:
    replica = next(run_block(tiny(engine="native", steps=30), [0]))
    assert json.loads(json.dumps(replica.line, allow_nan=False)) == replica.line


@pytest.mark.parametrize("symbols", [2, 3])
@given(data=st_.data())
def test_counts_of_many_replicas_are_the_metrics_of_each(symbols: int, data: Any) -> None:
    task = bits_of("01" if symbols == 2 else "012")
    numbers = st_.sampled_from([-1.0, 0.0, 1.0, math.inf, -math.inf, math.nan])
    shape = data.draw(st_.tuples(*(st_.integers(1, 3) for _ in range(3))))
    logits = data.draw(arrays(np.float32, (*shape, symbols), elements=numbers))
    targets = data.draw(arrays(np.int64, shape, elements=st_.sampled_from([*range(symbols), -100])))
    targets[:, 0, 0] = 0  # ordinary runs refuse a task that scores nothing
    dtype = data.draw(st_.sampled_from([np.float32, np.float64]))
    made = symbols + data.draw(st_.integers(0, 1))  # a penalty may follow the logits
    with_more = np.full((*shape, made), 2.0, dtype)
    with_more[..., :symbols] = logits
    countings = Structures(Counting, (len(logits),))
    fields = countings.fields
    fields["logits"] = [one.ctypes.data for one in with_more]
    fields["targets"] = [one.ctypes.data for one in targets]
    fields["rows"], fields["time"], fields["symbols"] = *shape[1:], symbols
    fields["made"] = made
    fields["unscored"], fields["doubles"] = -100, dtype == np.float64
    assert Calls([(count_right(), countings.addresses)]).make(math.inf)
    found = counted_metrics(
        task,
        fields["right_symbols"],
        fields["right_rows"],
        (targets != -100).sum(axis=(1, 2)).astype(np.float64),
        fields["rows"],
    )
    for one, wanted, metrics in zip(logits, targets, found, strict=True):
        predicted = likeliest(torch.from_numpy(one)).numpy()
        for metric in task.metrics:
            sums, weights = metric(predicted, wanted)
            assert metrics[metric.name] == sums.sum() / weights.sum()


def bits_of(alphabet: str) -> st.Task:
    made = Faulty()
    made.inputs = made.targets = st.Tokens(alphabet)
    return made


def test_stopping_drops_unfinished_replicas() -> None:
    asked = iter([False] * 2 + [True] * 10_000)
    assert list(run_block(tiny(steps=100_000), range(3), lambda: next(asked))) == []


def test_torchs_number_of_threads_is_restored() -> None:
    before = torch.get_num_threads()
    seen: list[int] = []

    def inside() -> None:
        with one_thread():
            seen.append(torch.get_num_threads())

    with one_thread():
        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        seen.append(torch.get_num_threads())
    assert seen == [1, 1]
    assert torch.get_num_threads() == before
