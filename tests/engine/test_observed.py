"""Under whatever watches torch's calls the plain loop runs, or an error says what serves."""

import io
import warnings

import pytest
import torch
from torch import nn
from torch._subclasses import FakeTensorMode
from torch.autograd import forward_ad
from torch.fx.experimental.proxy_tensor import make_fx
from torch.overrides import TorchFunctionMode
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint
from truth import ENGINES

import seqtasks as st
from seqtasks.cells import StateReadout
from seqtasks.engine.unroll import engines_of

pytestmark = [
    # Both engines ask the same code what watches them; the native one reads addresses besides.
    pytest.mark.parametrize(
        "engine", [e if e == "native" else pytest.param(e, marks=pytest.mark.slow) for e in ENGINES]
    ),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
]
IDS = torch.randint(2, (3, 6), generator=torch.Generator().manual_seed(0))
OTHERS = 1 - IDS


@pytest.fixture
def model(engine):
    """A model whose parameters are frozen, and whose program has been made."""
    made = st.Model(nn.Embedding(2, 8), st.cell("gru", 8, 8), StateReadout(8, 8, 2))
    made.requires_grad_(False)
    made.use_engine(engine)
    made(IDS)
    assert made.engines.name == engine
    return made


def follows(model, found):
    """Check that a function of ids does what the model does, with others too."""
    for ids in (IDS, OTHERS):
        assert_close(found(ids), model.plain(ids)[0], rtol=1e-4, atol=1e-5)


def test_a_trace_follows_its_inputs(model):
    traced = torch.jit.trace(model, (IDS,))
    follows(model, lambda ids: traced(ids)[0])


def test_a_trace_of_unroll_follows_its_inputs_and_states(engine):
    cell, inputs = st.cell("gru", 3, 4).requires_grad_(False), torch.randn(2, 5, 3)
    state = torch.zeros(2, 4)
    st.unroll(cell, inputs, state, engine=engine)
    traced = torch.jit.trace(lambda x, s: st.unroll(cell, x, s, engine=engine), (inputs, state))
    given = torch.randn(2, 5, 3), torch.randn(2, 4)
    assert_close(traced(*given), st.unroll(cell, *given))


def test_the_export_of_torch_follows_its_inputs(model):
    exported = torch.export.export(model, (IDS,), strict=False).module()
    follows(model, lambda ids: exported(ids)[0])


def test_the_export_of_torch_has_a_dynamic_batch(model):
    batch = torch.export.Dim("batch", min=2, max=64)
    exported = torch.export.export(
        model, (IDS,), dynamic_shapes=({0: batch},), strict=False
    ).module()
    more = IDS.repeat(3, 1)
    assert_close(exported(more)[0], model.plain(more)[0], rtol=1e-4, atol=1e-5)


def test_a_dynamic_time_axis_is_an_error_that_names_it(model):
    steps = torch.export.Dim("steps", min=2, max=64)
    with pytest.raises(Exception, match="steps"):
        torch.export.export(model, (IDS,), dynamic_shapes=({1: steps},), strict=False)


def test_a_compiled_model_follows_its_inputs(model):
    compiled = torch.compile(model, backend="eager")
    follows(model, lambda ids: compiled(ids)[0])


def test_make_fx_follows_its_inputs(model):
    for mode in ("real", "fake", "symbolic"):
        graph = make_fx(lambda ids: model(ids)[0], tracing_mode=mode, _allow_non_fake_inputs=True)(
            IDS
        )
        follows(model, graph)


def test_fake_tensors_have_fake_results(model, engine):
    cell = st.cell("gru", 3, 4)
    st.unroll(cell, torch.randn(2, 5, 3), engine=engine)
    with FakeTensorMode(allow_non_fake_inputs=True) as fake:
        inputs = fake.from_tensor(torch.randn(2, 5, 3))
        outputs, final = st.unroll(cell, inputs, engine=engine)
        logits, _ = model(fake.from_tensor(IDS))
    assert outputs.shape == (2, 5, 4)
    assert {type(t).__name__ for t in (outputs, final, logits)} == {"FakeTensor"}


def test_inputs_on_meta_are_no_addresses(engine):
    cell = st.cell("gru", 3, 4)
    st.unroll(cell, torch.randn(2, 5, 3), engine=engine)
    with pytest.raises(Exception, match="meta"):
        st.unroll(cell, torch.randn(2, 5, 3, device="meta"), engine=engine)


def test_a_script_is_an_error_that_says_what_serves(model):
    with pytest.raises(RuntimeError, match=r"torch\.export"):
        torch.jit.script(model)


def test_the_old_onnx_graph_follows_its_inputs(model):
    pytest.importorskip("onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (IDS,), io.BytesIO(), dynamo=False)


class Counting(TorchDispatchMode):
    calls = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.calls += 1
        return func(*args, **(kwargs or {}))


class CountingFunctions(TorchFunctionMode):
    calls = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.calls += 1
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("mode", [Counting, CountingFunctions])
def test_a_mode_sees_the_steps(model, mode):
    with mode() as seen:
        found = model(IDS)[0]
    assert seen.calls > IDS.shape[1]
    assert_close(found, model.plain(IDS)[0])


def test_a_default_device_keeps_the_engine(model, engine):
    with torch.device("cpu"):
        model(IDS)
    assert model.engines.name == engine


class Marked(torch.Tensor):
    """Counts the functions of torch that it meets."""

    calls = 0

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        cls.calls += 1
        return super().__torch_function__(func, types, args, kwargs or {})


def test_a_tensor_of_ones_own_kind_sees_the_steps(engine):
    cell, inputs = st.cell("gru", 3, 4), torch.randn(2, 5, 3)
    st.unroll(cell, inputs, engine=engine)
    Marked.calls = 0
    outputs, _ = st.unroll(cell, inputs.as_subclass(Marked), engine=engine)
    assert Marked.calls > 5
    assert isinstance(outputs, Marked)


def test_a_tangent_goes_through(engine):
    cell, inputs, tangent = st.cell("gru", 3, 4), torch.randn(2, 5, 3), torch.randn(2, 5, 3)
    with torch.no_grad():
        st.unroll(cell, inputs, engine=engine)

    def through(name):
        with torch.no_grad(), forward_ad.dual_level():
            dual = forward_ad.make_dual(inputs, tangent)
            return forward_ad.unpack_dual(st.unroll(cell, dual, engine=name)[0]).tangent

    assert_close(through(engine), through("plain"))


def test_transforms_of_functions_are_those_of_the_plain_loop(engine):
    cell, inputs = st.cell("gru", 3, 4).requires_grad_(False), torch.randn(4, 2, 5, 3)
    st.unroll(cell, inputs[0], engine=engine)
    found = torch.vmap(lambda x: st.unroll(cell, x, engine=engine)[0])(inputs)
    assert_close(found, torch.stack([st.unroll(cell, x)[0] for x in inputs]))
    engines = engines_of(cell, engine)
    assert engines.name == "plain"
    assert "as by a trace, a transform or a mode" in engines.reasons["native"]
    st.unroll(cell, inputs[0, :0], engine=engine)
    assert (engines.name, engines.reasons["torch"]) == ("plain", "its batch is empty")
    st.unroll(cell, inputs[0], engine=engine)
    assert (engines.name, engines.reasons) == (engine, {})


def test_numbers_whose_sign_torch_changes_only_when_it_reads_them(engine):
    cell = st.cell("gru", 3, 4)
    inputs = torch.view_as_complex(torch.randn(2, 5, 3, 2)).conj().imag
    state = torch.view_as_complex(torch.randn(2, 4, 2)).conj().imag
    assert inputs.is_neg()
    assert state.is_neg()
    found, _ = st.unroll(cell, inputs, state, engine=engine)
    assert_close(found, st.unroll(cell, inputs.resolve_neg(), state.resolve_neg())[0])


def test_a_checkpoint_that_counts_what_is_saved_works_at_the_first_call(engine):
    cell, inputs = st.cell("gru", 3, 4), torch.randn(2, 5, 3, requires_grad=True)

    def run(name):
        return st.unroll(cell, inputs, engine=name)[0].square().sum()

    total = checkpoint(run, engine, use_reentrant=False)
    found = torch.autograd.grad(total, [inputs, *cell.parameters()])
    assert engines_of(cell, engine).name == engine
    assert_close(found, torch.autograd.grad(run("plain"), [inputs, *cell.parameters()]))


def batches_of_gradients(cell, inputs, state, lengths, name):
    """Return gradients, several at once, in each of torch's ways."""
    outputs, final = st.unroll(cell, inputs, state, lengths, engine=name)
    sources = inputs, state, *cell.parameters()
    several = torch.randn(4, *outputs.shape, generator=torch.Generator().manual_seed(1))

    def one(gradient):
        return torch.autograd.grad(outputs, sources, gradient, retain_graph=True)

    def run(inputs):
        return st.unroll(cell, inputs, state, lengths, engine=name)[0]

    options = {"is_grads_batched": True, "retain_graph": True}
    found = [*torch.autograd.grad(outputs, sources, several, **options)]
    found += torch.autograd.grad([outputs, final], sources, [several, several[:, :, 0]], **options)
    found += torch.func.vmap(one)(several)
    found.append(torch.autograd.functional.jacobian(run, inputs.detach(), vectorize=True))
    one_by_one = [torch.stack(parts) for parts in zip(*map(one, several), strict=True)]
    assert_close(found[: len(sources)], one_by_one)
    return found


@pytest.mark.parametrize("lengths", [None, torch.tensor([5, 0, 3])])
def test_several_gradients_at_once_are_those_of_the_plain_loop(engine, lengths):
    cell, inputs = st.cell("gru", 3, 4), torch.randn(3, 5, 3, requires_grad=True)
    state = torch.randn(3, 4, requires_grad=True)
    found = batches_of_gradients(cell, inputs, state, lengths, engine)
    assert engines_of(cell, engine).name == engine
    assert_close(found, batches_of_gradients(cell, inputs, state, lengths, "plain"))


def test_what_several_gradients_at_once_do_not_reach_has_none(engine):
    cell, inputs = st.cell("stack-rnn:cell_size=2,depth=3", 3, 4), torch.randn(2, 1, 3)
    gradients = {}
    for name in (engine, "plain"):
        outputs, _ = st.unroll(cell, inputs, engine=name)
        several = torch.ones(2, *outputs.shape)
        gradients[name] = torch.autograd.grad(
            outputs, list(cell.parameters()), several, is_grads_batched=True, allow_unused=True
        )
    assert [g is None for g in gradients[engine]] == [g is None for g in gradients["plain"]]
    assert any(g is None for g in gradients[engine])


def test_a_batch_of_batches_of_gradients_is_a_clear_error(engine):
    cell, inputs = st.cell("gru", 3, 4), torch.randn(2, 5, 3, requires_grad=True)
    outputs, _ = st.unroll(cell, inputs, engine=engine)

    def one(gradient):
        return torch.autograd.grad(outputs, inputs, gradient, retain_graph=True)[0]

    with pytest.raises(RuntimeError, match="plain"):
        torch.func.vmap(torch.func.vmap(one))(torch.randn(2, 2, *outputs.shape))


def test_a_returned_state_may_be_changed_in_place(engine):
    cell = st.cell("lstm", 3, 4)
    inputs = torch.randn(2, 5, 3, requires_grad=True)

    def run(name, gradients=True):
        with torch.set_grad_enabled(gradients):
            outputs, (h, c) = st.unroll(cell, inputs, engine=name)
            h.mul_(0.5)
            c[0] = 0.0
            again, final = st.unroll(cell, inputs, (h, c), engine=name)
            return outputs.sum() + again.square().sum() + final[0].sum()

    found = torch.autograd.grad(run(engine), [inputs, *cell.parameters()])
    assert_close(found, torch.autograd.grad(run("plain"), [inputs, *cell.parameters()]))
    assert_close(run(engine, False), run("plain", False))
    assert engines_of(cell, engine).name == engine
