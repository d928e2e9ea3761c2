"""Run the commands that pages show, and put in what they print.

`python docs/make_console.py [--keep FOLDER] [PAGE ...]`, where no page means every page. A page's
commands run in one new folder with the files that it shows, from top to bottom; with `--keep` the
folder stays, as FOLDER/PAGE. Commands other than `seqtasks`, `ls` and `sha256sum` stay as they are.
A command followed by `^C` is interrupted. `pip install -e ./NAME` installs a folder that is there,
without a network.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pages import EXAMPLE, EXAMPLE_FOLDER, write_files

DOCS = Path(__file__).parent
BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
RUN = re.compile(r"(\w+=(\S+|\"[^\"]*\") )*(seqtasks|ls|sha256sum)\b")
INSTALL = re.compile(r"pip install -e '?\./([\w-]+)")
PROGRESS = re.compile(r"(training up to step|step \d+:) .*\n")
LINES_BEFORE_INTERRUPT = 12


def printed(command: str, folder: Path, variables: dict[str, str], interrupt: bool) -> str:
    """Return what a command prints in a terminal: its output, and errors without progress."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    replaced = command if "=" in command.split()[0] else f"exec {command}"
    process = subprocess.Popen(["bash", "-c", replaced], cwd=folder, env=variables, **streams)
    while interrupt and process.poll() is None:
        logs = [log.read_text().count("\n") for log in folder.glob("runs/*/metrics.jsonl")]
        if max(logs, default=0) > LINES_BEFORE_INTERRUPT:
            process.send_signal(signal.SIGINT)
            interrupt = False
        time.sleep(0.05)
    output, errors = process.communicate()
    return (output + PROGRESS.sub("", errors)).replace(str(folder), "/home/me")


def renew(block: str, folder: Path, variables: dict[str, str]) -> str:
    """Return a console block with what its commands print now."""
    parts: list[str] = []
    for part in re.split(r"^(?=\$ )", block, flags=re.MULTILINE)[1:]:
        line, _, shown = part.partition("\n")
        found = INSTALL.match(line.removeprefix("$ "))
        if found and (folder / found[1]).is_dir():
            install(folder / found[1], Path(variables["PYTHONPATH"].partition(os.pathsep)[0]))
        if RUN.match(line.removeprefix("$ ")):
            print(f"  {line}", flush=True)
            interrupt = shown.startswith("^C")
            text = printed(line.removeprefix("$ "), folder, variables, interrupt)
            shown = ("^C\n" if interrupt else "") + text.strip("\n")
        parts.append(f"{line}\n{shown}".strip("\n"))
    return "\n\n".join(parts) + "\n"


def install(source: Path, site: Path) -> None:
    """Install a copy of a source folder into a folder of packages, without a network."""
    copy = site / "sources" / source.name  # which stays, to be built by `seqtasks check`
    shutil.copytree(source, copy)
    offline = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    command = [sys.executable, "-m", "pip", "install", *offline, "--target", site, copy]
    subprocess.run(command, check=True)


def main(names: list[str], keep: Path | None) -> None:
    """Renew the console blocks of the named pages, or of all."""
    for page in [DOCS / name for name in names] or sorted(DOCS.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        if not BLOCK.search(text):
            continue
        print(page.relative_to(DOCS))
        with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as packages:
            write_files(text, Path(home))
            path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
            folders = filter(None, [packages, os.environ.get("PYTHONPATH")])
            variables = {**os.environ, "PATH": path, "COLUMNS": "100"}
            variables["PYTHONPATH"] = os.pathsep.join(folders)
            if f'title="{EXAMPLE_FOLDER}' in text:
                install(EXAMPLE, Path(packages))

            def renewed(match: re.Match[str], home=home, variables=variables) -> str:
                return renew(match[0], Path(home).resolve(), variables)

            page.write_text(BLOCK.sub(renewed, text), encoding="utf-8")
            if keep is not None:
                shutil.copytree(home, keep / page.stem)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("pages", nargs="*")
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    main(arguments.pages, arguments.keep)
