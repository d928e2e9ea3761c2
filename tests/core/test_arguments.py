"""An argument of a wrong type is an error that says which, before anything is computed."""

import pytest

import seqtasks as st

SMALL = {"cell": "concat", "steps": 2, "hidden_size": 4, "evaluation_lengths": (5,)}


@pytest.mark.parametrize("path", [5, b"folder", 2.5, ["folder"], True])
@pytest.mark.parametrize(
    "call",
    [
        lambda path: st.run("parity", out=path, **SMALL),
        st.load,
        st.resume,
        lambda path: st.export("parity", path, count=1),
        st.regenerate,
    ],
    ids=["run", "load", "resume", "export", "regenerate"],
)
def test_what_is_no_path_is_named(call, path):
    with pytest.raises(st.UsageError, match="must be a path, got"):
        call(path)


def test_a_path_object_of_bytes_is_no_path():
    class InBytes:
        def __fspath__(self):
            return b"folder"

    with pytest.raises(st.UsageError, match="out must be a path, got"):
        st.run("parity", out=InBytes(), **SMALL)


@pytest.mark.parametrize("observers", [5, "text", object()])
def test_what_are_no_observers_is_named(observers):
    with pytest.raises(st.UsageError, match="observers must be a list of observers, got"):
        st.run("parity", observers=observers, **SMALL)


@pytest.mark.parametrize("stop", [5, "text"])
def test_what_is_no_function_to_stop_is_named(stop):
    with pytest.raises(st.UsageError, match="stop must be a function without arguments, got"):
        st.run("parity", stop=stop, **SMALL)


def test_no_observers_and_no_stop_may_be_given_as_none():
    assert st.run("parity", observers=None, stop=None, **SMALL).step == 2


@pytest.mark.parametrize("lengths", [None, 1.5, b"10", [None]])
def test_what_are_no_lengths_is_named(lengths):
    model = st.run("parity", **SMALL).model
    with pytest.raises(st.UsageError, match="length"):
        st.evaluate(model, "parity", lengths)
