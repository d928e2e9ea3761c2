"""What an export holds, that its manifest makes the same bytes again, and that nothing is lost."""

import errno
import hashlib
import json
import os
import sys
from dataclasses import dataclass

import numpy as np
import pytest

import seqtasks as st
from seqtasks.errors import RunError, UsageError
from seqtasks.exports.formats import FORMATS

TASKS = ("parity", "reverse-string", "adding", "dyck:depth=3", "modular-arithmetic")


@dataclass(frozen=True)
class Delay(st.Task):
    """A task of a program."""

    by: int = 1

    inputs = targets = st.Tokens("01")

    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))

    def encode(self, inputs):
        return np.pad(inputs, ((0, 0), (self.by, 0)))[:, : inputs.shape[1]]


def listed(folder):
    return sorted(path.name for path in folder.iterdir())


def rows_of(arrays):
    return zip(arrays["inputs"], arrays["targets"], arrays["lengths"], strict=True)


def changed(path, **values):
    """Write values into a manifest."""
    document = {**json.loads(path.read_text()), **values}
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("name", TASKS)
def test_an_archive_holds_instances_with_the_tasks_own_answers(name, tmp_path):
    task = st.task(name)
    st.export(name, tmp_path / "x.npz", count=50, length="2..9")
    arrays = np.load(tmp_path / "x.npz", allow_pickle=False)
    assert sorted(arrays) == ["inputs", "lengths", "targets"]
    assert arrays["inputs"].shape[:2] == arrays["targets"].shape[:2] == (50, max(arrays["lengths"]))
    assert len(arrays["lengths"]) == 50
    for inputs, targets, steps in rows_of(arrays):
        length = steps // 2 if task.layout == "after" else steps
        assert length in task.lengths
        assert 2 <= length <= 9
        batch = task.batch_of(inputs[None, :length])
        np.testing.assert_array_equal(batch.inputs[0], inputs[:steps])
        np.testing.assert_array_equal(batch.targets[0], targets[:steps])
        assert not st.Batch(inputs[None], targets[None], steps).scored[0, steps:].any()
        assert not inputs[steps:].any()


@pytest.mark.parametrize("name", TASKS)
def test_lines_and_archive_hold_the_same_instances(name, tmp_path):
    task = st.task(name)
    for form in ("npz", "jsonl"):
        st.export(name, tmp_path / f"x.{form}", count=30, length="2..9", seed=5)
    arrays = np.load(tmp_path / "x.npz")
    lines = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert len(lines) == 30
    for row, line in enumerate(lines):
        steps = arrays["lengths"][row]
        batch = st.Batch(
            *(arrays[side][row : row + 1, :steps] for side in ("inputs", "targets")), []
        )
        scored = batch.scored[0]
        assert [target is not None for target in line["targets"]] == scored.tolist()
        for side, alphabet in (("inputs", task.inputs), ("targets", task.targets)):
            values = getattr(batch, side)[0]
            for said, value, known in zip(line[side], values, scored, strict=True):
                if side == "targets" and not known:
                    continue
                if isinstance(alphabet, st.Reals):
                    np.testing.assert_array_equal(np.float32(said), value)
                elif isinstance(alphabet, st.TokenSets):
                    assert said == [alphabet.symbols[i] for i in np.flatnonzero(value)]
                else:
                    assert said == [*alphabet.symbols, "_"][value]


def test_instances_differ_among_themselves_and_between_seeds(tmp_path):
    for seed in (0, 1):
        st.export("parity", tmp_path / f"{seed}.npz", count=6000, length="60..70", seed=seed)
    rows = [row.tobytes() for s in (0, 1) for row in np.load(tmp_path / f"{s}.npz")["inputs"]]
    assert len(set(rows)) == 12_000


def test_lengths_of_a_range_come_up_equally_often(tmp_path):
    st.export("modular-arithmetic", tmp_path / "x.npz", count=4000, length="1..8")
    found, counts = np.unique(np.load(tmp_path / "x.npz")["lengths"], return_counts=True)
    assert found.tolist() == [1, 3, 5, 7]
    assert (abs(counts - 1000) < 5 * 27.4).all()


def test_the_length_is_that_the_task_recommends_if_none_is_said(tmp_path):
    assert st.export("adding", tmp_path / "x.npz", count=2).manifest.length == "50"
    assert np.load(tmp_path / "x.npz")["inputs"].shape == (2, 50, 2)


@pytest.mark.parametrize("form", ["npz", "jsonl"])
@pytest.mark.parametrize("name", [*TASKS, "group-word:group=S3,generators=[(12),(123)]"])
def test_a_manifest_makes_the_same_bytes_again(name, form, tmp_path):
    done = st.export(name, tmp_path / f"x.{form}", count=20, length="3..5", seed=7)
    original = done.path.read_bytes()
    again = st.regenerate(done.manifest_path, tmp_path / "another")
    assert again.path.read_bytes() == original
    assert again.manifest.task == done.manifest.task
    done.path.unlink()
    st.regenerate(done.manifest_path, overwrite=True)
    assert done.path.read_bytes() == original
    assert json.loads(done.manifest_path.read_text()) == done.manifest.to_json()


def test_a_manifest_says_what_the_data_was_made_of(tmp_path):
    done = st.export("dyck:depth=3", tmp_path / "x.jsonl", count=3, length="4..7", seed=2)
    known = json.loads((tmp_path / "x.jsonl.manifest.json").read_text())
    content = done.path.read_bytes()
    assert known["task"] == "dyck:mode=predict,negatives=near,kinds=2,depth=3"
    assert (known["length"], known["count"], known["seed"]) == ("4..7", 3, 2)
    assert (known["inputs"], known["targets"]) == (list("()[]"), [*"()[]", "END"])
    assert known["files"] == {
        "x.jsonl": {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    }
    assert known["versions"]["numpy"] == np.__version__
    assert known["versions"]["seqtasks"] == st.__version__
    assert set(known["versions"]) == {"python", "seqtasks", "numpy"}


@pytest.mark.parametrize(
    ("task", "written"),
    [  # by the last version whose languages had no `negatives`
        (
            "dyck:mode=predict,kinds=2,depth=3",
            "432750582fd90db60f0ab4ff7e3279d39028fbab42e8a9450c8b8a84c02d55ed",
        ),
        (
            "dyck:mode=recognise,kinds=2,depth=3",
            "06ffa7993e252fa9c738028bcbb2d80242a54cd5c30ef9658df6f820f0396261",
        ),
        (
            "tomita:mode=recognise,number=5",
            "9a595b8be7c38782c09c65b5a29f7f8b2ba3ae71f446644c70fb3590ebc71989",
        ),
    ],
)
def test_a_manifest_from_before_a_parameter_was_added_makes_the_same_bytes(tmp_path, task, written):
    done = st.export(task, tmp_path / "x.jsonl", count=3, length="4..7", seed=2)
    size = done.path.stat().st_size
    files = {"x.jsonl": {"sha256": written, "bytes": size}}
    changed(done.manifest_path, task=task, files=files)
    again = st.regenerate(done.manifest_path, tmp_path / "y.jsonl")
    assert hashlib.sha256(again.path.read_bytes()).hexdigest() == written


def test_a_task_of_a_file_of_ones_own_is_made_again_and_its_changes_are_seen(tmp_path):
    code = (
        "import seqtasks as st\nclass Echo(st.Task):\n    inputs = targets = st.Tokens('01')\n"
        "    def generate(self, rng, batch_size, length):\n"
        "        return rng.integers(2, size=(batch_size, length))\n"
        "    def encode(self, inputs):\n        return inputs\n"
    )
    (tmp_path / "mine.py").write_text(code)
    done = st.export(f"{tmp_path}/mine.py", tmp_path / "x.npz", count=4, length=6)
    assert done.manifest.task == f"{tmp_path}/mine.py:Echo"
    again = st.regenerate(done.manifest_path, tmp_path / "y.npz")
    assert again.path.read_bytes() == done.path.read_bytes()
    (tmp_path / "mine.py").write_text(code.replace("return inputs", "return 1 - inputs"))
    with pytest.raises(RunError, match=r"mine\.py was changed; nothing was written"):
        st.regenerate(done.manifest_path, tmp_path / "z.npz")
    (tmp_path / "mine.py").unlink()
    with pytest.raises(UsageError, match=r"cannot read .*mine\.py"):
        st.regenerate(done.manifest_path, tmp_path / "z.npz")


def test_a_class_of_a_program_is_found_in_its_module_or_given_again(tmp_path):
    done = st.export(Delay(by=2), tmp_path / "x.npz", count=4, length=6)
    assert done.manifest.task_name == f"{__name__}:Delay:by=2"
    again = st.regenerate(done.manifest_path, tmp_path / "y.npz")
    assert again.path.read_bytes() == done.path.read_bytes()
    changed(done.manifest_path, task={"class": "__main__:Delay:by=2"})
    with pytest.raises(UsageError, match=r"__main__:Delay:by=2 was made in a Python program"):
        st.regenerate(done.manifest_path, tmp_path / "z.npz")
    again = st.regenerate(done.manifest_path, tmp_path / "z.npz", task=Delay(by=2))
    assert again.path.read_bytes() == done.path.read_bytes()
    with pytest.raises(RunError, match="would not be the same bytes"):
        st.regenerate(done.manifest_path, tmp_path / "w.npz", task=Delay(by=1))


def test_a_task_registered_ready_made_goes_by_its_name(site, tmp_path):
    site.plugin(
        "ready",
        "from seqtasks_bits.bitshift import BitShift\nclass Later(BitShift): pass\n@hookimpl\n"
        "def register_tasks(register):\n    register('two-later', Later(2))\n",
    )
    from seqtasks.registry.discovery import use_registry

    use_registry()
    try:
        done = st.export("two-later", tmp_path / "x.npz", count=4)
        assert done.manifest.task == "two-later"
        assert st.regenerate(done.manifest_path, tmp_path / "y.npz").manifest.count == 4
    finally:
        sys.path.remove(str(site.folder))
        use_registry()


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("x.npz", {"count": 0}, "count must be at least 1, got 0"),
        ("x.npz", {"seed": -1}, "seed must be at least 0, got -1"),
        ("x.npz", {"length": "2"}, "cannot have length 2: it has odd lengths from 1"),
        ("x.npz", {"format": "np"}, "unknown format 'np'; there is npz, jsonl, hf. Did you"),
        ("x.csv", {}, "the ending of x.csv does not say the format; choose one of npz, jsonl, hf"),
        ("none/x.npz", {}, "there is no folder .*none to write x.npz into"),
        ("taken", {"format": "npz"}, "taken is a folder; name a file"),
        ("taken", {"format": "npz", "overwrite": True}, "taken is a folder; name a file"),
        ("x.npz", {"count": 2**50, "length": 9}, "GiB of memory, and .* are available"),
        ("x.npz", {"count": 10**400}, r"10\^39\d GiB of memory, and .* are available"),
        ("x.jsonl", {"length": 10**12 + 1}, "1 instance of length 1000000000001 would take more"),
        ("x.jsonl", {"count": 10**12}, "would take about .* GiB on the disk, and .* are free in"),
        ("x.jsonl", {"count": 10**400}, r"10\^39\d GiB on the disk"),
        ("old.npz", {}, "old.npz is there already; choose another name, or overwrite it"),
        ("lone.npz", {}, "lone.npz.manifest.json is there already"),
    ],
)
def test_what_cannot_be_exported_is_refused_and_nothing_changes(name, options, says, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "old.npz").write_bytes(b"old")
    (tmp_path / "lone.npz.manifest.json").write_bytes(b"old")
    before = listed(tmp_path)
    with pytest.raises(UsageError, match=says):
        st.export("modular-arithmetic", tmp_path / name, **{"count": 3, **options})
    assert listed(tmp_path) == before
    assert (tmp_path / "old.npz").read_bytes() == b"old"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match=f"cannot write to the folder {tmp_path}: permission"):
        st.export("parity", tmp_path / "x.npz", count=3)
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("form", ["npz", "jsonl"])
@pytest.mark.parametrize("failing", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left")])
def test_an_export_that_fails_leaves_the_earlier_one_as_it_was(
    form, failing, tmp_path, monkeypatch
):
    done = st.export("parity", tmp_path / "x", count=3, format=form)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(path, task, instances):
        path.write_bytes(b"half")
        raise failing

    monkeypatch.setitem(FORMATS, form, fail)
    wanted = RunError if isinstance(failing, OSError) else KeyboardInterrupt
    with pytest.raises(wanted) as error:
        st.export("parity", done.path, count=4, format=form, overwrite=True)
    if wanted is RunError:
        assert str(error.value) == (
            f"cannot write {done.path}: No space left; what was saved before is intact"
        )
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_exports_need_no_torch(python):
    code = "st.export('parity', 'x.npz', count=3); st.export('parity', 'x.jsonl', count=3)"
    done = python("-c", f"import sys, seqtasks as st; {code}; print('torch' in sys.modules)")
    assert (done.stdout, done.stderr) == ("False\n", "")
