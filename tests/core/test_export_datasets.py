"""The Hugging Face format: what `datasets` reads back, and what is said where it is missing."""

import hashlib
import shutil
import sys

import numpy as np
import pytest

import seqtasks as st
from seqtasks.errors import UsageError


def tree(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_without_the_package_it_is_said_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UsageError, match=r"pip install 'seqtasks\[datasets\]', or choose npz or"):
        st.export("parity", tmp_path / "x", count=3, format="hf")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["parity", "reverse-string", "adding", "dyck", "solve-equation"])
def test_the_library_reads_back_the_instances_of_the_archive(name, tmp_path):
    datasets = pytest.importorskip("datasets")
    st.export(name, tmp_path / "x.npz", count=20, length="3..8", seed=3)
    done = st.export(name, tmp_path / "x", count=20, length="3..8", seed=3, format="hf")
    arrays = np.load(tmp_path / "x.npz")
    read = datasets.load_from_disk(str(done.path))
    assert read.column_names == ["inputs", "targets"]
    assert len(read) == 20
    columns = (arrays[name] for name in ("lengths", "inputs", "targets"))
    for row, steps, inputs, targets in zip(read, *columns, strict=True):
        np.testing.assert_array_equal(row["inputs"], inputs[:steps])
        np.testing.assert_array_equal(row["targets"], targets[:steps])
    kinds = {"adding": ("float32", "float32"), "dyck": ("int64", "bool")}
    for side, kind in zip(("inputs", "targets"), kinds.get(name, ("int64", "int64")), strict=True):
        feature = read.features[side]
        while isinstance(feature, datasets.List):
            feature = feature.feature
        assert feature.dtype == kind


def test_a_manifest_makes_the_same_folder_again_in_another_process(tmp_path, python):
    pytest.importorskip("datasets")
    done = st.export("dyck", tmp_path / "x", count=20, length="4..8", format="hf")
    known = done.manifest.files
    assert known == {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in tree(done.path).items()
        if name != "manifest.json"
    }
    assert {"datasets", "pyarrow"} < set(done.manifest.versions)
    code = "import sys, seqtasks as st; st.regenerate(sys.argv[1], sys.argv[2])"
    again = python("-c", code, done.manifest_path, tmp_path / "y")
    assert (again.stdout, again.stderr) == ("", "")
    assert tree(tmp_path / "y") == tree(done.path)


def test_only_an_earlier_export_is_replaced(tmp_path):
    pytest.importorskip("datasets")
    folder = tmp_path / "x"
    folder.mkdir()
    (folder / "precious.txt").write_text("kept")
    for overwrite in (False, True):
        with pytest.raises(UsageError, match="is a folder with something else in it"):
            st.export("parity", folder, count=3, format="hf", overwrite=overwrite)
    assert tree(folder) == {"precious.txt": b"kept"}
    shutil.rmtree(folder)
    first = st.export("parity", folder, count=3, format="hf")
    with pytest.raises(UsageError, match="is there already"):
        st.export("parity", folder, count=4, format="hf")
    assert tree(folder).keys() == {*first.manifest.files, "manifest.json"}
    second = st.export("parity", folder, count=4, format="hf", overwrite=True)
    assert second.manifest.files != first.manifest.files
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
