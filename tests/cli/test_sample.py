"""`seqtasks sample` shows instances, the same ones from the same seed."""

import io
import json

import numpy as np


def test_sample_as_text_shows_aligned_instances(answer):
    blocks = answer("sample", "bitflip", "-n", "3", "--length", "4..6").rstrip().split("\n\n")
    assert len(blocks) == 3
    for block in blocks:
        given, target = (line.split() for line in block.splitlines())
        assert (given[0], target[0]) == ("input", "target")
        assert 4 <= len(given) - 1 <= 6
        assert [str(1 - int(bit)) for bit in given[1:]] == target[1:]


def test_sample_draws_the_same_instances_from_the_same_seed(answer):
    first, again, other = (answer("sample", "parity", "--seed", seed) for seed in (3, 3, 4))
    assert first == again != other
    assert answer("sample", "parity") == answer("sample", "parity", "--seed", "0")


def test_sample_as_json_lines_and_as_arrays_hold_the_same_instances(seqtasks, answer, tmp_path):
    options = ("sample", "parity", "-n", "4", "--length", "3..6", "--seed", "5", "--format")
    lines = [json.loads(line) for line in answer(*options, "jsonl").splitlines()]
    assert len(lines) == 4
    piped = seqtasks.fresh(*options, "npz", "-o", "-", text=False)
    assert piped.returncode == 0
    answer(*options, "npz", "--output", "drawn.npz")
    arrays = np.load(io.BytesIO(piped.stdout))
    written = np.load(tmp_path / "drawn.npz")
    assert set(arrays) == set(written) == {"inputs", "targets", "lengths"}
    for name in arrays:
        np.testing.assert_array_equal(arrays[name], written[name])
    assert arrays["inputs"].shape == (4, arrays["lengths"].max())
    for row, line in enumerate(lines):
        length = arrays["lengths"][row]
        assert length == len(line["inputs"])
        assert "".join(map(str, arrays["inputs"][row, :length])) == "".join(line["inputs"])
        assert "".join(map(str, arrays["targets"][row, :length])) == "".join(line["targets"])
        assert (arrays["targets"][row, length:] == -100).all()
