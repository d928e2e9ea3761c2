"""The executor on a real Dask cluster and on a real local Ray, with workers that die under way."""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import executor_work
import pytest
from executor_work import (
    NO_EXPERIMENTS,
    Deadly,
    DeadlyOnce,
    Delivered,
    Raising,
    Square,
    points,
    ran,
    squares,
)

from seqtasks.errors import RunError, UsageError
from seqtasks.studies.execute import execute

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # Dask's and Ray's own
]
real = pytest.mark.slow  # a cluster takes seconds to start


@pytest.fixture(scope="module", autouse=True)
def sent_by_content():
    """Let workers that cannot import this folder's modules have their content."""
    cloudpickle = pytest.importorskip("cloudpickle", reason="cloudpickle is not installed")
    cloudpickle.register_pickle_by_value(executor_work)
    yield
    cloudpickle.unregister_pickle_by_value(executor_work)


@pytest.fixture(scope="module")
def dask_address(tmp_path_factory):
    """The address of a Dask cluster of two workers, which is there before the study and after."""
    distributed = pytest.importorskip("distributed", reason="Dask's distributed is not installed")
    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=None,
        local_directory=str(tmp_path_factory.mktemp("dask")),
        silence_logs=logging.CRITICAL,
    )
    with cluster:
        yield cluster.scheduler_address


@real
def test_a_ray_cluster_is_joined_by_its_address(ray_here, tmp_path):
    import ray

    script = tmp_path / "script.py"
    script.write_text(
        "import cloudpickle, executor_work, sys\n"
        "from executor_work import Square, points\n"
        "from seqtasks.studies.execute import execute\n"
        "cloudpickle.register_pickle_by_value(executor_work)\n"
        "got = []\n"
        "execute(points(30), [None], Square(), backend='ray', address=sys.argv[1],\n"
        "    deliver=got.extend)\n"
        "assert len({one.line['point'] for one in got}) == len(got) == 30, got\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, script, ray.get_runtime_context().gcs_address]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def ray_here():
    """A local Ray of two cores, which the caller has started."""
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture(params=["dask", "ray"])
def cluster(request):
    """The options of each kind of cluster, of two workers."""
    if request.param == "dask":
        return {"backend": "dask", "address": request.getfixturevalue("dask_address")}
    request.getfixturevalue("ray_here")
    return {"backend": "ray"}


@real
def test_every_point_has_one_line(cluster):
    delivered = ran([*points(300), *points(20, 1, first=300)], Square(0.002), **cluster)
    assert delivered.table == squares(range(320))
    assert len({one["process"] for one in delivered} - {os.getpid()}) == 2


@real
def test_a_worker_killed_under_way_costs_no_point_and_nothing_is_delivered_twice(cluster):
    delivered, killed = Delivered(), []

    def deliver(finished):
        delivered(finished)
        if len(delivered) > 30 and not killed:
            killed.append(delivered[-1]["process"])
            os.kill(killed[0], signal.SIGKILL)

    execute(points(600), NO_EXPERIMENTS, Square(0.01), deliver=deliver, **cluster)
    assert killed
    assert delivered.table == squares(range(600))
    assert len({one["process"] for one in delivered}) > 2


@real
def test_a_point_that_kills_one_worker_is_tried_elsewhere(cluster, tmp_path):
    work = DeadlyOnce(0.005, None, at=(0, 50), marks=str(tmp_path))
    assert ran(points(100), work, **cluster).table == squares(range(100))


@real
def test_a_point_that_kills_each_worker_is_named_and_its_neighbours_finish(cluster):
    delivered = ran(points(40), Deadly(0.005, at=(17,)), **cluster)
    assert delivered.table == squares(range(40), {17})
    assert "the worker" in delivered.problem(17)
    assert " died; " in delivered.problem(17)


@real
def test_a_point_that_raises_is_named(cluster):
    work = Raising(at=(3,), error=ValueError("of my own"))
    delivered = ran(points(10), work, **cluster)
    assert delivered.table == squares(range(10), {3}, "failed")
    assert delivered.problem(3).startswith("ValueError: of my own")


@real
def test_a_stop_ends_the_study_and_leaves_the_cluster(cluster):
    delivered = Delivered()
    began = time.monotonic()
    options = {**cluster, "stop": lambda: len(delivered) > 5}
    execute(points(10_000), NO_EXPERIMENTS, Square(0.01), deliver=delivered, **options)
    assert time.monotonic() - began < 20
    assert delivered.table == squares(delivered.table)
    assert 5 < len(delivered) < 5_000
    assert ran(points(5), Square(), **cluster).table == squares(range(5))


@real
def test_a_block_that_was_taken_back_leaves_its_worker_soon(dask_address):
    began = time.monotonic()
    options = {"backend": "dask", "address": dask_address}
    stop = lambda: time.monotonic() - began > 3  # noqa: E731
    execute(points(2), NO_EXPERIMENTS, Endless(), deliver=list, stop=stop, **options)
    assert ran(points(5), Square(), **options).table == squares(range(5))
    assert time.monotonic() - began < 15


class Endless:
    """Runs until it hears of the end."""

    def __call__(self, experiment, block, stop):
        while not stop():
            time.sleep(0.01)
        return []


@real
@pytest.mark.parametrize("backend", ["dask", "ray"])
def test_a_cluster_on_this_machine_is_started_and_ended(backend, tmp_path):
    pytest.importorskip({"dask": "distributed"}.get(backend, backend))
    script = tmp_path / "script.py"
    script.write_text(
        "import cloudpickle, executor_work\n"
        "from executor_work import Deadly, points\n"
        "from seqtasks.studies.execute import execute\n"
        "if __name__ == '__main__':\n"
        "    cloudpickle.register_pickle_by_value(executor_work)\n"
        "    got = []\n"
        f"    execute(points(30), [None], Deadly(0.002, at=(11,)), backend='{backend}', jobs=2,\n"
        "        deliver=got.extend)\n"
        "    found = {one.line['point']: one.line['status'] for one in got}\n"
        "    assert len(got) == len(found) == 30, got\n"
        "    assert [p for p in found if found[p] != 'ended'] == [11], found\n"
        "    assert found[11] == 'killed', found\n"
        "    print(*{one.line.get('process', 0) for one in got})\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    left = [int(process) for process in done.stdout.split() if process != "0"]
    assert len(left) >= 2
    time.sleep(1)
    for process in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, 0)
            pytest.fail(f"the worker process {process} is left over")


# ---- clusters that are not there


@pytest.fixture
def nobody():
    """A port at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize(("backend", "kind"), [("dask", "Dask"), ("ray", "Ray")])
def test_a_cluster_that_is_not_there_is_refused_at_once(backend, kind, nobody, monkeypatch):
    pytest.importorskip({"dask": "distributed"}.get(backend, backend))
    if backend == "ray":  # another test has joined one
        monkeypatch.setattr("ray.is_initialized", lambda: False)
    address = f"127.0.0.1:{nobody}"
    with pytest.raises(UsageError, match=f"no {kind} cluster at {address}: Connection refused"):
        ran(points(1), Square(), backend=backend, address=address)
    with pytest.raises(UsageError, match=f"no {kind} cluster at nowhere.invalid:1: "):
        ran(points(1), Square(), backend=backend, address="nowhere.invalid:1")
    with pytest.raises(UsageError, match=r"address must be like .*, got 'my-cluster'"):
        ran(points(1), Square(), backend=backend, address="my-cluster")


def test_a_host_that_does_not_answer_is_not_waited_for(monkeypatch):
    pytest.importorskip("distributed")

    def silent(address, timeout):
        raise TimeoutError

    monkeypatch.setattr("socket.create_connection", silent)
    with pytest.raises(UsageError, match=r"no Dask cluster at 10\.0\.0\.1:1: no answer after 10 s"):
        ran(points(1), Square(), backend="dask", address="10.0.0.1:1")


@real
@pytest.mark.parametrize(("backend", "kind"), [("dask", "Dask"), ("ray", "Ray")])
def test_another_server_is_not_taken_for_a_cluster(backend, kind, monkeypatch):
    pytest.importorskip({"dask": "distributed"}.get(backend, backend))
    if backend == "ray":
        monkeypatch.setattr("ray.is_initialized", lambda: False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(UsageError, match=f"no {kind} cluster at {address}: .*no answer after"):
            ran(points(1), Square(), backend=backend, address=address)
        assert time.monotonic() - began < 45


@real
def test_another_ray_than_the_one_that_was_joined_is_refused(ray_here):
    with pytest.raises(UsageError, match="has already joined the Ray cluster at"):
        ran(points(1), Square(), backend="ray", address="127.0.0.1:1")


@real
def test_a_dask_cluster_without_workers_is_refused():
    distributed = pytest.importorskip("distributed")
    refused = pytest.raises(UsageError, match="has no worker after 10 s")
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as cluster, refused:
        ran(points(1), Square(), backend="dask", address=cluster.scheduler_address)


@real
def test_a_dask_cluster_that_goes_ends_the_study_and_keeps_what_was_finished():
    distributed = pytest.importorskip("distributed")
    delivered = Delivered()
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
    )

    def deliver(finished):
        delivered(finished)
        if len(delivered) > 10:
            cluster.close()

    options = {"backend": "dask", "address": cluster.scheduler_address}
    with pytest.raises(RunError, match=r"is gone; what was finished before is kept"):
        execute(points(1000), NO_EXPERIMENTS, Square(0.01), deliver=deliver, **options)
    assert delivered.table == squares(delivered.table)
