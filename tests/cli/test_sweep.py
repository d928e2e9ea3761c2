"""`seqtasks sweep`: the points of a grid or random ones, and the best on seeds of their own."""

import json

import pytest

TINY = ("--steps", "4", "--batch-size", "2", "--eval-length", "3", "--engine", "plain")
QUIET = ("--quiet", "--backend", "threads", "--jobs", "1")


def record(seqtasks, *arguments: str) -> dict:
    """Return the `study.json` of a study that a command makes."""
    process = seqtasks(*arguments, *TINY, *QUIET)
    assert process.returncode == 0, process.stderr
    return json.loads((seqtasks.folder / process.stdout.strip() / "study.json").read_text())


def test_a_grid_has_every_combination_and_the_best_points_have_fresh_seeds(seqtasks):
    study = record(
        seqtasks, "sweep", "bitshift:shift=[1,2]", "--hidden-size", "2..3", "--lr", "0.1,0.2",
        "--seeds", "2", "--best", "1", "--fresh-seeds", "3",
    )  # fmt: skip
    experiments = [one["record"]["experiment"] for one in study["settings"]]
    made = [(e["task"], e["hidden_size"], e["learning_rate"]) for e in experiments]
    tasks = ["bitshift:shift=1", "bitshift:shift=2"]
    assert made == [(task, size, rate) for task in tasks for size in (2, 3) for rate in (0.1, 0.2)]
    assert study["name"] == "bitshift-sweep"
    assert [row["seeds"] for row in study["points"]] == ["0..1"] * 8 + ["2..4"] * 2
    best = [made[row["setting"]][0] for row in study["points"][8:]]
    assert sorted(best) == tasks


def test_random_points_are_the_same_again_and_more_begin_with_the_same(seqtasks):
    def rates(number: str, *more: str) -> list[float]:
        study = record(
            seqtasks, "sweep", "parity", "--lr", "1e-4..1e-2:log", "--random", number,
            "--seeds", "1", "--fresh-seeds", "0", *more,
        )  # fmt: skip
        return [one["record"]["experiment"]["learning_rate"] for one in study["settings"]]

    few = rates("2")
    assert len(set(few)) == 2
    assert rates("4")[:2] == few
    assert rates("2", "--draw-seed", "1") != few


def test_a_wider_grid_takes_the_runs_that_are_there(seqtasks):
    sweep = ("sweep", "parity", "--seeds", "2", "--fresh-seeds", "0", "--cell", "concat")
    record(seqtasks, *sweep, "--hidden-size", "2,3")
    before = (seqtasks.folder / "runs/parity-sweep-1/runs.jsonl").read_text().splitlines()
    study = record(seqtasks, *sweep, "--hidden-size", "2,3,4", "--reuse")
    after = (seqtasks.folder / "runs/parity-sweep-2/runs.jsonl").read_text().splitlines()
    assert after[:4] == before  # to the seconds: they were not made again
    assert len(after) == 6
    assert len(study["settings"]) == 3


def test_a_dry_run_shows_the_points_and_writes_nothing(seqtasks, tmp_path):
    command = ("sweep", "parity", "--cell", "concat,gru", "--hidden-size", "2,3", "--seeds", "7")
    process = seqtasks(*command, "--dry-run")
    assert process.returncode == 0, process.stderr
    rows = [line.split() for line in process.stdout.splitlines()]
    assert rows[1][:4] == ["concat,", "hidden", "size", "2"]
    assert rows[1][-1] == "7"
    assert "28 runs; nothing was run or written" in process.stdout
    assert process.stdout.endswith("runs/parity-sweep-N\n")
    shown = json.loads(seqtasks(*command, "--dry-run", "--json").stdout)
    assert shown["runs"] == 28
    assert [one["experiment"]["hidden_size"] for one in shown["settings"]] == [2, 3, 2, 3]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("match", ["parameters", "hidden-size"])
def test_cells_of_a_sweep_can_be_of_equal_size(seqtasks, match):
    command = ("sweep", "parity", "--cell", "gru,lstm", "--hidden-size", "16,32")
    shown = json.loads(seqtasks(*command, "--match", match, "--dry-run", "--json").stdout)
    counts = [one["parameters"] for one in shown["settings"]]
    sizes = [one["experiment"]["hidden_size"] for one in shown["settings"]]
    if match == "hidden-size":
        assert sizes == [16, 32, 16, 32]
    else:
        assert sizes[:2] == [16, 32]
        assert all(abs(counts[k + 2] / counts[k] - 1) <= 0.05 for k in (0, 1))


def test_the_points_of_each_task_are_counted_apart(seqtasks):
    arguments = ("bitshift:shift=[1,2]", "--cell", "concat,gru", "--seeds", "1", "--best", "1")
    process = seqtasks("sweep", *arguments, "--fresh-seeds", "2", *TINY, *QUIET[1:], "--json")
    assert process.returncode == 0, process.stderr
    words = json.loads(process.stdout)["words"]
    for shift in (1, 2):
        assert any(f"The best of 2 points on bitshift:shift={shift} is" in one for one in words)


def test_the_best_points_are_told_with_their_fresh_seeds(seqtasks):
    arguments = ("parity", "--hidden-size", "2..4", "--seeds", "2", "--best", "2",
                 "--fresh-seeds", "4")  # fmt: skip
    process = seqtasks("sweep", *arguments, *TINY, *QUIET[1:], "--json")
    assert process.returncode == 0, process.stderr
    found = json.loads(process.stdout)
    assert [one["runs"] for one in found["settings"]] == [2, 2, 2]
    assert [one["runs"] for one in found["best"]] == [4, 4]
    labels = [one["label"] for one in found["best"]]
    assert {(one["a"], one["b"]) for one in found["pairs"]} == {tuple(labels)}
    assert found["words"][0].startswith(f"The best of 3 points is {labels[0]}: on 4 fresh seeds")
    process = seqtasks("resume", "runs/parity-sweep-1", "--quiet")
    assert process.returncode == 0, process.stderr
    shown = seqtasks("resume", "runs/parity-sweep-1").stdout
    assert "the best points again, on the fresh seeds 2..5" in shown


def test_a_point_that_fails_is_named_with_its_seed(seqtasks):
    (seqtasks.folder / "mine.py").write_text(
        "import seqtasks as st\n\n\n"
        "class Small(st.Cell):\n"
        "    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__(input_size, hidden_size)\n"
        "        assert hidden_size < 4, 'too wide'\n\n"
        "    def forward(self, x, state):\n"
        "        return state + x\n"
    )
    sizes = ("--hidden-size", "3,5", "--embedding-size", "3", "--seeds", "2", "--fresh-seeds", "1")
    process = seqtasks("sweep", "bitshift", "--cell", "./mine.py:Small", *sizes, *TINY, *QUIET)
    assert process.returncode == 1
    assert "hidden size 5, seed 0 failed: cell ./mine.py:Small cannot be made" in process.stderr
    assert "Traceback" not in process.stderr
