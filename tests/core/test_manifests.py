"""Manifests that cannot make the same bytes again, or are none, are refused with the reason."""

import json

import pytest

import seqtasks as st
from seqtasks.errors import RunError, UsageError


def listed(folder):
    return sorted(path.name for path in folder.iterdir())


def changed(path, **values):
    """Write values into a manifest."""
    document = {**json.loads(path.read_text()), **values}
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"versions": {"numpy": "1.26.0"}}, "numpy was 1.26.0, now "),
        ({"versions": {"gone-dist": "1.0"}}, "gone-dist was 1.0, now none"),
        ({"inputs": ["a"]}, "the task's inputs are other ones"),
        ({}, "the task's code or the manifest was changed"),
    ],
)
def test_bytes_that_would_differ_are_not_written_and_it_is_said_why(values, says, tmp_path):
    done = st.export("parity", tmp_path / "x.npz", count=5)
    versions = done.manifest.versions
    if "versions" in values:
        values = {"versions": {**versions, **values["versions"]}}
    changed(done.manifest_path, seed=1, **values)
    before = listed(tmp_path)
    with pytest.raises(RunError) as error:
        st.regenerate(done.manifest_path, tmp_path / "y.npz")
    first, second = str(error.value).splitlines()
    digest = done.manifest.files["x.npz"]["sha256"]
    assert first.startswith(f"{tmp_path}/y.npz would not be the same bytes: y.npz (sha256 ")
    assert digest[:12] in first
    assert says in second
    assert "nothing was written" in second
    assert listed(tmp_path) == before


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"format": 99}, "was written by a newer seqtasks"),
        ({"format": "one"}, "is not the manifest of an export"),
        ({"count": "many"}, "is damaged: its count must be a whole number, at least 1, got 'many'"),
        ({"count": 0}, "is damaged: its count must be a whole number, at least 1, got 0"),
        ({"count": -1}, "is damaged: its count must be a whole number, at least 1, got -1"),
        ({"seed": True}, "is damaged: its seed must be a whole number, at least 0, got True"),
        ({"seed": -1}, "is damaged: its seed must be a whole number, at least 0, got -1"),
        ({"files": {}}, "is damaged: its files must be an object that holds something"),
        ({"files": {"x": 5}}, "is damaged: its files.x must be an object, got 5"),
        ({"files": {"x": {"sha256": "0", "bytes": None}}}, "its files.x.bytes must be a whole"),
        ({"files": {"../x.npz": {"sha256": "0", "bytes": 1}}}, "it names no files"),
        ({"inputs": [1]}, r"is damaged: its inputs\[0\] must be text, got 1"),
        ({"versions": []}, "is damaged: its versions must be an object"),
        ({"task": {"class": 5}}, "is damaged: its task.class must be text"),
        ({"source": {"path": "x"}}, "is damaged: its source lacks sha256"),
        ({"data_format": "csv"}, "is damaged: it names no files of a known format"),
        ({"task": "pairity"}, "unknown task 'pairity'. Did you mean 'parity'?"),
        (
            {"length": "9..1"},
            "manifest.json is damaged: its length: the range 9..1 is",
        ),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused(values, says, tmp_path):
    done = st.export("parity", tmp_path / "x.npz", count=3)
    changed(done.manifest_path, **values)
    with pytest.raises(UsageError, match=says):
        st.regenerate(done.manifest_path, tmp_path / "y.npz")
    assert listed(tmp_path) == ["x.npz", "x.npz.manifest.json"]
