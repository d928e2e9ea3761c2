"""The record of a run: what it lacks, or asks for that is not here, is said with the remedy."""

import json

import pytest

import seqtasks as st
from seqtasks.errors import UsageError


@pytest.fixture
def recorded(tmp_path):
    """A short run's directory, and a way to change what its record holds."""
    made = st.run("bitflip", cell="concat", steps=2, evaluation_lengths=(5,), out=tmp_path)

    def change(**values):
        path = made.path / "experiment.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
        return made.path

    return change


def test_an_engine_that_is_not_here_is_named_with_the_way_to_go_on(recorded):
    path = recorded(engine="quantum")
    with pytest.raises(UsageError, match=r"engine 'quantum', which seqtasks .*--engine auto"):
        st.resume(path, 4)
    assert st.resume(path, 4, engine="auto").step == 4


@pytest.mark.parametrize("sources", [None, [], {"task": 5}])
@pytest.mark.parametrize("opened", [st.load, lambda path: st.resume(path, 4)])
def test_sources_of_the_wrong_form_are_damage(recorded, opened, sources):
    path = recorded(sources=sources)
    with pytest.raises(UsageError, match=r"experiment\.json is damaged: its (sources|task)"):
        opened(path)


def test_a_resume_that_is_refused_changes_no_record(recorded):
    path = recorded()
    before = (path / "experiment.json").read_bytes()
    for steps in (None, 2):
        with pytest.raises(UsageError, match="ask for more"):
            st.resume(path, steps, engine="plain")
    assert (path / "experiment.json").read_bytes() == before
