"""Many runs are listed fast: few files are read, and what is read fast is what care would read."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from many_runs import LINES, make_run, make_runs

import seqtasks as st
from seqtasks.files.atomic import write_json
from seqtasks.runs.listed_run import (
    _OF_RECORD,
    careful_summary,
    quick_summary,
    summary_of_run,
)
from seqtasks.runs.listing import list_runs
from seqtasks.runs.quick_read import quick_object

OLD_RUNS = Path(__file__).parent / "old_runs"

_opened: list[str] | None = None


def _listen(event: str, arguments: tuple) -> None:
    if _opened is not None and event == "open":
        _opened.append(str(arguments[0]))


sys.addaudithook(_listen)


def test_a_list_of_300_runs_opens_five_files_for_each_and_no_checkpoint(tmp_path):
    global _opened
    make_runs(tmp_path, 300)
    _opened = []
    listed = list_runs(tmp_path)
    opened, _opened = _opened, None
    assert [run["seed"] for run in listed if run["cell"] == "gru"] == list(range(2, 300, 5))
    of_runs = [path for path in opened if path.startswith(str(tmp_path))]
    assert len(of_runs) <= 5 * 300 + 1, of_runs[:12]
    assert not [path for path in of_runs if path.endswith(".safetensors")]


@pytest.mark.slow  # makes 60,000 files
def test_10000_runs_are_listed_in_less_time_than_2_seconds_and_without_torch(tmp_path):
    make_runs(tmp_path, 10_000)
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "seqtasks", "runs", str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
        )
        times.append(time.perf_counter() - begun)
        assert len(done.stdout.splitlines()) == 10_001
    assert min(times) < 2, times


@pytest.mark.parametrize("options", [[], ["--json"], ["--csv"], ["--where", "solved"]])
def test_runs_are_listed_without_torch(tmp_path, options):
    make_runs(tmp_path, 2)
    code = (
        "import sys\n"
        "from seqtasks.cli import main\n"
        "try:\n"
        f"    main(['runs', {str(tmp_path)!r}, *{options!r}])\n"
        "finally:\n"
        "    assert 'torch' not in sys.modules and 'scipy' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_read_fast_is_what_is_read_with_care(tmp_path):
    make_runs(tmp_path, 4)
    small = {"hidden_size": 2, "length": "3", "batch_size": 4, "engine": "plain", "steps": 6}
    st.run("parity", cell="concat", evaluation_lengths=(3, 4), out=tmp_path, **small)
    st.run("adding", cell="gru", score="3..5", evaluation_lengths=(3,), out=tmp_path, **small)
    for run in sorted(tmp_path.iterdir()):
        fast = summary_of_run(str(run), run.name)
        assert fast == careful_summary(str(run), run.name)
        assert fast["status"] == "finished"
        (run / "result.json").unlink()
        (run / "checkpoint.safetensors").unlink()
        assert summary_of_run(str(run), run.name) == careful_summary(str(run), run.name)
    for run in sorted(path for path in OLD_RUNS.iterdir() if path.is_dir()):
        assert summary_of_run(str(run), run.name) == careful_summary(str(run), run.name)


def _changed(path: Path, change) -> None:
    data = json.loads(path.read_text())
    change(data)
    write_json(path, data)


DAMAGES = {
    "a key twice": lambda run: (run / "experiment.json").write_text(
        (run / "experiment.json").read_text().replace('"steps"', '"seed": 5, "steps"')
    ),
    "a name with NUL": lambda run: _changed(
        run / "experiment.json", lambda data: data["experiment"].update(task="bit\0flip")
    ),
    "half a character": lambda run: (run / "experiment.json").write_text(
        (run / "experiment.json").read_text().replace('"bitflip"', '"\\ud800"')
    ),
    "a negative seed": lambda run: _changed(
        run / "experiment.json", lambda data: data["experiment"].update(seed=-1)
    ),
    "a seed that is true": lambda run: _changed(
        run / "experiment.json", lambda data: data["experiment"].update(seed=True)
    ),
    "a format to come": lambda run: _changed(
        run / "experiment.json", lambda data: data.update(format=99)
    ),
    "a format 0": lambda run: _changed(run / "experiment.json", lambda data: data.update(format=0)),
    "no record": lambda run: (run / "experiment.json").write_text("[1, 2]"),
    "not UTF-8": lambda run: (run / "experiment.json").write_bytes(b'{"a": "\xff"}'),
    "a linked record": lambda run: _linked(run / "experiment.json"),
    "a linked result": lambda run: _linked(run / "result.json"),
    "a linked log": lambda run: _linked(run / "metrics.jsonl"),
    "a score that is text": lambda run: _changed(
        run / "result.json",
        lambda data: data["scores"][0]["metrics"].update(token_accuracy="high"),
    ),
    "a score of no metric": lambda run: _changed(
        run / "result.json", lambda data: data["scores"][0].update(metrics={}, intervals={})
    ),
    "another reason to stop": lambda run: _changed(
        run / "result.json", lambda data: data.update(stopped="bored")
    ),
    "negative seconds": lambda run: _changed(
        run / "result.json", lambda data: data.update(seconds=-1.0)
    ),
    "a line that is no object": lambda run: _line(run, "17\n"),
    "a line of another object": lambda run: _line(run, '{"loss": 5.0}\n'),
}


def _linked(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def _line(run: Path, text: str) -> None:
    with open(run / "metrics.jsonl", "a") as log:
        log.write(text)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_is_told_in_the_words_of_the_careful_reader(tmp_path, damage):
    run = make_run(tmp_path, 1)
    DAMAGES[damage](run)
    (listed,) = list_runs(tmp_path)
    assert listed["status"] == "damaged"
    assert listed == careful_summary(str(run), run.name)
    assert listed["problem"]


RANGE = {
    "lengths": "41..500",
    "count": 460,
    "sequences": 64,
    "exhaustive": False,
    "metrics": {"token_accuracy": 0.5},
    "intervals": {"token_accuracy": [0.4, 0.6]},
}
FAST = {
    "a whole number as score": lambda data: data["scores"][0]["metrics"].update(token_accuracy=1),
    "an observer's end": lambda data: data.update(stopped="observer: enough"),
    "whole seconds": lambda data: data.update(seconds=3),
    "lines that are lost": lambda data: data.update(lines=LINES + 5),
    "lines that were added": lambda data: data.update(lines=LINES - 5),
    "a range": lambda data: data.update(score=RANGE),
    "no word of solved": lambda data: data.pop("solved"),
    "another number of steps": lambda data: data.update(step=5),
}
CAREFUL = {
    "infinity": lambda data: data["scores"][0]["metrics"].update(token_accuracy="Infinity"),
    "no lines": lambda data: data.pop("lines"),
    "other steps asked": lambda data: data.update(step_limit=7),
    "no reason": lambda data: data.update(stopped=None),
    "a huge number": lambda data: data["scores"][0]["metrics"].update(token_accuracy=10**400),
}


def read_both_ways(run: Path, fast: bool = True) -> dict:
    """Return the summary of a run, after a check that both ways of reading agree."""
    record = quick_object(f"{run}/experiment.json", _OF_RECORD)
    assert (quick_summary(str(run), run.name, record) is not None) == fast
    found = summary_of_run(str(run), run.name)
    assert found == careful_summary(str(run), run.name)
    return found


@pytest.mark.parametrize("case", [*FAST, *CAREFUL])
def test_what_a_result_may_hold_is_read_as_with_care(tmp_path, case):
    run = make_run(tmp_path, 1)
    _changed(run / "result.json", {**FAST, **CAREFUL}[case])
    found = read_both_ways(run, fast=case in FAST)
    assert found["status"] == ("damaged" if "huge" in case else found["status"])
    assert ("problem" in found) == ("lines that" in case or "huge" in case)


def test_other_layouts_are_read_as_with_care_and_fast(tmp_path):
    run = make_run(tmp_path, 1)
    data = json.loads((run / "result.json").read_text())
    # in another order of its keys, what is read stands behind where reading ends
    late = {key: data[key] for key in sorted(data, reverse=True)}
    texts = [json.dumps(data), *(json.dumps(data, indent=n) for n in (1, 2, 4))]
    for text in (*texts, json.dumps(late)):
        (run / "result.json").write_text(text)
        assert read_both_ways(run)["solved"] is True
    for last in ("solved", "score", "lines", "scores", "step"):
        late = {"path": "", "without_learning": data["without_learning"], **data}
        late[last] = late.pop(last)
        (run / "result.json").write_text(json.dumps(late, indent=2))
        assert read_both_ways(run)["solved"] is True
    (run / "result.json").write_text(json.dumps({**data, "solved": False}, indent=2))
    assert read_both_ways(run)["solved"] is False
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    (run / "result.json").write_text(json.dumps(data))
    for options in ({"separators": (",", ":")}, {"sort_keys": True}):
        text = "".join(json.dumps(line, **options) + "\n" for line in lines)
        (run / "metrics.jsonl").write_text(text + '{"st')  # and a line cut short
        assert "problem" not in read_both_ways(run)
    (run / "metrics.jsonl").unlink()
    assert "is cut short" in read_both_ways(run)["problem"]
    _changed(
        run / "experiment.json", lambda data: data["experiment"].update(published=[{"a": [1]}])
    )
    read_both_ways(run)


def test_an_unfinished_run_that_lost_lines_of_its_log_is_told_of(tmp_path):
    small = {"hidden_size": 2, "length": "3", "batch_size": 4, "engine": "plain", "steps": 6}
    path = st.run("parity", cell="concat", evaluation_lengths=(3,), out=tmp_path, **small).path
    (path / "result.json").unlink()
    (listed,) = list_runs(tmp_path)
    assert (listed["status"], listed["step"]) == ("unfinished", 6)
    assert "problem" not in listed
    (path / "metrics.jsonl").write_text("")
    (listed,) = list_runs(tmp_path)
    assert "is cut short" in listed["problem"]
