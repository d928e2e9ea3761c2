"""Every contender of the benchmark trains the same model from the same weights."""

import functools
import sys

import numpy as np
import pytest
import torch
from grids import one_quick_in
from torch.utils._python_dispatch import TorchDispatchMode

from seqtasks.benchmark import contenders
from seqtasks.benchmark.contenders import CONTENDERS, build
from seqtasks.benchmark.contenders.base import UnavailableError
from seqtasks.benchmark.measuring import measure
from seqtasks.benchmark.problem import FEATURES, Problem
from seqtasks.benchmark.sizes import Size
from seqtasks.models.loss import sequence_loss

CELLS = ("concat", "sum", "elman", "gru", "gru-concat", "lstm")
SMALL = Size("small", 4, 6, 5)
GATES = {"concat": 1, "sum": 1, "elman": 1, "gru": 3, "gru-concat": 3, "lstm": 4}


def problem(cell: str, inputs="tokens", size=SMALL) -> Problem:
    return Problem(size, cell, inputs, learning_rate=1e-2)


def losses_by_hand(made: Problem, steps: int) -> np.ndarray:
    """Return the losses of the definition: the model itself, under torch's plain Adam."""
    model = made.model()
    optimizer = torch.optim.Adam(model.parameters(), made.learning_rate, foreach=False)
    losses = []
    for step in range(steps):
        inputs, targets = made.batches[step]
        optimizer.zero_grad()
        loss = sequence_loss(model(inputs)[0], targets)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return np.array(losses)


def agree(name: str, made: Problem, steps: int, which: slice = slice(None)) -> None:
    """Check that each variant of a contender has the losses of the definition."""
    wanted = losses_by_hand(made, steps)
    for variant in build(name, made, [1])[which]:
        losses = [float(loss) for loss in variant.run(steps)]
        np.testing.assert_allclose(losses, wanted, rtol=2e-4, err_msg=variant.setting)


@one_quick_in(2, name=["seed", "plain", "native"], cell=CELLS, inputs=["tokens", "reals"])
def test_the_seeds_loop_and_our_engines_train_the_same_model(name, cell, inputs):
    agree(name, problem(cell, inputs), 12)


@pytest.mark.parametrize(
    "cell",
    [c if c in ("gru", "concat") else pytest.param(c, marks=pytest.mark.slow) for c in CELLS],
)
def test_jax_trains_the_same_model(cell):
    pytest.importorskip("jax")
    made = problem(cell, size=Size("short", 4, 3, 5))
    agree("jax", made, 12, which=slice(1))  # each takes a second to compile


@pytest.mark.parametrize("inputs", [pytest.param("tokens", marks=pytest.mark.slow), "reals"])
def test_jax_trains_the_same_model_however_embedded_and_unrolled(inputs):
    pytest.importorskip("jax")
    made = problem("concat", inputs, Size("longer", 4, 5, 5))
    settings = [variant.setting for variant in build("jax", made, [1])]
    assert [s.split(",")[0] for s in settings[:: 2 if inputs == "tokens" else 1]] == [
        "unroll 1",
        "unroll 4",
        "unroll 5",
    ]
    agree("jax", made, 12)


@pytest.mark.parametrize("inputs", ["tokens", "reals"])
@pytest.mark.parametrize("cell", ["elman", "elman:nonlinearity=relu", "gru", "lstm"])
def test_torchs_layers_train_the_same_model(cell, inputs):
    agree("nn", problem(cell, inputs), 12)


@pytest.mark.parametrize("cell", ["concat", "sum"])
def test_torchs_simple_layer_starts_as_cells_with_one_bias(cell):
    # Later it differs: it learns two biases, and for `sum` two matrices.
    agree("nn", problem(cell), 1)


def test_torchs_gru_does_the_first_step_of_gru_concat():
    # From the second step on, the reset gate stands elsewhere.
    agree("nn", problem("gru-concat", size=Size("one step", 4, 1, 5)), 1)


@pytest.mark.parametrize("name", ["cell", "loop"])
def test_compiled_loops_train_the_same_model(name, monkeypatch):
    # What is compiled is looked at here, not inductor, which takes minutes.
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="eager"))
    made = problem("concat", size=Size("short", 3, 2, 4))
    wanted = losses_by_hand(made, 5)
    (variant,) = (one for one in build("compile", made, [1]) if one.setting.startswith(name))
    np.testing.assert_allclose(variant.run(5), wanted, rtol=2e-4)


@pytest.mark.parametrize("name", [name for name in CONTENDERS if name not in ("compile", "floor")])
def test_every_contender_learns(name):
    if name == "jax":
        pytest.importorskip("jax")
    variants = build(name, problem("gru-concat"), [1])
    losses = [float(loss) for loss in variants[0].run(60)]
    assert np.mean(losses[-5:]) < 0.9 * np.mean(losses[:5])


class Products(TorchDispatchMode):
    """Count the multiplications of matrix products; allow no other computation."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = str(func)
        if name.startswith("aten.mm"):
            self.count += args[0].shape[0] * args[0].shape[1] * args[1].shape[1]
        else:
            allowed = ("aten.select", "aten.t.", "aten.view", "aten.permute", "aten.numpy_T")
            assert name.startswith((*allowed, "aten._unsafe_view", "aten.transpose")), name
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("inputs", ["tokens", "reals"])
@pytest.mark.parametrize("cell", CELLS)
def test_the_floor_is_the_products_that_cannot_be_avoided_and_nothing_else(cell, inputs):
    (variant,) = build("floor", problem(cell, inputs), [1])
    with Products() as products:
        variant.run(2)
    positions, width, rows = SMALL.batch * SMALL.time, SMALL.width, GATES[cell] * SMALL.width
    wanted = 3 * positions * width * rows  # forwards, backwards, and the weights' gradient
    if inputs == "reals":
        wanted += 2 * positions * FEATURES * rows  # no gradient of the inputs is needed
    assert products.count == 2 * wanted


@pytest.mark.slow
def test_jax_trains_many_replicas_as_one():
    pytest.importorskip("jax")
    from seqtasks.benchmark.contenders.jax_replicas import training_of_many

    made = problem("concat")
    wanted = losses_by_hand(made, 12)[-1]
    assert training_of_many(made, 3, 12, 2, spread=0.0)() == pytest.approx(wanted, rel=2e-4)
    assert training_of_many(made, 3, 12, 2)() != pytest.approx(wanted, rel=2e-3)


@pytest.mark.parametrize("name", ["nn", "jax", "floor"])
def test_a_cell_written_out_nowhere_leaves_those_out_who_cannot_run_it(name):
    if name == "jax":
        pytest.importorskip("jax")
    with pytest.raises(UnavailableError, match="MGU"):
        build(name, problem("mgu"), [1])


def test_any_cell_has_the_seeds_loop_and_the_plain_engine():
    agree("seed", problem("mgu"), 5)
    agree("plain", problem("mgu"), 5)


def test_without_jax_the_reason_says_how_to_install_it(monkeypatch):
    for module in list(sys.modules):
        if module.startswith("seqtasks.benchmark.contenders.jax"):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(UnavailableError, match=r"jax is not installed \(pip install"):
        build("jax", problem("concat"), [1])


@pytest.mark.parametrize("missing", ["jax.gone", "seqtasks.gone", "nowhere"])
def test_a_contender_with_a_failing_import_is_not_called_uninstalled(monkeypatch, missing):
    def fails(name):
        raise ModuleNotFoundError(f"No module named '{missing}'", name=missing)

    monkeypatch.setattr(contenders, "import_module", fails)
    with pytest.raises(ModuleNotFoundError, match=missing):
        build("jax", problem("concat"), [1])
    left_out = measure(problem("concat"), ["jax"], 1).left_out
    assert left_out == {"jax": f"ModuleNotFoundError: No module named '{missing}'"}


def test_contenders_make_their_models_without_touching_the_random_state():
    before = torch.get_rng_state()
    for name in ("seed", "nn", "plain", "floor"):
        build(name, problem("gru"), [1])
    assert torch.equal(before, torch.get_rng_state())


def test_the_same_batches_come_again_and_again():
    made = problem("concat", "reals", Size("large", 512, 128, 2))
    drawn = [made.source.batch(step) for step in range(9)]
    assert made.source.block_steps == 4
    for step, batch in enumerate(drawn):
        assert batch.inputs.data_ptr() == drawn[step % 4].inputs.data_ptr()
    assert not torch.equal(drawn[0].inputs, drawn[1].inputs)
