"""Products large enough to have ways of their own on each kind of processor are right on all."""

import os
import platform

import pytest
import torch
from truth import Subject, check, problem

import seqtasks as st

NO_AVX512 = "-mno-avx512f"
NO_AVX2 = f"{NO_AVX512} -mno-avx2 -mno-fma"

pytestmark = pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="flags of x86 compilers"
)


@pytest.mark.parametrize("flags", ["", NO_AVX512, NO_AVX2], ids=["native", "AVX2", "BLAS"])
@pytest.mark.parametrize(("name", "width"), [("lstm", 40), ("concat", 300)])
@pytest.mark.parametrize(
    "ours", [os.environ["SEQTASKS_CFLAGS"], pytest.param("", marks=pytest.mark.slow, id="users")]
)
def test_large_products_by_the_instructions_a_processor_has(monkeypatch, ours, name, width, flags):
    monkeypatch.setenv("SEQTASKS_CFLAGS", f"{ours} {flags}")
    subject = Subject(st.cell(name, width, width))
    for seed, (batch, steps) in enumerate([(100, 3), (17, 2), (8, 1)]):
        torch.manual_seed(seed)
        check(problem(subject, batch, steps, mixed=True), "native")
