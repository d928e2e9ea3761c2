"""Trust is in contents; it is remembered where nobody else can write."""

import hashlib
import os
import stat

import pytest

from seqtasks.errors import UsageError
from seqtasks.trust import consent
from seqtasks.trust.consent import (
    Code,
    check_trust,
    is_trusted,
    remember,
    state_folder,
)

DIGEST = hashlib.sha256(b"x = 1").hexdigest()
OTHER = hashlib.sha256(b"x = 2").hexdigest()
CODE = Code(DIGEST, ("runs/x/source/mine.py",))


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """A state folder of this test alone."""
    monkeypatch.setenv("SEQTASKS_STATE", str(tmp_path / "deep" / "state"))
    forget(monkeypatch)
    return tmp_path / "deep" / "state"


def forget(monkeypatch):
    """Forget what this process ran, as another process does not know it."""
    monkeypatch.setattr(consent, "_allowed", set())


def test_what_was_remembered_is_trusted_by_another_process_too(monkeypatch):
    assert not is_trusted(DIGEST)
    remember(CODE)
    forget(monkeypatch)
    assert is_trusted(DIGEST)
    assert not is_trusted(OTHER)


def test_the_refusal_is_one_line_with_all_files_and_the_way_to_allow_them():
    code = [CODE, Code(OTHER, ("a.py", "b.py")), CODE]
    with pytest.raises(UsageError) as refused:
        check_trust(code, "runs/x")
    text = str(refused.value)
    assert text.startswith("runs/x brings code")
    assert ": runs/x/source/mine.py, a.py, b.py; " in text
    assert "--trust" in text
    assert "trust=True" in text
    assert "\n" not in text
    check_trust(code, "runs/x", allow=True)
    check_trust(code, "runs/x")


def test_the_state_folder_is_private_and_says_what_was_allowed(state):
    remember(CODE)
    assert stat.S_IMODE((state / "trusted").stat().st_mode) == 0o700
    assert (state / "trusted" / DIGEST).read_text() == "runs/x/source/mine.py\n"
    remember(CODE)


def test_a_deleted_file_withdraws_the_trust(state, monkeypatch):
    remember(CODE)
    forget(monkeypatch)
    (state / "trusted" / DIGEST).unlink()
    assert not is_trusted(DIGEST)


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_folder_that_others_can_write_to_is_not_believed(state, monkeypatch, mode):
    remember(CODE)
    forget(monkeypatch)
    (state / "trusted").chmod(mode)
    assert not is_trusted(DIGEST)


def test_a_parent_in_which_others_can_rename_is_not_believed(state, monkeypatch):
    remember(CODE)
    forget(monkeypatch)
    state.parent.chmod(0o777)
    assert not is_trusted(DIGEST)
    state.parent.chmod(0o1777)
    assert is_trusted(DIGEST)


def test_links_are_not_believed(state, tmp_path, monkeypatch):
    (tmp_path / "anything").write_text("")
    (state / "trusted").mkdir(parents=True, mode=0o700)
    (state / "trusted" / DIGEST).symlink_to(tmp_path / "anything")
    assert not is_trusted(DIGEST)
    (tmp_path / "trusted").mkdir(mode=0o700)
    (tmp_path / "trusted" / OTHER).write_text("")
    (state / "trusted" / DIGEST).unlink()
    (state / "trusted").rmdir()
    (state / "trusted").symlink_to(tmp_path / "trusted")
    assert not is_trusted(OTHER)


@pytest.mark.parametrize("name", ["", "..", "../trusted", "x" * 64, DIGEST.upper(), DIGEST + "\n"])
def test_what_is_no_digest_is_never_looked_up(state, name):
    remember(CODE)
    assert not is_trusted(name)


@pytest.mark.parametrize("named", ["", "state", "./state", "~nobody-of-this-name/state"])
def test_a_folder_that_is_not_absolute_is_none(named, tmp_path, monkeypatch):
    monkeypatch.setenv("SEQTASKS_STATE", named)
    monkeypatch.chdir(tmp_path)
    remember(CODE)
    assert is_trusted(DIGEST)  # in this process
    forget(monkeypatch)
    assert not is_trusted(DIGEST)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SEQTASKS_STATE", str(tmp_path / "file" / "state"))
    remember(CODE)
    assert is_trusted(DIGEST)


def test_a_folder_of_another_user_is_not_believed(monkeypatch):
    remember(CODE)
    forget(monkeypatch)
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert not is_trusted(DIGEST)


def test_without_a_word_the_users_state_folder_is_used(monkeypatch, tmp_path):
    monkeypatch.delenv("SEQTASKS_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder().name == "seqtasks"
