"""`seqtasks export`: files, their manifests, and the same bytes again."""

import hashlib
import json

import numpy as np
import pytest
from command_line import tree


def test_an_export_and_its_manifest_are_written_and_named(answer, tmp_path):
    options = ("--count", 40, "--length", "3..6", "--seed", 4, "--out", "x.npz")
    text = answer("export", "bitshift:shift=1", *options)
    assert text.splitlines() == [
        "40 instances of bitshift:shift=1, length 3..6",
        "data      x.npz",
        "manifest  x.npz.manifest.json",
    ]
    known = json.loads((tmp_path / "x.npz.manifest.json").read_text())
    digest = hashlib.sha256((tmp_path / "x.npz").read_bytes()).hexdigest()
    assert known["files"]["x.npz"]["sha256"] == digest
    assert (known["count"], known["seed"], known["data_format"]) == (40, 4, "npz")
    assert np.load(tmp_path / "x.npz")["inputs"].shape == (40, 6)


@pytest.mark.parametrize("form", ["npz", "jsonl"])
def test_a_manifest_makes_the_same_bytes_again(answer, tmp_path, form):
    answer("export", "dyck", "-n", 9, "--length", "4", "--format", form, "-o", "data")
    before = tree(tmp_path)
    answer("export", "--from-manifest", "data.manifest.json", "-o", "again")
    after = tree(tmp_path)
    assert after["again"] == before["data"]
    (tmp_path / "data").unlink()
    answer("export", "--from-manifest", "data.manifest.json", "--overwrite")
    assert tree(tmp_path) == after


def test_bytes_that_would_differ_are_an_error_that_says_what_differs(seqtasks, answer, tmp_path):
    answer("export", "parity", "-n", 9, "--out", "x.npz")
    manifest = tmp_path / "x.npz.manifest.json"
    text = manifest.read_text()
    manifest.write_text(text.replace('"seed": 0', '"seed": 1').replace(np.__version__, "1.0"))
    before = tree(tmp_path)
    failed = seqtasks("export", "--from-manifest", "x.npz.manifest.json", "--out", "y.npz")
    assert failed.returncode == 1
    assert failed.stdout == ""
    first, second = failed.stderr.splitlines()
    assert first.startswith("Error: y.npz would not be the same bytes: y.npz (sha256 ")
    assert second.split() == f"numpy was 1.0, now {np.__version__}; nothing was written".split()
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("export", "TASK|--from-manifest"),
        ("export parity --out x.npz", "--count is missing"),
        ("export parity -n 3", "--out is missing"),
        ("export parity -n 0 -o x.npz", "--count|0"),
        ("export pairty -n 3 -o x.npz", "did you mean 'parity'"),
        ("export parity -n 3 -o x.csv", "x.csv|npz, jsonl, hf"),
        ("export parity -n 3 -o none/x.npz", "no folder none"),
        ("export parity -n 3 -o old.npz", "old.npz is there already|overwrite"),
        ("export modular-arithmetic -n 3 --length 4 -o x.npz", "odd lengths from 1"),
        ("export parity -n 1000000000000 --length 99 -o x.npz", "gib|fewer or shorter"),
        ("export --from-manifest none.json", "cannot read none.json|no such file"),
        ("export --from-manifest old.npz", "old.npz is not json"),
        ("export parity --seed 0 --from-manifest old.npz", "leave out task, --seed"),
    ],
)
def test_what_cannot_be_done_is_refused(refused, tmp_path, arguments, words):
    (tmp_path / "old.npz").write_text("precious")
    refused(arguments.split(), *words.split("|"))


def test_an_earlier_export_is_replaced_when_told_to_overwrite(answer, tmp_path):
    for count in (3, 4):
        answer("export", "parity", "-n", count, "--out", "x.npz", "--overwrite")
        assert len(np.load(tmp_path / "x.npz")["inputs"]) == count


@pytest.mark.parametrize("form", ["npz", "jsonl", "hf"])
def test_a_full_disk_leaves_the_earlier_export_intact(seqtasks, answer, tmp_path, form):
    if form == "hf":
        pytest.importorskip("datasets")
    options = ("export", "parity", "--format", form, "--out", "data")
    answer(*options, "-n", 3)
    before = tree(tmp_path)
    failed = seqtasks(*options, "-n", 5000, "--overwrite", largest_file=4000)
    assert failed.returncode == 1, failed.stderr
    assert failed.stderr == (
        "Error: cannot write data: File too large; what was saved before is intact\n"
    )
    assert tree(tmp_path) == before
