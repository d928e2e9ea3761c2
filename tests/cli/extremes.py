"""Argument lists beyond reason: sizes, lengths, counts, numbers, parameters and names.

`RUN` stands for the folder of a run; see test_extreme_arguments.
"""

from collections.abc import Iterator
from itertools import product

RUN = "RUN"

DIGITS = "9" * 400
NO_SIZES = ("0", "-1", "nan", "inf", "1e9", "1.5", "", "0x10", "--", "\x1b[31m7", "½")
LARGE = (10**9, 10**12, 10**20, 10**30)
"""No machine has the memory for these."""
NO_LENGTHS = ("0", "-5", "1..0", "..", "1..", "1...5", "nan", "1..inf", "a..b", "1e3", DIGITS)
LONG = ("1000000000000", "1..1000000000000", f"{10**17}..{10**18 - 1}", f"1..{10**20}")
NO_LISTS = (",", "1,,2", "1..1000000000", "5,1..1000000000000", ",".join(["7"] * 20_000 + ["0"]))
NO_NUMBERS = ("0", "-1", "nan", "inf", "-inf", "1e400", "-1e-400", DIGITS, "", "1,5", "0x1p3")

TASKS = (
    f"mqar:vocabulary_size={10**12}",
    f"mqar:vocabulary_size={10**9}",
    f"mqar:vocabulary_size={DIGITS}",
    f"mqar:pairs={10**12}",
    "mqar:power_a=nan",
    "mqar:power_a=1e308",
    "mqar:power_a=-inf",
    f"tomita:number={10**30}",
    f"tomita:number={DIGITS}",
    "tomita:number=-1",
    f"automaton:states={10**9}",
    f"automaton:symbols={10**9}",
    f"automaton:states={10**6},symbols={10**6}",
    f"automaton:machine={10**30}",
    f"automaton:machine={DIGITS}",
    f"bitshift:shift={10**12}",
    f"bitshift:shift={DIGITS}",
    "bitshift:shift=-9223372036854775809",
    f"modular-sum:modulus={10**12}",
    f"modular-sum:modulus={10**30}",
    "modular-sum:modulus=0",
    f"dyck:kinds={10**9}",
    f"dyck:depth={10**12}",
    f"dyck:depth={10**30}",
    f"shuffle-dyck:kinds={10**9}",
    f"copy:symbols={10**12}",
    f"copy-memory:items={10**12}",
    f"copy-memory:items={10**20}",
    f"repeat-copy:repeats={10**12}",
    f"repeat-copy:repeats={10**20}",
    f"repeat-copy:symbols={10**20}",
    f"selective-copying:items={10**12}",
    f"selective-copying:symbols={10**10}",
    f"n-bit-flip-flop:channels={10**12}",
    f"n-bit-flip-flop:channels={10**20}",
    "n-bit-flip-flop:rate=nan",
    "n-bit-flip-flop:rate=1e308",
    "flip-flop:ignore=inf",
    "flip-flop:ignore=-1e308",
    f"associative-recall:item_length={10**12}",
    f"associative-recall:symbols={10**12}",
    f"memorization:vocabulary_size={10**12}",
    f"memorization:map_seed={10**40}",
    f"compression:vocabulary_size={10**20}",
    f"in-context-recall:vocabulary_size={10**12}",
    f"noisy-recall:noise_vocabulary_size={10**12}",
    "noisy-recall:frac_noise=nan",
    f"fuzzy-recall:key_motif_size={10**6}",
    f"fuzzy-recall:key_motif_size={10**12}",
    f"fuzzy-recall:value_motif_size={10**12},vocabulary_size={10**9}",
    "group-word:generators=[" + ",".join(["(1,2,3,4,5)"] * 5000) + "]",
    "group-word:generators=[" + "(1,2)" * 5000 + "]",
    f"group-word:group=S4,generators=[(1,{10**12})]",
    "group-word:generators=[" + "()," * 20_000 + "()]",
    "group-word:group=" + "A" * 100_000,
)
CELLS = (
    f"stack-rnn:depth={10**12}",
    f"stack-rnn:depth={10**20}",
    f"stack-rnn:cell_size={10**12}",
    "stack-rnn:depth=0",
    f"tape-rnn:places={10**12}",
    f"tape-rnn:places={10**20}",
    f"tape-rnn:jump={10**30}",
    "tape-rnn:jump=1/0",
    f"tape-rnn:write_size={10**12}",
    f"delta-net:key_size={10**12}",
    f"delta-net:key_size={10**20}",
    "delta-net:key_size=-1",
    "irnn:scale=nan",
    "irnn:scale=1e308",
    "lru:r_min=2",
    "lru:r_max=nan",
    "lru:max_phase=inf",
    f"gru:hidden_size={10**12}",
)
NAMES = (
    "[" * 5000,
    "bitshift:shift=" + "[" * 5000,
    "bitshift:shift=" + "(" * 5000,
    "bitshift:" + "shift=1," * 10_000,
    "bitshift:" + "a" * 100_000 + "=1",
    "a" * 100_000,
    "bit\x1b[2Jflip",
    "bitflip\r\n\x07",
    "\u202ebitflip",
    "\udcff",
    "./" + "a/" * 20_000 + "b.py:X",
    "./" + "a" * 300 + ".py",
    "./b.py:" + "X" * 50_000,
    ":" * 5000,
    'bitshift:shift="' + "\\" * 20_001,
    "bitflip" * 5000,
    "os:system",
    " ",
    "/dev/zero",
    "/dev/zero.json",
)


def _train(*arguments: object) -> list[str]:
    return ["run", "bitflip", *map(str, arguments), "--steps", "1", "--eval-length", "4", "-q"]


def _run() -> Iterator[list[str]]:
    sizes = ("--layers", "--hidden-size", "--embedding-size", "--batch-size", "--training-inputs")
    for number, option in enumerate(sizes):
        yield from (_train(option, value) for value in LARGE)
        yield from (_train(option, value) for value in NO_SIZES[number::4])
    yield from (_train("--ponder", value) for value in (*LARGE, "-1", DIGITS))
    yield from (_train(option, value) for option in sizes for value in (DIGITS,))
    yield from (_train("--length", value) for value in (*NO_LENGTHS, *LONG))
    yield from (_train("--curriculum", value) for value in _CURRICULA)
    for option in ("--lr", "--clip", "--holdout"):
        yield from (_train(option, value) for value in NO_NUMBERS)
    yield from (_train("--lr-schedule", value) for value in _SCHEDULES)
    yield from (_train("--optimizer", value) for value in _OPTIMIZERS)
    yield from (_train("--checkpoint-every", value) for value in _CADENCES)
    for value in ("-1", "nan", DIGITS, 10**20, 2**64, "1e3"):
        yield _train("--seed", value)
        yield ["run", "bitflip", "--steps", "0" if value == 10**20 else str(value)[:9] + "x"]
    for option in ("--score", "--eval-length"):
        values = (*NO_LISTS, *LONG, "0", "nan") if option == "--eval-length" else (*LONG, "0", "x")
        yield from (["run", "bitflip", "--steps", "1", option, value] for value in values)
    for option in ("--device", "--out", "--readout", "--dtype", "--cell", "--engine"):
        for value in ("x" * 50_000, "\x1b[31mred", "cuda:" + DIGITS):
            yield _train(option, value)
    yield from (_train("--cell", cell, "--hidden-size", 8) for cell in CELLS)
    yield _train("--layers", 1001)
    yield _train("--layers", 900, "--hidden-size", 2000)
    yield _train("--hidden-size", 10**6, "--cell", "lstm")
    yield _train("--batch-size", 10**6, "--length", 10**6)
    yield from (["run", task, "--steps", "1", "-q", "--eval-length", "20"] for task in TASKS[::2])
    yield from (["run", name, "--steps", "1"] for name in NAMES)


_CURRICULA = (
    f"fixed:length={10**12}",
    f"fixed:length={DIGITS}",
    f"increasing:every={10**30}",
    "increasing:every=0",
    "uniform:" + "a=1," * 1000,
)
_SCHEDULES = (
    f"warmup:steps={10**30}",
    f"warmup:steps={DIGITS}",
    "warmup:steps=0",
    f"cosine:steps={10**30},warmup={10**29},last=0.1",
    "cosine:steps=10,last=nan",
    "cosine:steps=10,last=1e400",
    f"cosine:steps=1,warmup={10**12}",
    "[" * 3000,
)
_OPTIMIZERS = (
    "sgd:momentum=nan",
    "sgd:momentum=1e400",
    "adam:betas=[2,2]",
    "adam:betas=[" + "0.9," * 5000 + "0.9]",
    f"adam:eps=-{10**30}",
    f"adamw:weight_decay={DIGITS}",
)
_CADENCES = ("0", "-1", "0s", "nan", "infm", "1e400h", DIGITS, DIGITS + "h", "5x", "")


def _of_a_run() -> Iterator[list[str]]:
    for value in (*NO_LISTS, *LONG, *NO_LENGTHS):
        yield ["eval", RUN, "--length", value]
    for value in (*LONG, "0", "3..1", DIGITS):
        yield ["eval", RUN, "--score", value]
    for value in (*LARGE, DIGITS, *NO_SIZES[::2]):
        yield ["eval", RUN, "--sequences", str(value), "--length", "4"]
    for value in ("-1", "nan", DIGITS):
        yield ["eval", RUN, "--seed", value, "--length", "4"]
    yield ["eval", RUN, "--plot", "x" * 5000 + ".png", "--length", "4"]
    for value in _CADENCES:
        yield ["resume", RUN, "--checkpoint-every", value]
    for value in ("0", "-1", "nan", "1e400", ""):
        yield ["resume", RUN, "--steps", value]
    for value in (
        "2" * 50_000,
        "\x1b[31m0",
        "",
        "é" * 1000,
        "\udcff",
        "0,1 nan,inf",
        "0" * 100_000,
    ):
        yield ["predict", RUN, value]
    yield ["predict", RUN, *["01"] * 5000]
    for command, name in product(("eval", "resume", "predict"), NAMES[5:11]):
        yield [command, name]


def _of_tasks() -> Iterator[list[str]]:
    for number, task in enumerate(TASKS):
        yield ["show", task]
        if number % 3 == 0:
            yield ["sample", task]
        if number % 3 == 1:
            yield ["export", task, "--count", "3", "--out", "a.npz"]
        if number % 3 == 2:
            yield ["bench", "tasks", task]
    for value in (*LONG, *NO_LENGTHS[::2]):
        yield ["sample", "mqar", "--length", value]
        yield ["export", "parity", "--count", "2", "--out", "a.jsonl", "--length", value]
    yield ["sample", "mqar", "--length", str(10**10)]
    for value in (*LARGE, DIGITS, *NO_SIZES[::3]):
        yield ["sample", "parity", "--count", str(value)]
        yield ["sample", "adding", "--format", "jsonl", "--count", str(value)]
        yield ["export", "parity", "--count", str(value), "--out", "a.npz"]
        yield ["export", "parity", "--count", str(value), "--out", "a.jsonl"]
    yield ["export", "parity", "--count", str(10**9), "--out", "a", "--format", "hf"]
    for value in ("-1", "nan", DIGITS, str(2**64), str(10**40)):
        yield ["sample", "parity", "--seed", value]
        yield ["export", "parity", "--count", "2", "--out", "a.npz", "--seed", value]
    for name in NAMES:
        yield ["show", name]
        yield ["sample", name]
    yield ["export", "parity", "--count", "2", "--out", "x" * 5000 + ".npz"]
    yield ["export", "--from-manifest", "/dev/zero"]


def _of_others() -> Iterator[list[str]]:
    yield from (["show", cell] for cell in CELLS)
    for name in NAMES[5:11]:
        yield ["list", name]
        yield ["list", "--family", name]
        yield ["runs", name]
        for verb in ("show", "compare", "export", "remove", "archive"):
            yield ["runs", verb, name]
            yield ["runs", verb, name, name, *(["-o", name] if verb == "export" else ["--yes"])]
        yield ["runs", ".", "--where", name]
        yield ["runs", ".", "--columns", name]
        yield ["cache", name]
        yield ["bench", "tasks", name]
        yield ["bench", "engine", "--cell", name]
        yield ["plugins", name]
        yield ["--no-plugin", name, "list"]
    for value in ("0", "-1", "nan", DIGITS, 10**400, 10**9):
        yield ["bench", "engine", "--repeats", str(value)]
    yield ["bench", "engine", "--size", "x" * 5000]
    yield ["runs", "--sort", "x" * 5000]
    yield ["runs", "export", ".", "-o", "x" * 5000 + ".zip"]
    yield ["runs", ".", "--where", "(" * 5000]
    yield ["runs", ".", "--where", "seed = " + "9" * 5000]
    yield ["runs", ".", "--where", "seed < 1e400 or seed > -1e400"]
    yield ["runs", ".", "--where", "name ~ '(a+)+$'"]
    yield ["runs", "/proc/self"]


def argument_lists() -> list[list[str]]:
    """Return all argument lists, each once."""
    every = [*_run(), *_of_a_run(), *_of_tasks(), *_of_others()]
    return [list(one) for one in dict.fromkeys(map(tuple, every))]
