"""Makes a folder of many finished runs, as a sweep leaves them: `python many_runs.py FOLDER 10000`.

Each has the files of a real run, with sizes and lengths of an ordinary log. Checkpoints
and weights hold no tensors, because no list reads them.
"""

import json
import sys
from pathlib import Path
from typing import Any

CELLS = ("concat", "sum", "gru", "lstm", "elman")
LENGTHS = (10, 20, 50, 100, 500)
LINES = 20


def score(length: int, value: float) -> dict[str, Any]:
    metrics = {"token_accuracy": value, "sequence_accuracy": value**2}
    return {
        "length": length,
        "sequences": 1000,
        "exhaustive": False,
        "metrics": metrics,
        "intervals": {name: [found * 0.9, found] for name, found in metrics.items()},
        "held_out": False,
        "undefined": 0.0,
        "rows_mix": False,
    }


def record(number: int) -> dict[str, Any]:
    thing = {"plugin": "bits", "distribution": "seqtasks", "version": "0.1.0"}
    cell = CELLS[number % len(CELLS)]
    return {
        "format": 1,
        "experiment": {
            "cell": cell,
            "readout": "concat",
            "hidden_size": 8 * (1 + number % 3),
            "embedding": "learned",
            "embedding_size": None,
            "layers": 1,
            "initialization": "torch",
            "length": "10",
            "curriculum": "uniform",
            "ponder": 0,
            "blank_before_answer": False,
            "zeros_after_end": False,
            "steps": 1000,
            "batch_size": 64,
            "learning_rate": 0.001 * (1 + number % 4),
            "lr_schedule": "constant",
            "optimizer": "adam",
            "clip": 1.0,
            "loss_reduction": "mean",
            "data": "sampled",
            "training_inputs": None,
            "holdout": 0.0,
            "evaluation_lengths": list(LENGTHS),
            "solved_after": 3,
            "task": "bitflip",
            "seed": number,
            "device": "cpu",
            "dtype": "float32",
            "engine": "auto",
            "log_every": 50,
            "evaluate_every": 100,
            "checkpoint_every": 500,
            "validation_sequences": 256,
            "evaluation_sequences": 1000,
            "score": None,
            "score_sequences": 64,
            "score_also": None,
            "name": None,
            "published": [],
        },
        "own_model": None,
        "engine": "native",
        "threads": 1,
        "sources": {},
        "things": {
            kind: {**thing, "name": name, "definition": f"{number:064x}", "stated_version": 1}
            for kind, name in (("task", "bitflip"), ("cell", cell), ("readout", "concat"))
        },
        "versions": {"python": "3.11.7", "seqtasks": "0.1.0", "torch": "2.13.0"},
    }


def result(number: int) -> dict[str, Any]:
    solved = number % 4 > 0
    last = 1.0 if solved else 0.75
    baseline = {"strategy": "chance", "metrics": {"token_accuracy": 0.5}, "error": 0.0}
    return {
        "path": f"runs/{number}",
        "task": "bitflip",
        "cell": CELLS[number % len(CELLS)],
        "readout": "concat",
        "model": "Model",
        "seed": number,
        "step": 300 if solved else 1000,
        "step_limit": 1000,
        "lines": LINES,
        "stopped": "solved" if solved else "steps",
        "solved": solved,
        "seconds": 0.25,
        "parameters": 186,
        "scores": [score(length, last) for length in LENGTHS],
        "score": None,
        "without_learning": {str(length): baseline for length in LENGTHS},
        "untrained": [score(length, 0.5) for length in LENGTHS],
        "published": [],
    }


def make_run(folder: Path, number: int) -> Path:
    """Make the run of a number, `bitflip-CELL-NUMBER`."""
    path = folder / f"bitflip-{CELLS[number % len(CELLS)]}-{number + 1}"
    path.mkdir(parents=True)
    (path / "experiment.json").write_text(json.dumps(record(number), indent=2) + "\n")
    (path / "result.json").write_text(json.dumps(result(number), indent=2) + "\n")
    lines = [{"step": 50 * line, "loss": 0.1, "seconds": 0.25} for line in range(LINES)]
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (path / "checkpoint.safetensors").write_bytes(_checkpoint(result(number)["step"]))
    (path / "model.safetensors").write_bytes(b"")
    (path / "lock").write_bytes(b"4711")
    return path


def _checkpoint(step: int) -> bytes:
    """Return a checkpoint without tensors."""
    progress = {
        "step": step,
        "lines": LINES,
        "stopped": None,
        "seconds": 0.25,
        "pending_losses": [],
        "evaluations_solved": 0,
    }
    about = {"digest": "", "progress": json.dumps(progress)}
    header = json.dumps({"__metadata__": {"seqtasks": json.dumps(about)}}).encode()
    return len(header).to_bytes(8, "little") + header


def make_runs(folder: Path, count: int) -> None:
    for number in range(count):
        make_run(folder, number)


if __name__ == "__main__":
    make_runs(Path(sys.argv[1]), int(sys.argv[2]))
