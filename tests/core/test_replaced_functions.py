"""A plugin that changes a library while it is imported is named, and the change is put back."""

import math
import sys

import numpy as np
import pytest
import torch

from seqtasks.registry import replaced_functions
from seqtasks.registry.discovery import Registry

CELLS = "\n@hookimpl\ndef register_cells(register):\n    "

REPLACED = {
    "torch.tanh = torch.sigmoid": "torch.tanh",
    "torch.Tensor.tanh = torch.Tensor.sigmoid": "torch.Tensor.tanh",
    "torch.nn.functional.relu = torch.nn.functional.gelu": "torch.nn.functional.relu",
    "torch.nn.Linear.forward = lambda self, x: x": "torch.nn.modules.linear.Linear.forward",
    "torch.nn.Embedding.__call__ = print": "torch.nn.modules.sparse.Embedding.__call__",
    "torch.optim.Adam.step = lambda self: None": "torch.optim.adam.Adam.step",
    "torch.nn.modules.module.register_module_forward_hook(print)": "_global_forward_hooks",
    "numpy.cumsum = numpy.cumprod": "numpy.cumsum",
    "math.fsum = sum": "math.fsum",
}


@pytest.mark.parametrize("change", REPLACED)
def test_a_plugin_that_replaces_a_function_of_torch_is_named_and_it_is_put_back(
    site, caplog, change
):
    import torch.nn.modules.module as hooks

    before = [dict(vars(holder)) for holder in (torch, torch.Tensor, torch.nn.Linear, math, np)]
    site.plugin("broken", f"import math, numpy, torch\n{change}\n{CELLS}register('mine', object())")
    Registry()
    after = [dict(vars(holder)) for holder in (torch, torch.Tensor, torch.nn.Linear, math, np)]
    assert after == before
    assert "__call__" not in vars(torch.nn.Embedding)
    assert not hooks._global_forward_hooks
    assert torch.nn.functional.relu(torch.tensor(-1.0)) == 0
    said = [record.getMessage() for record in caplog.records]
    assert any(
        "broken of broken-dist replaces" in line and REPLACED[change] in line for line in said
    )


def test_a_plugin_that_imports_a_library_first_and_then_changes_it_is_named(
    site, caplog, monkeypatch
):
    monkeypatch.setitem(replaced_functions.LIBRARIES, "first_seen", ("first_seen",))
    site.module("first_seen", "def add(a, b):\n    return a + b\n")
    code = "import first_seen\nfirst_seen.add = max\nfirst_seen.more = 1\n"
    site.plugin("broken", code + CELLS + "register('mine', object())")
    Registry()
    assert sys.modules["first_seen"].add(2, 3) == 5
    assert sys.modules["first_seen"].more == 1
    assert "replaces first_seen.add; it is put back" in caplog.text


def test_a_thing_whose_module_changes_torch_when_it_is_first_used_is_named(
    site, caplog, monkeypatch
):
    monkeypatch.setattr("seqtasks.registry.discovery._current", None)
    site.module(
        "lazy_parts", "import torch\ntanh, torch.tanh = torch.tanh, torch.sigmoid\nThing = 3"
    )
    site.plugin("lazy", CELLS + "register('mine', 'lazy_parts:Thing')")
    registry = Registry()
    assert caplog.text == ""
    registry.load(registry.entry("cell", "mine"))
    assert torch.tanh is sys.modules["lazy_parts"].tanh
    assert "cell 'mine' of plugin lazy (lazy-dist) replaces torch.tanh; it is put" in caplog.text


def test_what_torchs_compiler_replaces_is_nobodys_mistake(site, caplog, monkeypatch):
    monkeypatch.setattr(torch, "manual_seed", torch.manual_seed)  # put back at the end
    code = "import torch\ntorch.manual_seed = torch._disable_dynamo(torch.manual_seed)\n"
    site.plugin("fine", code + CELLS + "register('mine', object())")
    Registry()
    assert caplog.text == ""
