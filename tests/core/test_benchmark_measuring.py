"""How contenders are measured, drawn, and how their memory is found."""

import math
import sys

import pytest
import torch

from seqtasks.benchmark import measuring
from seqtasks.benchmark.contenders.base import UnavailableError, Variant
from seqtasks.benchmark.figure import timing_figure
from seqtasks.benchmark.machine import machine_facts
from seqtasks.benchmark.measuring import Measured, Timing, measure
from seqtasks.benchmark.peak_memory import measure_memory
from seqtasks.benchmark.problem import Problem
from seqtasks.benchmark.sizes import SIZES, Size, find_size
from seqtasks.errors import UsageError

TINY = Problem(SIZES["tiny"], "concat")


class Clock:
    """A clock that stands still but for what the contenders take."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def contest(monkeypatch):
    """Measure made-up contenders, given as {name: {setting: [seconds a step, one a call]}}."""

    def run(contenders: dict, **options) -> tuple[Measured, list]:
        clock, calls = Clock(), []

        def variant(name: str, setting: str, speed) -> Variant:
            def train(steps: int) -> list[float]:
                calls.append((name, setting, steps))
                mine = sum(call[:2] == (name, setting) for call in calls)
                clock.now += steps * speed(mine)
                return [math.nan if name == "nan" else 1.0] * steps

            return Variant(setting, 1, train)

        def build(name, problem, threads):
            if isinstance(contenders[name], Exception):
                raise contenders[name]
            return [variant(name, *item) for item in contenders[name].items()]

        monkeypatch.setattr(measuring, "build", build)
        monkeypatch.setattr(measuring, "time", clock)
        return measure(TINY, list(contenders), **options), calls

    return run


def constant(seconds: float):
    return lambda call: seconds


def test_the_median_and_the_spread_of_the_rounds_are_reported(contest):
    # Calls 1 to 4 warm up (two steps, then 1, 4 and 16 of them); rounds make two calls each.
    times = {7: 0.001, 9: 0.009, 11: 0.003}
    measured, _ = contest(
        {"seed": {"1 thread": lambda call: times.get(call - 1, 0.005)}},
        repeats=3,
        burst_seconds=0.2,
    )
    (timing,) = measured.timings
    assert (timing.contender, timing.setting) == ("seed", "1 thread")
    assert timing.low <= timing.ms <= timing.high
    assert timing.high == pytest.approx(9)


def test_the_fastest_variant_counts_and_hopeless_ones_are_dropped(contest):
    measured, calls = contest(
        {"nn": {"1 thread": constant(0.010), "2 threads": constant(0.008), "9": constant(0.1)}},
        repeats=2,
    )
    assert [(t.setting, round(t.ms, 6)) for t in measured.timings] == [("2 threads", 8.0)]
    turns = [setting for _, setting, _ in calls[-8:]]
    assert turns == ["1 thread"] * 2 + ["2 threads"] * 4 + ["1 thread"] * 2


def test_contenders_take_turns_in_bursts_of_about_the_same_time(contest):
    _, calls = contest({"seed": {"a": constant(0.01)}, "native": {"b": constant(1e-5)}}, repeats=2)
    bursts = [(name, steps) for name, _, steps in calls[-8:]][1::2]
    assert bursts == [("seed", 20), ("native", 20000), ("native", 20000), ("seed", 20)]


def test_who_fails_is_left_out_with_one_line_and_the_others_go_on(contest):
    measured, _ = contest(
        {
            "seed": {"1 thread": constant(0.02)},
            "nan": {"1 thread": constant(0.01)},
            "jax": UnavailableError("it is not here"),
            "torch": RuntimeError("broken\nand more"),
        },
        repeats=1,
    )
    assert [timing.contender for timing in measured.timings] == ["seed"]
    assert measured.left_out == {
        "nan": "its loss is not finite",
        "jax": "it is not here",
        "torch": "RuntimeError: broken",
    }


def test_ratios_are_those_of_medians():
    measured = Measured(TINY, [Timing("nn", "", 9, 8, 10), Timing("native", "", 3, 1, 4)], {})
    assert measured.ratio("nn", "native") == 3
    assert measured.ratio("jax", "native") is None


def test_a_real_measurement_leaves_threads_and_random_state_as_they_were():
    before = torch.get_num_threads(), torch.get_rng_state()
    measured = measure(TINY, ["plain", "floor"], repeats=2, burst_seconds=0.001)
    assert torch.get_num_threads() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])
    assert [row["contender"] for row in measured.rows()] == ["plain", "floor"]
    for row in measured.rows():
        assert set(row) == {"size", "cell", "contender", "ms", "low", "high"}
        assert 0 < row["low"] <= row["ms"] <= row["high"]


def test_the_figure_has_a_panel_a_cell_a_line_a_contender_and_a_logarithmic_axis():
    def one(size: str, cell: str, ms: float) -> Measured:
        timings = [Timing("nn", "", ms, ms / 2, ms * 2), Timing("native", "", ms / 9, ms / 9, ms)]
        return Measured(Problem(SIZES[size], cell), timings, {})

    figure = timing_figure([one("tiny", "gru", 1), one("long", "gru", 90), one("tiny", "sum", 2)])
    gru, simple = figure.axes
    assert [gru.get_title(), simple.get_title()] == ["gru", "sum"]
    assert gru.get_yscale() == "log"
    assert [label.get_text() for label in gru.get_xticklabels()] == [
        "tiny\n8×10×3",
        "long\n32×500×128",
    ]
    lines = {bars.get_label(): list(bars.lines[0].get_ydata()) for bars in gru.containers}
    assert lines == {"torch.nn layer": [1, 90], "engine native": [1 / 9, 10]}
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["torch.nn layer", "engine native"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can forget a peak")
def test_peak_memory_is_what_the_graph_must_keep_and_not_much_more():
    measured = measure_memory(Problem(Size("some", 128, 40, 64), "concat"))
    # torch keeps, for every step, [x; h] for the weights and the new state for tanh.
    kept = 128 * 40 * (2 + 1) * 64 * 4
    assert kept < measured.bytes["plain"] < 6 * kept
    assert not set(measured.bytes) & set(measured.left_out)


def test_the_machine_is_described():
    facts = machine_facts()
    assert facts["torch"] == torch.__version__
    assert facts["cores"] >= 1
    assert facts["processor"]
    assert set(facts) >= {"jax", "compiler", "load"}


def test_sizes_are_those_of_the_published_figures():
    sizes = {s.name: (s.batch, s.time, s.width) for s in SIZES.values()}
    assert sizes == {
        "tiny": (8, 10, 3),
        "small": (64, 10, 10),
        "middle": (128, 40, 64),
        "chomsky": (128, 40, 256),
        "long": (32, 500, 128),
    }
    with pytest.raises(UsageError, match="Did you mean 'chomsky'"):
        find_size("chomski")
