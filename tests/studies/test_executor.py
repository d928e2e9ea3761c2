"""The executor: each point has one line, whoever died; threads and processes."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
import torch
from executor_work import (
    NO_EXPERIMENTS,
    AllAtOnce,
    Deadly,
    DeadlyOnce,
    Delivered,
    Greedy,
    Raising,
    Square,
    ended,
    points,
    ran,
    squares,
)

from seqtasks.errors import RunError, UsageError
from seqtasks.studies.execute import execute, warm_workers
from seqtasks.studies.execute.loky_workers import as_bytes, runs_in
from seqtasks.studies.execute.threads import Threads
from seqtasks.studies.settings import Point
from seqtasks.studies.work import Work

BACKENDS = ["threads", "loky"]


@pytest.fixture(scope="module", autouse=True)
def same_workers():
    """Spare the tests the start of worker processes, where none has died."""
    with warm_workers():
        yield


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_point_of_every_setting_has_one_line(backend):
    asked = [*points(300), *points(5, 1, first=300)]
    assert ran(asked, Square(), backend=backend, jobs=2).table == squares(range(305))


def test_nothing_to_do_starts_nobody():
    assert ran([], Square(), backend="loky") == []


def test_auto_is_threads_for_the_native_engine_and_processes_otherwise():
    here = {os.getpid()}
    assert {
        one["process"] for one in ran(points(4), Square(), releases_the_interpreter=True)
    } == here
    assert not {one["process"] for one in ran(points(4), Square(), jobs=1)} & here


def test_blocks_grow_until_they_take_a_second_and_shrink_towards_the_end():
    sizes = []

    def work(experiment, block, stop):
        sizes.append(len(block))
        return Square(0.0002)(experiment, block, stop)

    ran(points(3000), work, backend="threads", jobs=1)
    assert sizes[:3] == [1, 8, 64]
    assert max(sizes) > 500
    assert sizes[-1] < max(sizes) / 2
    assert sum(sizes) == 3000


# ---- workers that die


@pytest.mark.parametrize("work", [Square(0.001), AllAtOnce(Square(0.001))])
def test_a_point_that_kills_its_worker_is_named_and_its_neighbours_finish(work):
    inner = Deadly(0.001, at=(7,))
    deadly = AllAtOnce(inner) if isinstance(work, AllAtOnce) else inner
    delivered = ran(points(60), deadly, backend="loky", jobs=2)
    assert delivered.table == squares(range(60), {7})
    assert delivered.problem(7).startswith("the worker process was killed by SIGKILL")


def test_a_signal_or_an_exit_status_is_named():
    delivered = ran(points(2), Deadly(at=(1,), by=signal.SIGSEGV), backend="loky", jobs=2)
    assert delivered.problem(1) == "the worker process was killed by SIGSEGV"


def test_a_worker_that_dies_once_costs_no_point(tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    work = DeadlyOnce(0.002, str(notes), at=(0, 40, 41), marks=str(tmp_path))
    delivered = ran(points(100), work, backend="loky", jobs=2)
    assert delivered.table == squares(range(100))
    # What the dead workers had finished was not run again.
    assert Counter(int(note.name.split("-")[1]) for note in notes.iterdir()) == Counter(range(100))


def test_a_worker_killed_from_outside_costs_no_point():
    delivered, killed = Delivered(), []

    def deliver(finished):
        delivered(finished)
        process = delivered[-1]["process"]
        if len(delivered) > 20 and len(killed) < 2 and process not in killed:
            killed.append(process)
            os.kill(process, signal.SIGKILL)

    execute(points(200), NO_EXPERIMENTS, Square(0.005), deliver=deliver, backend="loky", jobs=2)
    assert len(killed) == 2
    assert delivered.table == squares(range(200))


def test_a_worker_that_dies_while_it_is_idle_costs_no_point():
    (idle,) = ran(points(1), Square(), backend="loky", jobs=1)
    os.kill(idle["process"], signal.SIGKILL)
    time.sleep(0.2)
    delivered = ran(points(3), Square(), backend="loky", jobs=1)
    assert delivered.table == squares(range(3))


def test_a_pool_without_workers_for_a_while_costs_no_point(monkeypatch):
    room, asked = Threads.room, []

    def seldom(self):
        asked.append(room(self))
        return asked[-1] if len(asked) % 3 == 0 else 0

    monkeypatch.setattr(Threads, "room", seldom)
    assert ran(points(40), Square(), backend="threads", jobs=2).table == squares(range(40))


# ---- work that raises


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "error", [ValueError("mine"), SystemExit(3), KeyboardInterrupt(), MemoryError()]
)
def test_a_point_that_raises_is_named_and_its_neighbours_finish(backend, error):
    work = Raising(at=(0, 33), error=error)
    delivered = ran(points(50), work, backend=backend, jobs=2)
    assert delivered.table == squares(range(50), {0, 33}, "failed")
    expected = {"MemoryError": "out of memory"}.get(type(error).__name__, type(error).__name__)
    assert delivered.problem(33).startswith(expected)


def test_a_point_that_takes_more_memory_than_there_is_is_named():
    delivered = ran(points(20), Greedy(at=(5,)), backend="loky", jobs=1)
    assert delivered.table == squares(range(20), {5}, "failed")
    assert delivered.problem(5) == "out of memory"


def test_a_point_without_a_line_is_named():
    delivered = ran(points(3), lambda experiment, block, stop: [], backend="threads")
    assert {one["status"] for one in delivered} == {"failed"}
    assert delivered.problem(2) == "the work gave no line"


# ---- the end


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_stop_delivers_what_is_finished_and_nothing_else(backend):
    delivered = Delivered()
    began = time.monotonic()
    execute(
        points(10_000),
        NO_EXPERIMENTS,
        Square(0.01),
        deliver=delivered,
        backend=backend,
        jobs=2,
        stop=lambda: len(delivered) > 5,
    )
    assert time.monotonic() - began < 15
    assert delivered.table == squares(delivered.table)
    assert 5 < len(delivered) < 2_000


def test_a_block_hears_of_the_end_and_a_deaf_one_is_left():
    def work(experiment, block, stop):
        for point in block:
            while point.number == 1 and not stop():
                time.sleep(0.01)
            if point.number == 2:
                time.sleep(1.5)
            yield ended(point, square=point.seed**2)

    delivered = Delivered()
    began = time.monotonic()
    execute(
        [Point(number, number, number) for number in range(3)],
        NO_EXPERIMENTS,
        work,
        deliver=delivered,
        backend="threads",
        jobs=3,
        stop=lambda: time.monotonic() - began > 0.3,
    )
    assert time.monotonic() - began < 1.2
    assert delivered.table == squares([0, 1])


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_interrupt_delivers_what_is_finished(backend):
    delivered = Delivered()

    def stop():
        if len(delivered) > 5:
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        execute(
            points(1000),
            NO_EXPERIMENTS,
            Square(0.01),
            deliver=delivered,
            backend=backend,
            jobs=2,
            stop=stop,
        )
    assert delivered.table == squares(delivered.table)


def test_an_error_of_the_coordinator_ends_the_workers():
    def deliver(finished):
        raise RunError("the disk is full")

    before = threading.active_count()
    with pytest.raises(RunError, match="the disk is full"):
        execute(
            points(100), NO_EXPERIMENTS, Square(0.01), deliver=deliver, backend="threads", jobs=2
        )
    time.sleep(0.2)
    assert threading.active_count() <= before


# ---- one core each


def test_threads_change_places_sooner_until_they_end():
    found = []

    def work(experiment, block, stop):
        found.append(sys.getswitchinterval())
        for point in block:
            if point.seed == 30:
                raise KeyError("30")
            yield ended(point)

    before = sys.getswitchinterval()
    for jobs in (1, 2):
        ran(points(40), work, backend="threads", jobs=jobs)
        assert sys.getswitchinterval() == before
        assert set(found) == ({before} if jobs == 1 else {min(before, 0.0005)})
        found.clear()


def threads_of_libraries(experiment, block, stop):
    for point in block:
        yield ended(point, openmp=os.environ.get("OMP_NUM_THREADS"), torch=torch.get_num_threads())


def test_a_worker_process_uses_one_core(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    (found,) = ran(points(1), threads_of_libraries, backend="loky", jobs=1)
    assert (found["openmp"], found["torch"]) == ("1", 1)


def test_workers_are_kept_where_that_is_asked_and_end_otherwise():
    def processes():
        return {one["process"] for one in ran(points(2), Square(), backend="loky", jobs=1)}

    assert processes() == processes()
    code = (
        "from executor_work import Square, points\n"
        "from seqtasks.studies.execute import execute\n"
        "got = []\n"
        "for _ in range(2):\n"
        "    execute(points(1), [None], Square(), deliver=got.extend, backend='loky', jobs=1)\n"
        "assert len({one.line['process'] for one in got}) == 2, got\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent)


# ---- what cannot be asked for


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "loki"}, r"there is no backend 'loki'\. Did you mean 'loky'\?"),
        ({"backend": "loky", "jobs": 0}, "jobs must be at least 1, got 0"),
        ({"backend": "threads", "address": "tcp://a:1"}, "address names a cluster, and the"),
    ],
)
def test_a_wrong_option_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        ran(points(1), Square(), **options)


@pytest.mark.parametrize(("backend", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_a_backend_that_is_not_installed_is_refused(backend, package, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    message = (
        rf"the backend {backend} needs the package {package}: pip install 'seqtasks\[{backend}"
    )
    with pytest.raises(UsageError, match=message):
        ran(points(1), Square(), backend=backend)


def test_work_that_cannot_be_read_there_is_refused(tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("def work(experiment, block, stop): return []\n")
    monkeypatch.syspath_prepend(tmp_path)
    import only_here  # type: ignore[import-not-found]

    monkeypatch.undo()  # a worker gets this process's path
    with pytest.raises(UsageError, match=r"cannot read it: ModuleNotFoundError: No module named"):
        ran(points(3), only_here.work, backend="loky", jobs=1)


def test_work_that_cannot_be_sent_is_refused():
    lock = threading.Lock()
    with pytest.raises(UsageError, match="cannot be sent to other processes: TypeError"):
        ran(points(3), lambda experiment, block, stop: lock, backend="loky", jobs=1)


def test_observers_of_single_runs_are_not_sent_to_other_processes():
    work = Work(observers=[object()])
    with pytest.raises(UsageError, match="the backend loky makes the runs in other processes"):
        ran(points(3), work, backend="loky")


# ---- what comes back


def weights_of(number):
    return {"weight": torch.full((2, 3), number / 3), "none": torch.ones(0)}


def weighty(experiment, block, stop):
    for point in block:
        if point.number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        yield ended(point, third=point.number / 3)._replace(tensors=weights_of(point.number))


@pytest.mark.slow  # each worker that dies imports torch
def test_weights_and_numbers_come_back_whole_also_from_a_worker_that_died():
    found = []
    execute(points(6), NO_EXPERIMENTS, weighty, deliver=found.extend, backend="loky", jobs=1)
    found = {one.line["point"]: one for one in found}
    assert found.pop(3).line["status"] == "killed"
    for number, one in found.items():
        check_run(one, number)


def check_run(one, number):
    assert one.line["third"] == number / 3
    assert {name: tensor.tolist() for name, tensor in one.tensors.items()} == {
        name: tensor.tolist() for name, tensor in weights_of(number).items()
    }


def test_of_a_file_that_was_cut_off_anywhere_the_whole_runs_are_read(tmp_path):
    runs = [ended(point, third=point.number / 3) for point in points(3)]
    runs[1] = runs[1]._replace(tensors=weights_of(1))
    whole = [as_bytes(run) for run in runs]
    content, file = b"".join(whole), tmp_path / "1"
    for length in range(len(content) + 1):
        file.write_bytes(content[:length])
        found = runs_in(file)
        complete = sum(length >= sum(map(len, whole[: n + 1])) for n in range(3))
        assert [one.line for one in found] == [one.line for one in runs[:complete]]
    check_run(found[1], 1)
    assert runs_in(tmp_path / "absent") == []
