"""Functions that are written out have torch's value and gradient, at special numbers too."""

import pytest
import torch
from edges import wrong_in
from test_edges import near
from truth import ENGINES
from written_cases import WRITTEN_EDGES

from seqtasks.engine.record.written.table import WRITTEN

GROUP = 24
ELSEWHERE = {
    "meshgrid": "`test_functions_of_parameters_alone_are_not_written_out`",
    "chain_matmul": "linalg.multi_dot is the same function",
    "msort": "it goes along the first axis, so only weights have it",
    "multi_head_attention_forward": "`test_attention_with_heads`",
    "addmv": "`test_products_of_weights_under_vmap`",
    "addr": "`test_products_of_weights_under_vmap`",
}
"""The functions without a line in the table, and where they are tried."""


def groups():
    by_kind = [[e for e in WRITTEN_EDGES if e.kind == kind] for kind in ("one", "two", "four")]
    return [edges[k : k + GROUP] for edges in by_kind for k in range(0, len(edges), GROUP)]


@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
@pytest.mark.parametrize("place", ["outside", pytest.param("loop", marks=pytest.mark.slow)])
@pytest.mark.parametrize("engine", [ENGINES[0], pytest.param(ENGINES[1], marks=pytest.mark.slow)])
@pytest.mark.parametrize("group", range(len(groups())))
def test_written_functions_are_those_of_torch(group, engine, place, dtype):
    wrong = wrong_in(groups()[group], engine, getattr(torch, dtype), place, near)
    assert not wrong, "\n".join(f"{name}: {some}" for name, some in wrong.items())


def test_every_written_function_has_a_line():
    names = [edge.name.rpartition(".")[2] for edge in WRITTEN_EDGES]
    for function in WRITTEN:
        name = function.__name__.removeprefix("linalg_").removeprefix("special_")
        assert name in names or name in ELSEWHERE, name
