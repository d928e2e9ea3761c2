"""The example plugin, installed as a stranger's: its task and its cell do what they say."""

import importlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some


@pytest.fixture(scope="module")
def example(example_site):
    """The modules of the installed example plugin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(example_site))
        yield {
            name: importlib.import_module(f"seqtasks_example.{name}")
            for name in ("majority", "mgu")
        }


@given(some.lists(some.integers(0, 1), min_size=1, max_size=40), some.sampled_from(["zero", "one"]))
@settings(max_examples=50, deadline=None)
def test_majority_counts_ones_against_zeros(example, bits, ties):
    task = example["majority"].Majority(ties=ties)
    answers = task.encode(np.array([bits, bits[::-1]]))
    for row, answered in zip((bits, bits[::-1]), answers.tolist(), strict=True):
        for step, answer in enumerate(answered, start=1):
            seen = row[:step]
            tie = ties == "one" and seen.count(1) == seen.count(0)
            assert answer == int(seen.count(1) > seen.count(0) or tie)


def test_majority_draws_bits_of_the_length_asked_for(example):
    task = example["majority"].Majority()
    for length in (1, 7):
        batch = task.batch(np.random.default_rng(0), 100, length)
        assert batch.inputs.shape == batch.targets.shape == (100, length)
        assert set(np.unique(batch.inputs)) == {0, 1}


def test_mgu_is_the_equation_of_its_paper(example):
    torch.manual_seed(0)
    cell = example["mgu"].MGU(3, 4).double()
    x, h = torch.randn(2, 3, dtype=torch.float64), torch.randn(2, 4, dtype=torch.float64)
    w_f, b_f = cell.forget.weight.detach().numpy(), cell.forget.bias.detach().numpy()
    w_h, b_h = cell.candidate.weight.detach().numpy(), cell.candidate.bias.detach().numpy()
    for x_t, h_old, h_new in zip(x.numpy(), h.numpy(), cell(x, h).detach().numpy(), strict=True):
        f = 1 / (1 + np.exp(-(w_f[:, :4] @ h_old + w_f[:, 4:] @ x_t + b_f)))
        candidate = np.tanh(w_h[:, :4] @ (f * h_old) + w_h[:, 4:] @ x_t + b_h)
        np.testing.assert_allclose(h_new, (1 - f) * h_old + f * candidate, rtol=1e-12)


CHECK = """
import seqtasks as st
from seqtasks.testing import run_checks, task_checks
for name in ("majority", "majority:ties=one"):
    outcomes = run_checks(st.task(name), task_checks(st.task(name)))
    print(len(outcomes), [one for one in outcomes if one.status == "failed"])
"""


def test_the_task_fails_no_check(example_site, python):
    done = python("-c", CHECK, path=(example_site,))
    assert (done.stdout, done.stderr) == ("29 []\n" * 2, "")


LOOK = """
import sys
import seqtasks as st
print(st.task("majority"), st.task("majority:ties=one"))
print("torch" in sys.modules, "seqtasks_example.mgu" in sys.modules)
"""


def test_the_task_is_used_without_torch(example_site, python):
    done = python("-c", LOOK, path=(example_site,))
    assert done.stdout == "Majority(ties='zero') Majority(ties='one')\nFalse False\n", done.stderr


RUN = """
import seqtasks as st
result = st.run("majority", cell="minimal-gated", steps=20, evaluation_lengths=(5,))
print(type(result.task).__name__, type(st.cell("minimal-gated", 2, 3)).__name__, result.step)
print(0 <= result.metrics[5]["token_accuracy"] <= 1)
"""


def test_task_and_cell_run_from_python_and_nothing_is_printed(example_site, python):
    done = python("-c", RUN, path=(example_site,))
    assert (done.stdout, done.stderr) == ("Majority MGU 20\nTrue\n", "")


def test_without_the_plugin_its_task_is_unknown(python):
    done = python("-c", "import seqtasks as st\nst.task('majority')")
    assert "UsageError: unknown task 'majority'." in done.stderr
