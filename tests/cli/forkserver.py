"""Runs `python -m seqtasks` in forks of one process that has imported the heavy modules already.

Each line of stdin is a request, each line of stdout its answer, both JSON: `start` forks a process
with arguments, environment, folder, folders of plugins, files for its three streams and whether it
draws pictures, and answers its number; `poll` answers null while it runs, and then its return code
and the most memory that it had, in megabytes.
Starting torch anew each time would take minutes.
"""

import json
import os
import resource
import runpy
import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from dots import save_dots, save_study_dots

del sys.path[0]


def preload() -> None:
    """Import what a run needs, and compute nothing: threads do not survive a fork."""
    for name in (
        "matplotlib.backends.backend_agg",
        "rich.progress",
        "rich.table",
        "scipy.stats",
        "seqtasks.cli.compare",
        "seqtasks.cli.run",
        "seqtasks.cli.sweep",
        "seqtasks.runs.lifecycle",
        "seqtasks.runs.plots",
        "seqtasks.studies.faces",
        "seqtasks.studies.lifecycle",
        "seqtasks.studies.study_summary",
        "seqtasks.studies.tables",
        "torch._dynamo",  # which torch's optimisers import when first used
    ):
        import_module(name)


def become(request: dict) -> None:
    """Turn this fork into the process asked for, and run the command line in it."""
    streams = [
        os.open(request["stdin"], os.O_RDONLY),
        *(os.open(request[name], os.O_WRONLY | os.O_CREAT) for name in ("stdout", "stderr")),
    ]
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    if request["largest_file"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["largest_file"],) * 2)
    sys.argv = ["seqtasks", *request["arguments"]]
    sys.path[:1] = [request["cwd"], *request["path"]]
    if not request["pictures"]:
        plots = sys.modules["seqtasks.runs.plots"]
        plots.save_plots = save_dots
        sys.modules["seqtasks.studies.make_runs"].save_plots = save_study_dots
    code = 0
    try:
        runpy.run_module("seqtasks", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    finish(code)


def finish(code: int) -> None:
    """End as the interpreter does: a stream that cannot be flushed shows."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.write(2, f"Exception ignored while flushing sys.stdout: {error!r}\n".encode())
        code = 120
    os._exit(code)


def serve() -> None:
    """Answer requests until stdin ends."""
    for line in sys.stdin:
        request = json.loads(line)
        if "poll" in request:
            number, status, usage = os.wait4(request["poll"], os.WNOHANG)
            megabytes = usage.ru_maxrss // 1024
            answer = [os.waitstatus_to_exitcode(status), megabytes] if number else None
        else:
            answer = os.fork()
            if not answer:
                become(request)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    preload()
    serve()
    os._exit(0)  # torch takes its time to leave
