"""A study's folder: whatever a crash leaves, each run counts once and nothing finished is lost."""

import errno
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import seqtasks as st
from seqtasks.experiments.experiment import Experiment
from seqtasks.runs.checkpoint import Checkpoint, read_checkpoint
from seqtasks.studies.directory import StudyDirectory
from seqtasks.studies.execution import Execution
from seqtasks.studies.lifecycle import run_study
from seqtasks.studies.line_writer import LineWriter
from seqtasks.studies.replicas import run_one
from seqtasks.studies.settings import Row, Setting
from seqtasks.studies.study import Study
from seqtasks.studies.study_record import Asked
from seqtasks.studies.weights import runs_with_weights, weights_of

SETTINGS = {
    "cell": "concat",
    "hidden_size": 3,
    "embedding_size": 3,
    "length": "4",
    "batch_size": 4,
    "steps": 40,
    "log_every": 10,
    "evaluate_every": 10,
    "evaluation_lengths": (4,),
    "solved_after": 2,
    "engine": "plain",
}


def made(out: Path, seeds: str = "0..4", **more: object) -> Study:
    return st.run("bitflip", seeds=seeds, out=out, **{"backend": "threads"} | SETTINGS | more)  # pyright: ignore


def after(times: int) -> Callable[[], bool]:
    """Return a function that asks for the end once it was asked so often."""
    asked = iter(range(times))
    return lambda: next(asked, None) is None


def noting(paths: list[Path]) -> Callable[..., Checkpoint]:
    """Return `read_checkpoint`, which also notes what it reads."""

    def read(path: Path, most: int | None = None) -> Checkpoint:
        paths.append(path)
        return read_checkpoint(path, most)

    return read


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return made(tmp_path_factory.mktemp("whole"))


def lines(study: Study) -> list[dict[str, object]]:
    assert study.path is not None
    return [json.loads(line) for line in (study.path / "runs.jsonl").read_text().splitlines()]


def without_seconds(line: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in line.items() if name != "seconds"}


def copied(study: Study, to: Path) -> Path:
    """Copy the study as if it had been killed before anything was merged."""
    assert study.path is not None
    folder = to / study.path.name
    folder.mkdir()
    (folder / "study.json").write_bytes((study.path / "study.json").read_bytes())
    return folder


def test_a_line_holds_what_the_run_of_its_seed_alone_gives(whole: Study) -> None:
    alone = st.run("bitflip", seed=3, **SETTINGS)  # pyright: ignore
    line = lines(whole)[3]
    assert (line["seed"], line["status"], line["step"]) == (3, "ended", alone.step)
    assert line["scores"] == {"4": alone.metrics[4]}
    losses = [one["loss"] for one in alone.history if "loss" in one]
    assert line["history"]["loss"] == losses  # pyright: ignore


def test_a_study_cut_off_anywhere_goes_on_to_the_same_table(whole: Study, tmp_path: Path) -> None:
    content = (whole.path / "runs.jsonl").read_bytes()  # pyright: ignore
    draw = random.Random(0)
    for number in range(6):
        folder = copied(whole, tmp_path)
        cut = draw.randrange(len(content))
        (folder / "runs-elsewhere-7.jsonl").write_bytes(content[:cut])
        resumed = st.resume_study(folder, backend="threads")
        assert [without_seconds(line) for line in lines(resumed)] == [
            without_seconds(line) for line in lines(whole)
        ]
        assert resumed.summary() == {**whole.summary(), "path": str(folder)}
        assert not list(folder.glob("runs-*"))
        folder.rename(tmp_path / f"done-{number}")


def test_a_finished_run_is_not_made_again(whole: Study, tmp_path: Path) -> None:
    folder = copied(whole, tmp_path)
    first = json.loads((whole.path / "runs.jsonl").read_text().splitlines()[0])  # pyright: ignore
    marked = {**first, "seconds": 123.5}
    (folder / "runs-elsewhere-7.jsonl").write_text(json.dumps(marked) + "\n")
    assert lines(st.resume_study(folder, backend="threads"))[0] == marked


def test_a_run_that_two_writers_recorded_counts_once(whole: Study, tmp_path: Path) -> None:
    folder = copied(whole, tmp_path)
    content = (whole.path / "runs.jsonl").read_text()  # pyright: ignore
    (folder / "runs-one-1.jsonl").write_text(content)
    (folder / "runs-two-2.jsonl").write_text(content)
    assert lines(st.resume_study(folder, backend="threads")) == lines(whole)


def test_a_run_that_failed_is_made_again_and_its_line_replaced(
    whole: Study, tmp_path: Path
) -> None:
    folder = copied(whole, tmp_path)
    told = lines(whole)
    told[1] = {**told[1], "status": "failed", "problem": "no memory", "scores": {}}
    (folder / "runs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in told))
    assert st.load_study(folder).collected[0].count("failed") == 1
    again = lines(st.resume_study(folder, backend="threads"))
    assert [without_seconds(line) for line in again] == [
        without_seconds(line) for line in lines(whole)
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"seed": 4}, "has the seed 4, not 0"),
        ({"point": 99}, "there is no point 99"),
        ({"status": "won"}, "status must be one of"),
        ({"step": -1}, "step must be a whole number"),
        ({"history": {"loss": "x", "validation": {}}}, "history.loss must be a list"),
        ({"scores": {}}, "lacks scores at 4"),
        ({"scores": {"4": {"token_accuracy": 1.7, "sequence_accuracy": 0.0}}}, "no share"),
        ({"scores": {"4": {"token_accuracy": 1.0, "sequence_accuracy": -3}}}, "no share"),
    ],
)
def test_a_damaged_line_is_refused_by_its_field(
    whole: Study, tmp_path: Path, line: dict[str, object], said: str
) -> None:
    folder = copied(whole, tmp_path)
    (folder / "runs.jsonl").write_text(json.dumps({**lines(whole)[0], **line}) + "\n")
    with pytest.raises(st.UsageError, match=said):
        st.load_study(folder)


def test_a_study_under_way_is_not_run_twice(whole: Study) -> None:
    assert whole.path is not None
    with (
        StudyDirectory(whole.path).locked(),
        pytest.raises(st.UsageError, match="already running"),
    ):
        st.resume_study(whole.path)


def test_kept_weights_give_the_run_back_without_training(tmp_path: Path) -> None:
    study = made(tmp_path, "0..2", keep_weights=True)
    alone = st.run("bitflip", seed=1, **SETTINGS)  # pyright: ignore
    for found in (st.load(study.path, seed=1), st.load(study, seed=1), study.result(1)):  # pyright: ignore
        assert found.scores == alone.scores
        assert found.step == alone.step
        for name, tensor in alone.model.state_dict().items():
            assert found.model.state_dict()[name].equal(tensor), name


def test_without_weights_the_run_of_a_seed_is_made_again(whole: Study) -> None:
    alone = st.run("bitflip", seed=2, **SETTINGS)  # pyright: ignore
    assert st.load(whole.path, seed=2).scores == alone.scores  # pyright: ignore
    with pytest.raises(st.UsageError, match="no seed 77"):
        whole.result(77)


def test_equal_runs_of_other_studies_are_taken(tmp_path: Path) -> None:
    first = made(tmp_path, "0..2")
    told: list[int] = []

    class Count:
        @st.hookimpl
        def study_advanced(self, study: Study, lines: list[dict[str, int]]) -> None:
            told.extend(line["seed"] for line in lines)

    second = made(tmp_path, "0..4", reuse=True, observers=[Count()])
    assert sorted(told) == [3, 4]
    assert lines(second)[:3] == lines(first)
    told.clear()
    made(tmp_path, "0..4", reuse=True, observers=[Count()], learning_rate=0.02)
    assert sorted(told) == [0, 1, 2, 3, 4]


def test_weights_that_are_kept_come_with_the_runs_that_are_taken(tmp_path: Path) -> None:
    made(tmp_path, "0..1")  # kept none: runs 0 and 1 are made again
    first = made(tmp_path, "1..2", keep_weights=True)
    study = made(tmp_path, "0..3", keep_weights=True, reuse=True)
    kept = {point: weights for _, point, weights in runs_with_weights(StudyDirectory(study.path))}  # pyright: ignore
    assert sorted(kept) == [0, 1, 2, 3]
    assert lines(study)[1]["seconds"] == lines(first)[0]["seconds"]
    for name, tensor in weights_of(StudyDirectory(first.path), 0, 1).items():  # pyright: ignore
        assert torch.equal(kept[2][name], tensor)


def test_a_time_limit_ends_a_study_in_order_and_it_goes_on(whole: Study, tmp_path: Path) -> None:
    study = made(tmp_path, "0..4", time_limit=1e-9)
    assert study.stopped == "time limit"
    assert study.unfinished > 0
    again = st.resume_study(study.path, backend="threads")  # pyright: ignore
    assert np.array_equal(again.outcomes().solved_at, whole.outcomes().solved_at)


def test_an_execution_is_plain_data() -> None:
    assert Execution() == Execution("auto", None, None, None)


def test_a_long_run_goes_on_from_where_it_was_kept(
    whole: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqtasks.studies.make_runs.takes_long", lambda *_: True)
    folder = copied(whole, tmp_path)
    part = folder / "parts" / "point-2.safetensors"
    experiment = whole.settings[0].experiment
    assert run_one(experiment, 2, after(10), part=part) is None
    monkeypatch.setattr("seqtasks.studies.replicas.part.read_checkpoint", noting(reads := []))
    again = st.resume_study(folder, backend="threads")
    assert reads == [part]
    assert [without_seconds(line) for line in lines(again)] == [
        without_seconds(line) for line in lines(whole)
    ]
    assert not part.parent.exists()


def test_a_kept_run_is_not_taken_for_another(whole: Study, tmp_path: Path) -> None:
    experiment, part = whole.settings[0].experiment, tmp_path / "part.safetensors"
    assert run_one(experiment, 0, after(10), part=part) is None
    other = run_one(experiment, 1, part=part)
    assert other is not None
    assert other.line["status"] == "failed"
    assert "belongs to another run" in other.line["problem"]


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        (("points", 0, "seeds"), [2**70], "points.0..seeds"),
        (("points", 0, "seeds"), "0..99999999999", "more than 100,000,000 seeds"),
        (("points", 0, "setting"), 5, "no setting 5"),
        (("points",), [{"setting": 0, "seeds": "0..4"}] * 2, "a seed twice"),
        (("settings", 0, "parameters"), "x", "parameters must be a whole number"),
        (("settings", 0, "record", "experiment", "learning_rate"), 0.5, "changed afterwards"),
        (("settings", 0, "record", "experiment", "evaluate_every"), 20, "changed afterwards"),
        (("settings", 0, "record", "experiment", "steps"), 10**15, "of memory"),
        (("keep_weights",), "yes", "keep_weights must be true or false"),
        (("name",), "../../x", "name of a folder"),
        (("format",), 9, "newer seqtasks"),
    ],
)
def test_an_edited_record_is_refused(
    whole: Study, tmp_path: Path, where: tuple[str | int, ...], value: object, said: str
) -> None:
    folder = copied(whole, tmp_path)
    (folder / "runs.jsonl").write_bytes((whole.path / "runs.jsonl").read_bytes())  # pyright: ignore
    record = inner = json.loads((folder / "study.json").read_text())
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value
    (folder / "study.json").write_text(json.dumps(record))
    with pytest.raises(st.UsageError, match=said):
        st.load_study(folder)


def test_a_warning_of_every_run_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    class Counting(st.Cell):
        "h' = tanh(h + x + n), where n is a number of events, which no program draws"

        def forward(self, x, h):  # pyright: ignore
            return torch.tanh(x + h + torch.poisson(torch.ones_like(h)))  # pyright: ignore

    settings = {**SETTINGS, "cell": Counting, "steps": 2, "engine": "auto"}
    for _ in range(2):  # and again in another study
        caplog.clear()
        st.run("bitflip", seeds="0..3", backend="threads", jobs=2, **settings)  # pyright: ignore
        told = [one.getMessage() for one in caplog.records]
        assert len([text for text in told if "random numbers" in text]) == 1


def test_a_full_disk_leaves_whole_lines_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = LineWriter(tmp_path / "runs-x-1.jsonl")
    writer.write([{"point": 0, "status": "ended"}])
    write, room = os.write, 20

    def cramped(descriptor: int, content: bytes) -> int:
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = write(descriptor, content[:room])
        room -= written
        return written

    monkeypatch.setattr(os, "write", cramped)
    with pytest.raises(st.RunError, match="No space left"):
        writer.write([{"point": n, "status": "ended"} for n in (1, 2)])
    assert [line["point"] for line in written(writer)] == [0]
    room = 1000
    writer.write([{"point": 1, "status": "ended"}])
    assert [line["point"] for line in written(writer)] == [0, 1]
    for (point, status, start), line in zip(writer.places(), written(writer), strict=True):
        assert (point, status) == (line["point"], line["status"])
        assert writer.path.read_bytes()[start:].startswith(json.dumps(line).encode())


def written(writer: LineWriter) -> list[dict[str, Any]]:
    return [json.loads(line) for line in writer.path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"time_limit": "3s"}, "time_limit must be a number of seconds"),
        ({"time_limit": -1}, "time_limit"),
        ({"time_limit": float("nan")}, "time_limit"),
        ({"jobs": "2"}, "jobs must be a whole number"),
        ({"jobs": 1.5}, "jobs"),
        ({"jobs": 0}, "jobs"),
        ({"backend": None}, "backend must be text"),
        ({"backend": "thread"}, "threads"),
        ({"observers": 3}, "observers"),
        ({"reuse": 3}, "reuse must be True or False"),
        ({"keep_weights": "no"}, "keep_weights"),
        ({"trust": "x"}, "trust"),
    ],
)
def test_an_argument_of_a_wrong_type_is_named_before_anything_is_made(
    tmp_path: Path, wrong: dict[str, object], said: str
) -> None:
    with pytest.raises(st.UsageError, match=said):
        made(tmp_path / "out", **wrong)  # pyright: ignore
    assert not (tmp_path / "out").exists()


class Fails(st.Cell):
    "h' is nothing"

    def forward(self, x: object, h: object) -> object:
        raise ValueError("no such state")


def test_a_setting_that_fails_is_named_and_the_others_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = Experiment.for_task("bitflip", **SETTINGS)  # pyright: ignore
    settings = (Setting("good", {}, good), Setting("bad", {}, good.with_changes(cell=Fails)))
    rows = (Row(0, range(2)), Row(1, range(2)))
    study = run_study(
        Asked("both", "sweep", settings, rows), out=tmp_path, execution=Execution("threads")
    )
    assert study.collected[0].count("ended") == 2
    assert study.collected[1].count("failed") == 2
    assert "no such state" in study.collected[1].problems(1)[0][2]
    assert "bad" in caplog.text
    for few, face in ((settings[1:], "sweep"), (settings, "compare")):
        asked = Asked("both", face, few, rows[: len(few)])
        with pytest.raises(st.UsageError, match="no such state"):
            run_study(asked, execution=Execution("threads"))


def test_steps_that_are_too_few_to_solve_a_task_are_told(caplog: pytest.LogCaptureFixture) -> None:
    st.run("bitflip", seeds="0,", **{**SETTINGS, "steps": 10, "backend": "threads"})  # pyright: ignore
    assert "make at least 20 steps" in caplog.text
