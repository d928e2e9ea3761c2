"""What a plugin changes of the process at import is put back, or named."""

import os
import pkgutil
import sys

import pytest
import torch
from test_plugin_isolation import CELLS

from seqtasks.registry.discovery import Registry

CHANGES = {
    "torch.set_default_dtype(torch.float64)": "torch's default type",
    "torch.set_default_device('meta')": "torch's default device",
    "torch.set_grad_enabled(False)": "whether torch computes gradients",
    "os.environ['OMP_NUM_THREADS'] = '3'": "the environment variable OMP_NUM_THREADS",
    "os.environ.pop('SEQTASKS_TRIED')": "the environment variable SEQTASKS_TRIED",
    "sys.setrecursionlimit(200)": "Python's recursion limit",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_plugin_changes_no_setting_that_decides_what_a_run_gives(
    site, monkeypatch, caplog, change
):
    monkeypatch.setenv("SEQTASKS_TRIED", "1")

    def settings():
        made = torch.ones(1, requires_grad=True) + 0.5
        return (
            made.dtype,
            made.device,
            made.requires_grad,
            sys.getrecursionlimit(),
            dict(os.environ),
        )

    before = settings()
    site.plugin("broken", f"import os, sys, torch\n{change}\n{CELLS}register('mine', object())")
    Registry()
    assert settings() == before
    said = [record.getMessage() for record in caplog.records]
    assert any("plugin broken of broken-dist" in line and CHANGES[change] in line for line in said)


@pytest.mark.parametrize(
    "place",
    ["seqtasks.tasks.task.Task.batch", "seqtasks.scoring.evaluate.evaluate"],
)
def test_a_plugin_that_replaces_a_function_of_ours_is_named(site, monkeypatch, caplog, place):
    import seqtasks.scoring.evaluate
    import seqtasks.tasks.task  # noqa: F401

    holder, _, name = place.rpartition(".")
    original = pkgutil.resolve_name(place)
    monkeypatch.setattr(pkgutil.resolve_name(holder), name, original)  # put back at the end
    site.plugin(
        "patching",
        "import pkgutil\ndef other(*args, **options): ...\n"
        f"setattr(pkgutil.resolve_name('{holder}'), '{name}', other)\n"
        f"{CELLS}register('mine', object())",
    )
    Registry()
    said = [record.getMessage() for record in caplog.records]
    assert any(f"plugin patching of patching-dist replaces {place}" in line for line in said)
