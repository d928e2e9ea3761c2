"""The page of operations says of each function of torch what is true of it."""

from pathlib import Path

import pytest
import torch
from operations_page import VERDICTS, functions_of_torch, page, verdict_on, version
from torch import nn

import seqtasks as st
from seqtasks.engine.record.rules.rearranging import REARRANGING
from seqtasks.engine.record.rules.table import RULES
from seqtasks.engine.unroll import engines_of

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "operations.md"


def test_the_page_is_what_the_table_of_rules_gives(request):
    if request.config.getoption("renew"):
        PAGE.write_text(page())
    if f"list of torch {version()}," not in PAGE.read_text():
        pytest.skip("the page lists the functions of another version of torch")
    assert PAGE.read_text() == page(), "pytest tests/engine/test_operations_page.py --renew"


def test_every_rule_of_an_overridable_function_is_on_the_page():
    found = functions_of_torch()
    listed = {f for name, functions in found.items() for f in functions}
    text = page()
    ruled = text.partition("## Functions that move numbers")[0]
    for function in RULES:
        if function in listed:
            assert f"`{function.__name__}`" in ruled, function.__name__
    for name in REARRANGING & found.keys():
        assert f"`{name}`" in text, name
    assert all(f"`{name}`" in text for name in found)
    assert all(title in text for title, _ in VERDICTS.values())


class Calls(st.Cell):
    def __init__(self, function):
        super().__init__(4, 4)
        self.function, self.linear = function, nn.Linear(8, 4)

    def forward(self, x, h):
        called = self.function(self.linear(torch.cat([x, h], -1)).tanh())
        if not isinstance(called, torch.Tensor) or called.shape != h.shape:
            return h + x
        return called.to(h.dtype)


def unary():
    """Return (name, function) pairs of what may be called with one tensor."""
    found = []
    for name, functions in functions_of_torch().items():
        if verdict_on(name, functions) in ("none", "special", "complex", "bits"):
            found += [(name, functions[0])]
    return sorted(found)


@pytest.mark.filterwarnings("ignore")
def test_functions_said_to_have_no_rule_are_refused_if_a_cell_calls_them():
    tried = 0
    for name, function in unary():
        try:
            made = function(torch.rand(3, 4))
        except Exception:
            continue
        if not isinstance(made, torch.Tensor) or not made.is_floating_point():
            continue
        cell = Calls(function)
        st.unroll(cell, torch.rand(3, 2, 4), engine="torch")
        assert engines_of(cell, "torch").name == "plain", name
        tried += 1
    assert tried > 5
