"""Describe the machine and the versions that a measurement was made with."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from seqtasks import __version__
from seqtasks.engine.native.execute.compiler import CompilerError, find_compiler

__all__ = ["machine_facts"]


def machine_facts() -> dict[str, Any]:
    """Return processor, cores, system, versions, compiler and load; None for what is unknown.

    `compiler` is the native engine's compiler; `cores` counts the cores that this process may use;
    `load` is the mean number of processes that ran or waited in the last minute before the
    measurement.
    """
    return {
        "processor": _processor(),
        "cores": _cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "seqtasks": __version__,
        "torch": _version("torch"),
        "jax": _version("jax"),
        "compiler": _compiler(),
        "load": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    if names:
        return names[0]
    named = _first_line("sysctl", "-n", "machdep.cpu.brand_string")  # macOS
    return named or platform.processor() or platform.machine()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _compiler() -> str | None:
    try:
        command = find_compiler().command
    except CompilerError:
        return None
    return _first_line(*command, "--version") or " ".join(command)


def _first_line(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.splitlines()
    return lines[0].strip() if done.returncode == 0 and lines else None


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
