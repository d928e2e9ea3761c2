"""The engine's tests draw alike, and may ask a named engine for what it refuses."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from seqtasks.engine.engines import Engines


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    """Let each test draw its weights alike, whatever ran before it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        yield


@pytest.fixture(autouse=True)
def named_engines_fall_back(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let a named engine fall back as `auto` does, so that tests may ask each for what it refuses.

    That it is an error for users is tested in `test_named_engines`, without this.
    """
    if getattr(request.module, "NAMED_ENGINES_ARE_HELD_TO_THEIR_NAMES", False):
        return
    begin = Engines.__post_init__

    def may_fall_back(self: Engines) -> None:
        begin(self)
        self.may_fall_back = True

    monkeypatch.setattr(Engines, "__post_init__", may_fall_back)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of programs of the test's own, still to be made."""
    folder = tmp_path / "programs"
    monkeypatch.setenv("SEQTASKS_CACHE", str(folder))
    return folder
