"""Mistakes in `compare` and `sweep`: a line or two that say what to do, exit 2, nothing written."""

import pytest

TINY = ("--steps", "2", "--eval-length", "3", "--engine", "plain")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cell", ""], ["cell", "empty"]),
        (["--cell", "gru,"], ["missing beside a comma"]),
        (["--cell", "gru,gru"], ["cell", "gru comes twice"]),
        (["--cell", "gru,lst"], ["lst", "did you mean 'lstm'"]),
        (["--cell", "gru,elman:nonlinearty=[tanh,relu]"], ["did you mean 'nonlinearity'"]),
        (["--cell", "gru,./none.py:Mine"], ["none.py"]),
        (["--cell", "gru"], ["two settings or more"]),
        (["--cell", "gru,lstm", "--seeds", ""], ["no seed"]),
        (["--cell", "gru,lstm", "--seeds", "0"], ["0 seeds are none"]),
        (["--cell", "gru,lstm", "--seeds", "3,5,3"], ["seed 3 is given twice"]),
        (["--cell", "gru,lstm", "--seeds", "9..3"], ["backwards", "3..9"]),
        (["--cell", "gru,lstm", "--seeds", "ten"], ["no seed"]),
        (["--cell", "gru,lstm", "--seeds", str(2**64)], [str(2**63 - 1), "100,000,000"]),
        (["--cell", "gru,lstm", "--seeds", "1", "--until-sure"], ["--seeds 2"]),
        (["--cell", "gru,lstm", "--seed", "3"], ["--seeds"]),
        (
            ["--cell", "gru,lstm", "--lr", "1e-2..1e-4:log5"],
            ["learning_rate", "1e-4..1e-2:log5"],
        ),
        (["--cell", "gru,lstm", "--lr", "best:0.01"], ["nothing to choose"]),
        (["--cell", "gru,lstm", "--lr", "best:"], ["empty"]),
        (["--cell", "gru,lstm", "--hidden-size", "8,x"], ["hidden_size", "'x'"]),
        (["--cell", "gru,lstm", "--hidden-size", "0,8"], ["hidden_size must be at least 1"]),
        (["--cell", "gru,lstm", "--length", "10,20"], ["[10,20]"]),
        (["--cell", "gru,lstm", "--embedding", "lerned"], ["did you mean 'learned'"]),
        (["--cell", "gru,lstm", "--match", "size"], ["parameters"]),
        (["--readout", "sum,state", "--match", "parameters"], ["several with --cell"]),
        (["--cell", "elman,lstm", "--hidden-size", "2", "--match", "parameters"], ["% off"]),
        (["--cell", "gru,lstm", "--jobs", "0"], ["--jobs"]),
        (["--cell", "gru,lstm", "--backend", "spark"], ["spark", "loky"]),
        (["--cell", "gru,lstm", "--address", "tcp://x:1"], ["--backend dask or ray"]),
        (["--cell", "gru,lstm", "--time-limit", "soon"], ["30s"]),
        (["--cell", "gru,lstm", "--time-limit", "0s"], ["a time above 0 such as 30s", "'0s'"]),
        (["--cell", "gru,lstm", "--time-limit", "5"], ["a time above 0 such as 30s", "'5'"]),
        (["--cell", "gru,lstm", "--csv", "none/runs.csv"], ["no folder"]),
        (["--cell", "gru,lstm", "--csv", "/proc/x"], ["cannot write /proc/x"]),
        (["--cell", "gru,lstm", "--seeds", "1000000"], ["2,000,000 runs", "--yes"]),
        (["--cell", "gru,lstm", "--tensorboard"], ["--tensorboard"]),
        (["--cell", "gru,lstm", "--width", "0.2"], ["--width goes with --until-sure"]),
        (["--cell", "gru,lstm", "--until-sure", "--width", "0"], ["width", "above 0"]),
        (
            ["--cell", "gru,lstm", "--until-sure", "--most-seeds", "9"],
            ["--most-seeds must be"],
        ),
    ],
)
def test_a_comparison_that_cannot_be_made_is_refused(refused, arguments, words):
    refused(["compare", "bitflip", *TINY, *arguments], *words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["parity"], ["two points or more"]),
        (["parity", "--lr", "1e-4..1e-2"], ["learning_rate", "log5"]),
        (["parity", "--lr", "1e-4..1e-2:log"], ["how many values"]),
        (["parity", "--lr", "1e-4..1e-2:lg5"], ["did you mean 'log'"]),
        (["parity", "--lr", "best:0.1,0.2"], ["leave out 'best:'"]),
        (["parity", "--hidden-size", "1..1000000", "--seeds", "1"], ["1,000,000 runs", "--yes"]),
        (["parity", "--hidden-size", "1..1000", "--seeds", "1000"], ["1,000,000 runs", "--yes"]),
        (["parity", "--hidden-size", "8,16", "--random", "3"], ["there are only 2"]),
        (["parity", "--hidden-size", "8..99", "--random", "0"], ["at least 1"]),
        (["parity", "--hidden-size", "8..99", "--random", "1000"], ["there are only 92"]),
        (["parity", "--hidden-size", "8,16", "--best", "0"], ["best must be at least 1"]),
        (["parity", "--hidden-size", "8,16", "--fresh-seeds", "-1"], ["fresh"]),
        (["parity", "--lr", "1e-3..1e-2:log", "--random", "4", "--draw-seed", "-1"], ["negative"]),
        (["parity", "--hidden-size", "8,16", "--draw-seed", "3"], ["--random N"]),
        (["parity", "--lr", "1e-3..1e-2:log", "--random", "0"], ["must be at least 1, got 0"]),
        (["bitshift:shift=[1,2"], ["not closed"]),
        (["bitshift:shift=[]"], ["empty"]),
        (["bitshift:shift=4..1"], ["backwards"]),
        (["bitshift:shft=[1,2]"], ["did you mean 'shift'"]),
        (["paritty,bitshift"], ["did you mean 'parity'"]),
        ([], ["a task is missing"]),
    ],
)
def test_a_sweep_that_cannot_be_made_is_refused(refused, arguments, words):
    refused(["sweep", *arguments, *TINY], *words)


def test_a_bad_parameter_in_a_list_is_shown_once_with_the_mark_below_it(refused):
    cells = ("--cell", "lstm:peephole=true,gru", "--length", "1..3")
    first, mark = refused(["sweep", "parity", *cells, *TINY], "no parameter").splitlines()
    assert first == "Error: lstm:peephole=true"
    assert mark.index("^") == first.index("peephole")


def test_resuming_a_study_names_the_option_that_is_for_a_run_and_the_damaged_line(
    seqtasks, refused
):
    made = seqtasks("run", "bitflip", "--seeds", "3", *TINY)
    assert made.returncode == 0, made.stderr
    [study] = (seqtasks.folder / "runs").iterdir()
    for option in (["--steps", "9"], ["--checkpoint-every", "9"], ["--tensorboard"]):
        refused(["resume", study, *option], f"{option[0]} is for a single run")
    lines = (study / "runs.jsonl").read_text().splitlines(keepends=True)
    lines[1] = lines[1][:20] + "\n"
    (study / "runs.jsonl").write_text("".join(lines))
    damaged = seqtasks("resume", study)
    assert damaged.returncode == 2
    assert "runs.jsonl is not JSON: line 2, column" in damaged.stderr
    assert "delete line 2, and seqtasks resume makes its run again" in damaged.stderr
    (study / "runs.jsonl").write_text(lines[0] + lines[2])
    again = seqtasks("resume", study)
    assert again.returncode == 0, again.stderr
    assert len((study / "runs.jsonl").read_text().splitlines()) == 3


def test_a_cell_that_fails_is_named_before_anything_is_run(refused, tmp_path):
    (tmp_path / "mine.py").write_text(
        "import seqtasks as st\n"
        "class Mine(st.Cell):\n"
        "    def forward(self, x, h):\n"
        "        return h @ x\n"
    )
    refused(["compare", "bitflip", "--cell", "gru,./mine.py:Mine", *TINY], "Mine", "mine.py")
