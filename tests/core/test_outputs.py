"""A file that cannot be written is refused before the work that it is to hold."""

import os
from pathlib import Path

import pytest

from seqtasks.errors import UsageError
from seqtasks.files.outputs import check_output

PROC = pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (".", "is a folder; name a file, such as page.html"),
        ("none/page.html", "there is no folder .*none for page.html"),
        pytest.param("/proc/x", "cannot write /proc/x: ", marks=PROC),
        ("n" * 300, "cannot write n+: .*long"),
        ("nul\0", "cannot write"),
    ],
)
def test_a_place_where_no_file_can_be_is_refused(path, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=said):
        check_output(Path(path), "page.html")
    assert not list(tmp_path.iterdir())


def test_a_place_that_serves_is_left_as_it_was(tmp_path):
    there, link = tmp_path / "there.csv", tmp_path / "link.csv"
    there.write_text("before")
    link.symlink_to(there)
    for path in (there, link, tmp_path / "new.csv", Path(os.devnull)):
        check_output(path)
    assert {path.name for path in tmp_path.iterdir()} == {"there.csv", "link.csv"}
    assert there.read_text() == "before"
