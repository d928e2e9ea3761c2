"""Tries what reads a run on one after another, each in a fork; see test_damaged_runs.

Each line of stdin is a run's directory. For each of `COMMANDS` a line of JSON says how it ended:
the command, its exit code (below 0 for a signal), what it printed, its seconds and megabytes.
"""

import io
import json
import os
import resource
import signal
import sys
import time
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

COMMANDS = ("runs", "load", "predict", "eval", "resume")
SECONDS = 20
"""The time in which a command must end, or print a line of progress."""


def arguments(command: str, run: str) -> list[str]:
    return {
        "runs": ["runs", str(Path(run).parent)],
        "predict": ["predict", run, "0110"],
        "eval": ["eval", run],
        "resume": ["resume", run],
    }[command]


def load(run: str) -> int:
    """Do what `seqtasks.load` is for; an error that is ours is told as the command line does."""
    import seqtasks as st
    from seqtasks.errors import SeqtasksError

    try:
        loaded = st.load(run)
        print(loaded.step, loaded.metrics, loaded.solved, loaded.score)
        print(f"{len(loaded.history)} lines")
    except SeqtasksError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def attempt(command: str, run: str) -> dict:
    """Run a command in this process."""
    from seqtasks.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = load(run) if command == "load" else main(arguments(command, run))
        except SystemExit as end:
            code = end.code
        except BaseException:
            traceback.print_exc(file=err)
            code = 1
    return {"code": code, "stdout": out.getvalue(), "stderr": err.getvalue()}


def forked(command: str, run: str) -> dict:
    """Run a command in a fork, and end it after a time, first as a user would."""
    reader, writer = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if not child:
        os.close(reader)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with open(writer, "w") as answer:
            json.dump(attempt(command, run), answer)
        os._exit(0)
    os.close(writer)
    ended = None
    while ended is None:
        number, status, usage = os.wait4(child, os.WNOHANG)
        seconds = time.monotonic() - began
        if number:
            ended = {"seconds": seconds, "megabytes": usage.ru_maxrss // 1024}
        elif seconds > SECONDS:
            os.kill(child, signal.SIGKILL if seconds > SECONDS + 2 else signal.SIGTERM)
        time.sleep(0.002)
    with open(reader) as answer:
        text = answer.read()
    told = json.loads(text) if text else {"code": -(status & 127), "stdout": "", "stderr": ""}
    return {"command": command, **told, **ended}


def serve() -> None:
    import torch._dynamo  # noqa: F401

    import seqtasks.cli.run
    import seqtasks.runs.lifecycle
    import seqtasks.runs.plots  # noqa: F401

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for count, line in enumerate(sys.stdin):
        if not count:  # a sound run: what is imported on the way is there for all others
            attempt("eval", line.rstrip("\n"))
            attempt("predict", line.rstrip("\n"))
        for command in COMMANDS:
            print(json.dumps(forked(command, line.rstrip("\n"))), flush=True)


if __name__ == "__main__":
    serve()
    os._exit(0)
