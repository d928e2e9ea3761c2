"""Checkpoints and weights: back to the bit, or refused; never half read."""

import math
import re

import pytest
import torch

from seqtasks.errors import UsageError
from seqtasks.runs.checkpoint import (
    Checkpoint,
    read_checkpoint,
    read_weights,
    write_checkpoint,
    write_weights,
)

TENSORS = {
    "model.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3),
    "optimizer.0.step": torch.tensor(7.0),
    "random.0": torch.arange(9, dtype=torch.uint8),
}
PROGRESS = {"step": 7, "stopped": None, "seconds": 0.25, "pending_losses": [0.1, 1 / 3]}


@pytest.fixture
def saved(tmp_path):
    """A small checkpoint on disk, and its bytes."""
    path = tmp_path / "checkpoint.safetensors"
    write_checkpoint(path, Checkpoint(TENSORS, PROGRESS))
    return path, path.read_bytes()


def assert_refused(path, content):
    """Check that a checkpoint of some bytes is refused by name."""
    path.write_bytes(content)
    with pytest.raises(UsageError, match=re.escape(str(path))):
        read_checkpoint(path)


@pytest.mark.parametrize(
    "dtype",
    ["float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"],
)
def test_tensors_of_any_type_and_shape_come_back_to_the_bit(tmp_path, dtype):
    path = tmp_path / "a.safetensors"
    values = torch.tensor([0.0, -1.5, math.pi, 3e4, 1.0, 0.0]).abs().to(getattr(torch, dtype))
    tensors = {
        "vector": values,
        "matrix": values.reshape(2, 3),
        "number": values[2],
        "nothing": values[:0].reshape(0, 4),
    }
    write_checkpoint(path, Checkpoint({name: value.clone() for name, value in tensors.items()}, {}))
    found = read_checkpoint(path).tensors
    assert set(found) == set(tensors)
    for name, value in tensors.items():
        assert found[name].dtype == value.dtype
        assert found[name].shape == value.shape
        assert torch.equal(found[name], value)


def test_values_that_are_no_numbers_come_back(tmp_path):
    path = tmp_path / "a.safetensors"
    odd = torch.tensor([math.nan, math.inf, -math.inf, -0.0])
    write_checkpoint(path, Checkpoint({"odd": odd}, {"losses": [math.inf]}))
    found = read_checkpoint(path)
    assert found.tensors["odd"].numpy().tobytes() == odd.numpy().tobytes()
    assert found.progress == {"losses": ["Infinity"]}


@pytest.mark.parametrize("progress", [{}, PROGRESS, {"note": 'σ "quoted" \n', "deep": [[{}]]}])
def test_progress_comes_back_to_the_last_digit(tmp_path, progress):
    write_checkpoint(tmp_path / "a", Checkpoint(TENSORS, progress))
    assert read_checkpoint(tmp_path / "a").progress == progress


def test_a_checkpoint_without_tensors_comes_back(tmp_path):
    write_checkpoint(tmp_path / "a", Checkpoint({}, PROGRESS))
    assert read_checkpoint(tmp_path / "a") == Checkpoint({}, PROGRESS)


@pytest.mark.parametrize("weights", [False, True])
def test_writing_leaves_the_tensors_as_they_were(tmp_path, weights):
    tensors = {name: tensor.clone() for name, tensor in TENSORS.items()}
    if weights:
        write_weights(tmp_path / "a", tensors, 7, {})
    else:
        write_checkpoint(tmp_path / "a", Checkpoint(tensors, {}))
    assert tensors.keys() == TENSORS.keys()
    assert all(torch.equal(tensor, TENSORS[name]) for name, tensor in tensors.items())


def test_a_new_checkpoint_takes_the_place_of_the_old(saved):
    path, _ = saved
    write_checkpoint(path, Checkpoint({"a": torch.ones(1)}, {"step": 8}))
    assert read_checkpoint(path).progress == {"step": 8}
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_checkpoint_cut_short_anywhere_is_refused(saved):
    path, whole = saved
    for end in range(len(whole)):
        assert_refused(path, whole[:end])


def test_a_checkpoint_with_more_at_its_end_is_refused(saved):
    path, whole = saved
    for more in (b"\0", whole):
        assert_refused(path, whole + more)


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_a_checkpoint_with_any_byte_changed_is_refused(saved, mask):
    path, whole = saved
    for place in range(len(whole)):
        assert_refused(path, whole[:place] + bytes([whole[place] ^ mask]) + whole[place + 1 :])


def test_a_checkpoint_with_two_tensors_exchanged_is_refused(tmp_path):
    path = tmp_path / "a"
    tensors = {"first": torch.zeros(3), "other": torch.ones(3)}
    write_checkpoint(path, Checkpoint(tensors, {}))
    whole = path.read_bytes()
    assert b'"first"' in whole
    exchanged = whole.replace(b'"first"', b'"?????"').replace(b'"other"', b'"first"')
    assert_refused(path, exchanged.replace(b'"?????"', b'"other"'))


def test_a_checkpoint_whose_tensors_changed_their_type_is_refused(tmp_path):
    path = tmp_path / "a"
    write_checkpoint(path, Checkpoint({"only": torch.zeros(3)}, {}))
    whole = path.read_bytes()
    assert b'"F32"' in whole
    assert_refused(path, whole.replace(b'"F32"', b'"I32"'))


def test_weights_alone_are_no_checkpoint(tmp_path):
    write_weights(tmp_path / "a", TENSORS, 7, {})
    assert_refused(tmp_path / "a", (tmp_path / "a").read_bytes())


@pytest.mark.parametrize("content", [b"", b"\0", b"not a checkpoint", bytes(64), b"\xff" * 64])
def test_what_is_no_checkpoint_is_refused_with_a_remedy(tmp_path, content):
    path = tmp_path / "a"
    path.write_bytes(content)
    for read in (read_checkpoint, read_weights):
        with pytest.raises(UsageError, match=rf"{path} is damaged .*restore it from a copy"):
            read(path)


def test_a_missing_checkpoint_or_a_folder_is_named(tmp_path):
    for path in (tmp_path / "gone", tmp_path):
        for read in (read_checkpoint, read_weights):
            with pytest.raises(UsageError, match=f"cannot read {path}: "):
                read(path)


def test_weights_come_back_even_if_two_names_share_them(tmp_path):
    weight = torch.nn.Parameter(torch.randn(4, 3, generator=torch.Generator().manual_seed(0)))
    write_weights(tmp_path / "a", {"first": weight, "tied": weight}, 7, {})
    found = read_weights(tmp_path / "a")[0]
    assert torch.equal(found["first"], weight)
    assert torch.equal(found["tied"], weight)


def test_a_transposed_tensor_comes_back(tmp_path):
    turned = torch.arange(6.0).reshape(2, 3).T
    write_weights(tmp_path / "weights", {"turned": turned}, 7, {})
    assert torch.equal(read_weights(tmp_path / "weights")[0]["turned"], turned)
    write_checkpoint(tmp_path / "checkpoint", Checkpoint({"turned": turned.clone()}, {}))
    assert torch.equal(read_checkpoint(tmp_path / "checkpoint").tensors["turned"], turned)


def test_weights_cut_short_anywhere_are_refused(tmp_path):
    path = tmp_path / "a"
    write_weights(path, TENSORS, 7, {})
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(UsageError, match="is damaged"):
            read_weights(path)
