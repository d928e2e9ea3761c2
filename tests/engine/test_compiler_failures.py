"""What goes wrong with a compiler or its cache is told in one line, and the next engine runs."""

import sys

import pytest
from test_compiler import unrolled


def broken(name, cache, monkeypatch):
    """Break something; return a word of the warning that is to say so."""
    if name == "no compiler":
        monkeypatch.setenv("CC", "/nonexistent")
        return "/nonexistent"
    if name == "no program is kept, and no compiler":
        monkeypatch.setenv("SEQTASKS_CACHE", "")
        monkeypatch.setenv("CC", "/nonexistent")
        return "/nonexistent"
    if name == "a compiler's name that cannot be read":
        monkeypatch.setenv("CC", "cc 'and more")
        return "CC cannot be read"
    if name == "flags that cannot be read":
        monkeypatch.setenv("SEQTASKS_CFLAGS", "'-O0")
        return "SEQTASKS_CFLAGS cannot be read"
    if name == "a compiler that fails":
        monkeypatch.setenv("CC", "false")
        return "false failed"
    if name == "a compiler that says why":
        monkeypatch.setenv("CC", "sh -c 'echo error: disk is full 1>&2; exit 1'")
        return "error: disk is full"
    if name == "a compiler that makes nothing":
        monkeypatch.setenv("CC", "true")
        return "true failed"
    if name == "a compiler that makes nonsense":
        script = 'yes nonsense | head -c 9999 > $(echo $* | sed "s/.*-o //;s/ .*//")'
        monkeypatch.setenv("CC", f"sh -c '{script}'")
        return "invalid ELF header" if sys.platform == "linux" else "not in use"
    if name == "a cache that others can write":
        cache.mkdir()
        cache.chmod(0o777)
        return "others can write"
    if name == "a cache that is a file":
        cache.write_text("")
        return f"exists ({cache})"
    monkeypatch.setenv("SEQTASKS_CACHE", "/proc/none/programs")
    return "No such file"


@pytest.mark.parametrize(
    "name",
    [
        "no compiler",
        "no program is kept, and no compiler",
        "a compiler's name that cannot be read",
        "flags that cannot be read",
        "a compiler that fails",
        "a compiler that says why",
        "a compiler that makes nothing",
        "a compiler that makes nonsense",
        "a cache that others can write",
        "a cache that is a file",
        pytest.param(
            "a cache that cannot be made",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="needs /proc"),
        ),
    ],
)
def test_what_goes_wrong_is_told_in_one_line(cache, monkeypatch, caplog, name):
    word = broken(name, cache, monkeypatch)
    assert unrolled() in ("torch", "plain")
    (record,) = caplog.records
    text = record.getMessage()
    assert text.startswith("the native engine is not in use: ")
    assert word in text
    assert "\n" not in text
