"""`seqtasks bench engine` through the real command."""

import json

import pytest


def test_one_object_with_the_machine_and_a_row_a_contender(seqtasks, tmp_path):
    options = ["--cell", "concat", "--repeats", "1", "--json", "--plot", "times.png"]
    done = seqtasks("bench", "engine", "--size", "tiny", *options)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert set(document) == {"machine", "rows"}
    assert {"processor", "cores", "torch", "jax", "compiler", "load"} <= set(document["machine"])
    for row in document["rows"]:
        assert set(row) == {"size", "cell", "contender", "ms", "low", "high"}
        assert (row["size"], row["cell"]) == ("tiny", "concat")
        assert 0 < row["low"] <= row["ms"] <= row["high"]
    names = [row["contender"] for row in document["rows"]]
    reasons = [line for line in done.stderr.splitlines() if line.startswith("left out at concat, ")]
    missing = [line.split(": ")[1] for line in reasons]
    order = ["seed", "nn", "jax", "plain", "torch", "native", "floor"]
    assert sorted(names + missing, key=order.index) == order
    assert names == [name for name in order if name in names]
    assert {"seed", "nn", "plain", "floor"} <= set(names)
    assert (tmp_path / "times.png").read_bytes().startswith(b"\x89PNG")


def test_the_table_has_times_and_ratios_in_80_columns(seqtasks, tmp_path):
    (tmp_path / "mine.py").write_text(
        "import torch, seqtasks\n"
        "class Fast(seqtasks.Cell):\n"
        "    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__(input_size, hidden_size)\n"
        "        self.linear = torch.nn.Linear(input_size, hidden_size)\n"
        "    def forward(self, x, state):\n"
        "        return 0.5 * state + self.linear(x)\n"
    )
    options = ["--cell", "./mine.py:Fast", "--repeats", "1"]
    done = seqtasks("bench", "engine", "--size", "tiny", *options)
    assert done.returncode == 0, done.stderr
    text = done.stdout
    assert max(map(len, text.splitlines())) <= 80
    assert "./mine.py:Fast at tiny: batch 8, time 10, width 3, tokens" in text
    assert ": nn: torch has no layer like Fast\n" in done.stderr
    (header,) = (line for line in text.splitlines() if line.startswith("cell"))
    for ratio in ("nn / native", "seed / native", "jax / native", "native / floor"):
        assert ratio in header


def test_only_the_contenders_named_are_measured(seqtasks):
    names = ["--contender", "nn", "--contender", "plain", "--contender", "nn"]
    done = seqtasks("bench", "engine", "--size", "tiny", "--repeats", "1", "--json", *names)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [row["contender"] for row in rows] == ["nn", "plain"]


@pytest.mark.slow
def test_memory_has_a_row_an_engine(seqtasks):
    done = seqtasks("bench", "engine", "--size", "tiny", "--cell", "gru", "--memory", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert set(document) == {"machine", "memory"}
    assert {row["contender"] for row in document["memory"]} >= {"plain"}
    for row in document["memory"]:
        assert set(row) == {"size", "cell", "contender", "mib"}
        assert row["mib"] >= 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("engine --size midle", ["unknown size 'midle'", "Did you mean 'middle'?"]),
        ("engine --cell gru-concta", ["gru-concta", "Did you mean 'gru-concat'?"]),
        ("engine --cell gru:gates=4", ["gru", "no parameter 'gates'"]),
        ("engine --contender nativ", ["unknown contender 'nativ'", "Did you mean 'native'?"]),
        ("engine --contender nn --memory", ["--memory", "--contender"]),
        ("engine --inputs real", ["'real'", "tokens", "reals"]),
        ("engine --repeats 0", ["--repeats"]),
        ("engine --repeats 1000000000", ["--repeats", "10000"]),
        ("engine --plot times.txt", ["times.txt", ".png"]),
        ("engine --plot nowhere/times.png", ["no folder", "nowhere"]),
        ("engine --plot times.png --memory", ["--plot", "--memory"]),
        ("engin", ["no benchmark 'engin'", "Did you mean 'engine'?"]),
    ],
)
def test_mistakes_are_named_before_anything_is_measured(refused, arguments, words):
    refused(["bench", *arguments.split()], *words)


def test_the_help_lists_what_there_is_to_measure(answer):
    assert "bench" in answer("--help")
    assert "engine" in answer("bench", "--help")
    text = answer("bench", "engine", "--help")
    assert "native" in text
    assert max(map(len, text.splitlines())) <= 80


def test_what_was_measured_before_an_interrupt_is_printed(monkeypatch):
    from click.testing import CliRunner

    from seqtasks.benchmark import measuring
    from seqtasks.cli.bench_engine import engine

    def measured(problem, contenders, repeats, tell):
        tell("round 1")
        if problem.size.name != "tiny":
            raise KeyboardInterrupt
        assert repeats == 1
        timing = measuring.Timing("plain", "1 thread", 2.0, 1.0, 3.0)
        return measuring.Measured(problem, [timing], {})

    monkeypatch.setattr(measuring, "measure", measured)
    options = ["--quick", "--size", "tiny", "--size", "middle", "--contender", "plain", "--json"]
    done = CliRunner().invoke(engine, options)
    assert done.exit_code == 1  # as click ends a command by itself
    (row,) = json.loads(done.stdout[: done.stdout.rindex("}") + 1])["rows"]
    assert row["ms"] == 2.0
    lines = done.stderr.splitlines()
    assert lines[:2] == ["concat at tiny: round 1", "concat at tiny: plain 2 ms a step"]
    assert "concat at middle: round 1" in lines


def test_an_interrupt_between_rounds_keeps_those_that_were_measured(monkeypatch):
    from click.testing import CliRunner

    from seqtasks.benchmark import measuring
    from seqtasks.cli.bench_engine import engine

    times = iter([0.25, 0.5, 0.125])  # of three bursts; then comes the interrupt

    def seconds(variant, steps):
        if steps == 1:
            return 1.0  # while it warms up
        try:
            return next(times)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(measuring, "_seconds_a_step", seconds)
    monkeypatch.setattr(measuring, "thread_counts", lambda: [1])
    options = ["--size", "tiny", "--contender", "plain", "--contender", "seed", "--json"]
    done = CliRunner().invoke(engine, options)
    assert done.exit_code == 1
    rows = json.loads(done.stdout[: done.stdout.rindex("}") + 1])["rows"]
    # There and back: the one last in a round is the first of the next.
    assert [(row["contender"], row["low"], row["high"]) for row in rows] == [
        ("plain", 250, 250),
        ("seed", 125, 500),
    ]
