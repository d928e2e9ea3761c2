"""`seqtasks runs` lists a folder by any field, as a table, as CSV and as JSON."""

import csv
import io
import json
import os
from pathlib import Path

import pytest
from many_runs import make_run, make_runs

STEERING = "\x1b]0;mine\x07\x1b[2J\x9b31m\u202e"


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder `runs` with twelve runs of one task."""
    make_runs(tmp_path / "runs", 12)
    return tmp_path / "runs"


def changed(run: Path, file: str = "experiment.json", **values) -> None:
    data = json.loads((run / file).read_text())
    (data["experiment"] if file == "experiment.json" else data).update(values)
    (run / file).write_text(json.dumps(data))


def names(answer, *options: str) -> list[str]:
    return [run["name"] for run in json.loads(answer("runs", *options, "--json"))]


def test_the_table_has_the_columns_in_which_runs_differ(answer, many):
    header, first, *_ = answer("runs").splitlines()
    assert header.split() == [
        "run",
        "status",
        "cell",
        "hidden_size",
        "learning_rate",
        "seed",
        "step",
        "parameters",
        "scores",
    ]
    assert first.split()[:8] == [
        *("bitflip-concat-1", "finished", "concat", "8", "0.001", "0", "1000", "186")
    ]
    header = answer("runs", "--where", "cell=gru and hidden_size=24").splitlines()[0]
    assert header.split() == ["run", "status", "step", "parameters", "scores"]  # of one run


def test_a_setting_of_another_task_is_no_difference_unless_runs_of_a_task_differ(answer, tmp_path):
    first, other = make_run(tmp_path / "runs", 0), make_run(tmp_path / "runs", 5)
    changed(other, task="parity", hidden_size=99, learning_rate=5.0, seed=0)
    other.rename(other.with_name("parity-concat-6"))
    changed(first, hidden_size=8)
    assert answer("runs").splitlines()[0].split() == [
        *("run", "status", "step", "parameters", "scores")
    ]
    (tmp_path / "runs" / "parity-concat-6").rename(tmp_path / "runs" / "mine-1")
    assert "task" in answer("runs").splitlines()[0].split()  # the name hides it


def test_many_differences_are_named_on_stderr(seqtasks, tmp_path):
    make_run(tmp_path / "runs", 0)
    run = make_run(tmp_path / "runs", 1)
    changed(
        run, layers=2, batch_size=1, optimizer="sgd", clip=2.0, curriculum="steps", dtype="float64"
    )
    done = seqtasks("runs")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()[0].split()) == 3 + 8 + 2
    assert "Runs also differ in" in done.stderr
    assert "--columns" in done.stderr


def test_a_condition_chooses_runs(answer, many):
    assert names(answer, "--where", "cell=gru and solved") == ["bitflip-gru-3", "bitflip-gru-8"]
    assert names(answer, "--where", "not solved") == [
        "bitflip-concat-1",
        "bitflip-elman-5",
        "bitflip-lstm-9",
    ]
    assert names(answer, "--where", "seed >= 10 or run ~ 'gru-3$'") == [
        "bitflip-concat-11",
        "bitflip-gru-3",
        "bitflip-sum-12",
    ]
    assert names(answer, "--where", "token_accuracy_50 = 0.75 and lr=0.001") == names(
        answer, "--where", "not solved"
    )
    said = answer("runs", "--where", "cell = torch.nn.GRUCell")
    assert said == ("none of the 12 runs in runs meets the condition cell = torch.nn.GRUCell\n")
    assert names(answer, "--where", "cell = torch.nn.GRUCell") == []


def test_runs_are_sorted_by_any_field_and_those_without_a_value_come_last(answer, many):
    (many / "broken-1").mkdir()
    (many / "broken-1" / "experiment.json").write_text("{")
    sizes = [json.loads(answer("runs", "--json"))[k].get("seed") for k in (0, 1)]
    assert sizes == [0, 5]  # concat-1, concat-6: by name and number
    order = names(answer, "--sort", "learning-rate")
    assert order[-1] == "broken-1"
    assert order[:3] == ["bitflip-concat-1", "bitflip-elman-5", "bitflip-lstm-9"]
    order = names(answer, "--sort", "token_accuracy_10", "--reverse")
    assert order[-1] == "broken-1"
    assert order[-2].startswith("bitflip-")
    assert names(answer, "--reverse") == names(answer)[::-1]


def test_chosen_columns_are_shown_and_no_others(answer, many):
    lines = answer(
        "runs", "--columns", "run,lr,accuracy,token_accuracy_50", "--where", "seed<2"
    ).splitlines()
    assert lines[0].split() == ["run", "learning_rate", "accuracy", "token_accuracy_50"]
    assert lines[1].split() == ["bitflip-concat-1", "0.001", "75.0", "%", "75.0", "%"]
    (first, *_) = json.loads(answer("runs", "--columns", "cell,seed", "--json"))
    assert first == {"cell": "concat", "seed": 0}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--where", "cel=gru"], ["character 1", "Did you mean 'cell'"]),
        (["--where", "cell="], ["character 6", "expected a value"]),
        (["--where", "cell=gru and hidden_size=big"], ["hidden_size is a number"]),
        (["--sort", "acuracy"], ["'acuracy'", "Did you mean 'accuracy'"]),
        (["--columns", "name,sed"], ["'sed'", "Did you mean 'seed'"]),
        (["--columns", "name,name"], ["there twice"]),
        (["--csv", "--json"], ["exclude each other"]),
        (["--where", "\x1b[2J = 5"], ["character 1"]),
    ],
)
def test_a_wrong_option_is_refused_in_words(refused, many, options, words):
    refused(["runs", *options], *words)


def test_a_folder_that_is_named_like_a_verb_is_a_folder_with_a_path(answer, refused, tmp_path):
    make_run(tmp_path / "show", 1)
    assert "bitflip-sum-2" in answer("runs", "./show")
    refused(["runs", "show"], "Missing argument 'RUN'")
    refused(["runs", "shwo", "runs/x"], "Did you mean 'show'?")
    refused(["runs", "nowhere"], "there is no folder nowhere")
    said = answer("runs", "show/bitflip-sum-2")
    assert said.endswith("it is a run itself: `seqtasks runs show show/bitflip-sum-2`\n")


def rows_of(text: str) -> list[dict[str, str]]:
    """Return what a reader of RFC 4180 makes of CSV."""
    assert text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def read_csv(seqtasks, *options: str) -> list[dict[str, str]]:
    return rows_of(seqtasks("runs", *options, "--csv").stdout)


def test_csv_has_all_fields_and_the_numbers_as_they_are(seqtasks, many):
    rows = read_csv(seqtasks)
    listed = json.loads(seqtasks("runs", "--json").stdout)
    assert [row["name"] for row in rows] == [run["name"] for run in listed]
    for row, run in zip(rows, listed, strict=True):
        assert int(row["seed"]) == run["seed"]
        assert row["solved"] == str(run["solved"]).lower()
        assert float(row["token_accuracy_50"]) == run["scores"]["50"]["token_accuracy"]
        assert float(row["learning_rate"]) == run["settings"]["learning_rate"]
        assert row["evaluation_lengths"] == "10,20,50,100,500"
        assert row["embedding_size"] == ""


def test_csv_holds_no_formula_and_nothing_that_steers(seqtasks, tmp_path):
    run = make_run(tmp_path / "runs", 0)
    formula = '=HYPERLINK("http://x","y")'
    changed(run, cell=formula, optimizer="@SUM(A1)", device="-1+2", curriculum=f'a"b,\n{STEERING}')
    changed(run, "result.json", seconds=0.5)
    odd = run.with_name("+evil")
    run.rename(odd)
    (row,) = read_csv(seqtasks)
    assert row["cell"] == f"'{formula}"
    assert row["optimizer"] == "'@SUM(A1)"
    assert row["device"] == "'-1+2"
    assert row["name"] == "'+evil"
    assert row["curriculum"].startswith('a"b,\n\\x1b]0;mine\\x07')
    assert row["seconds"] == "0.5"


def test_hostile_names_are_shown_as_text_in_a_long_table_too(answer, tmp_path):
    from seqtasks.display import printable

    make_runs(tmp_path / "runs", 210)  # so many that a faster way prints them
    for number, name in enumerate([f"a{STEERING}", "字" * 60, "ב" * 20, "x" * 250, "a\nb"]):
        run = make_run(tmp_path / "runs", 300 + number)
        run.rename(run.with_name(name))
        changed(run.with_name(name), cell=f"c{STEERING}\n")
    said = answer("runs")
    assert printable(said) == said
    assert len(said.splitlines()) == 1 + 215
    assert "\\x1b" in said
    assert "字" * 60 in said
    assert "x" * 250 in said
    found = json.loads(answer("runs", "--json"))
    assert {f"a{STEERING}", "a\nb"} <= {run["name"] for run in found}


def test_a_long_table_has_the_lines_of_a_short_one(monkeypatch):
    from seqtasks.cli.output import table_lines
    from seqtasks.cli.runs import plain_table

    rows = [
        [f"run-{n}", "字" * (n % 3), f"{n * 37 % 1000}", "a b\n" if n % 2 else ""]
        for n in range(300)
    ]
    headers = ["run", "wide", "number", "last"]
    assert plain_table.many_lines(headers, rows, ["number"]) == table_lines(
        headers, rows, ["number"]
    )


def test_a_linked_run_is_listed_and_a_link_to_itself_is_not(answer, tmp_path):
    run = make_run(tmp_path / "elsewhere", 0)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "linked").symlink_to(run)
    (tmp_path / "runs" / "round").symlink_to("round")
    (tmp_path / "runs" / "file").write_text("")
    assert names(answer) == ["linked"]


# ---- studies


def make_study(folder: Path, done: int = 3, finished: bool = True, **changes) -> Path:
    """Make a study of four runs as its documented files have it."""
    path = folder / "parity-gru-1"
    path.mkdir(parents=True)
    records = [
        {
            "format": 1,
            "experiment": {"task": "parity", "cell": "gru", "seed": 0, "steps": 50, **one},
        }
        for one in ({"hidden_size": 8, "layers": 1}, {"hidden_size": 16, "layers": 1})
    ]
    study = {
        "format": 1,
        "name": "parity-gru",
        "face": "sweep",
        "command": "seqtasks sweep parity --cell gru --hidden-size 8,16 --seeds 2",
        "settings": [
            {"label": f"hidden size {size}", "changes": {"hidden_size": size}, "record": record}
            for size, record in zip((8, 16), records, strict=True)
        ],
        "points": [{"setting": 0, "seeds": "0..1"}, {"setting": 1, "seeds": [0, 1]}],
        **changes,
    }
    (path / "study.json").write_text(json.dumps(study))
    lines = [
        {
            "point": n,
            "seed": n % 2,
            "status": "ended",
            "step": 50,
            "scores": {},
            "seconds": 0.1,
            "history": {"loss": [], "validation": {}},
        }
        for n in range(done)
    ]
    half = done // 2
    for name, some in (("runs-here-1.jsonl", lines[: half + 1]), ("runs.jsonl", lines[half:])):
        (path / name).write_text("".join(json.dumps(line) + "\n" for line in some))
    if finished:
        solved = [{"solved": {"count": 1, "of": 2}}, {"solved": {"count": 2, "of": 2}}]
        (path / "result.json").write_text(json.dumps({"settings": solved}))
    return path


def test_a_study_is_one_row_with_what_is_done_and_how_many_solved_it(answer, many):
    make_study(many, done=4)
    (row,) = json.loads(answer("runs", "--where", "kind=study", "--json"))
    assert (row["face"], row["experiments"], row["asked"], row["done"]) == ("sweep", 2, 4, 4)
    assert (row["status"], row["solved_share"]) == ("finished", 0.75)
    assert (row["task"], row["cell"], row["settings"]) == ("parity", "gru", {"layers": 1})
    assert "sweep: 2 settings, 4 of 4 runs, 75.0 % solved" in answer("runs")
    assert names(answer, "--where", "solved_share > 0.7") == ["parity-gru-1"]
    assert len(names(answer, "--where", "kind = run")) == 12


def test_lines_that_were_lost_after_the_result_are_noticed(answer, tmp_path):
    study = make_study(tmp_path / "runs", done=4)
    (study / "runs-here-1.jsonl").unlink()
    lines = (study / "runs.jsonl").read_text()
    result = json.loads((study / "result.json").read_text())
    (study / "result.json").write_text(json.dumps({**result, "runs": 4, "unfinished": 0}))
    assert json.loads(answer("runs", "--json"))[0]["done"] == 4  # the result says so
    (study / "runs.jsonl").write_text(lines.splitlines(keepends=True)[0])
    (row,) = json.loads(answer("runs", "--json"))
    assert (row["done"], row["status"]) == (1, "unfinished")


def test_a_study_that_has_not_ended_says_how_far_it_is(answer, tmp_path):
    study = make_study(tmp_path / "runs", done=3, finished=False)
    (row,) = json.loads(answer("runs", "--json"))
    assert (row["status"], row["done"], row["solved_share"]) == ("unfinished", 3, None)
    with open(study / "runs.jsonl", "a") as file:
        file.write('{"point": 3, "se')  # cut short by a crash
    assert json.loads(answer("runs", "--json"))[0]["done"] == 3
    with open(study / "runs.jsonl", "a") as file:
        file.write('\n{"no": "run"}\n')
    (row,) = json.loads(answer("runs", "--json"))
    assert row["status"] == "damaged"
    assert "line 3 is of no run" in row["problem"]


def test_a_study_with_a_damaged_line_is_not_listed_as_finished(answer, tmp_path):
    study = make_study(tmp_path / "runs", done=4)
    assert json.loads(answer("runs", "--json"))[0]["status"] == "finished"
    lines = (study / "runs.jsonl").read_text().splitlines(keepends=True)
    lines[1] = lines[1].replace('"seed": ', '"seed" ')
    (study / "runs.jsonl").write_text("".join(lines))
    (row,) = json.loads(answer("runs", "--json"))
    assert row["status"] == "damaged"
    assert "line 2 is of no run" in row["problem"]


@pytest.mark.parametrize("damage", ["link", "fifo", "text"])
def test_a_study_whose_lines_are_damaged_is_not_shown(seqtasks, tmp_path, damage):
    study = make_study(tmp_path / "runs", done=4)
    kept, lines = (study / "result.json").read_bytes(), study / "runs.jsonl"
    content = lines.read_bytes()
    lines.unlink()
    if damage == "link":
        (tmp_path / "elsewhere").write_bytes(content)
        lines.symlink_to(tmp_path / "elsewhere")
    elif damage == "fifo":
        os.mkfifo(lines)
    else:
        lines.write_bytes(content.replace(b'"seed": ', b'"seed" ', 1))
    (study / "result.json").write_bytes(kept)  # newer than all lines
    shown = seqtasks("runs", "show", study)
    assert shown.returncode == 2
    assert "runs.jsonl" in shown.stderr
    assert shown.stdout == ""


@pytest.mark.parametrize(
    "changes", [{"format": 9}, {"points": [{"setting": 0, "seeds": "5..1"}]}, {"settings": 5}]
)
def test_a_damaged_study_hides_no_run(answer, many, changes):
    make_study(many, **changes)
    found = {run["name"]: run["status"] for run in json.loads(answer("runs", "--json"))}
    assert found["parity-gru-1"] == "damaged"
    assert len(found) == 13


def test_a_study_that_was_trained_is_listed_shown_and_sent(seqtasks, answer, tmp_path):
    options = ["--cell", "concat", "--steps", "200", "--eval-length", "10", "--quiet"]
    done = seqtasks("run", "bitflip", *options, "--seeds", "3")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(answer("runs", "--json"))
    assert (row["kind"], row["face"], row["status"]) == ("study", "run", "finished")
    assert (row["asked"], row["done"], row["experiments"]) == (3, 3, 1)
    assert (row["task"], row["cell"], row["steps"]) == ("bitflip", "concat", 200)
    (path,) = (tmp_path / "runs").iterdir()
    result = json.loads((path / "result.json").read_text())
    assert row["solved_share"] == result["settings"][0]["solved"]["share"]
    assert "--seeds 3" in " ".join(answer("runs", "show", path).split())
    assert "1 study, " in answer("runs", "export", path, "-o", "x.zip")
    assert names(answer, "--where", "cell=concat and solved_share >= 0") == [path.name]
