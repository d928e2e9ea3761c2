"""The public names stand in one table; everything else that lists them says the same."""

import ast
import re
import warnings
from pathlib import Path

import pytest

import seqtasks as st
from seqtasks import testing

REPOSITORY = Path(__file__).parents[2]
SOURCE = (REPOSITORY / "core" / "seqtasks" / "__init__.py").read_text()
PAGE = (REPOSITORY / "docs" / "reference" / "python.md").read_text()
TABLE = st._HOMES


def typed():
    """Return the module of each name that type checkers see, as the table writes it."""
    found = {}
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("seqtasks."):
            for alias in node.names:
                if alias.name != "warn_of_deprecation":
                    found[alias.asname or alias.name] = node.module.removeprefix("seqtasks.")
    return found


def test_all_and_the_names_for_type_checkers_are_the_names_of_the_table():
    assert sorted(st.__all__) == sorted(TABLE)
    # `seqtasks.runs` is the package and can be called; the function stands in a module of it.
    assert typed() == {**TABLE, "runs": "runs.saved_runs"}
    assert set(TABLE) <= set(dir(st))


def test_each_name_of_the_table_is_there_and_has_its_entry_on_the_page():
    entries = re.findall(r"^::: seqtasks\.(\w+)$", PAGE, re.MULTILINE)
    of_hooks = {"hookimpl", "Register"}  # which `hookspecs` describes
    assert sorted(entries) == sorted({*TABLE, "hookspecs"} - of_hooks - {"runs"})
    assert "::: seqtasks.runs.saved_runs.saved_runs" in PAGE
    for name in of_hooks:
        assert f"`{name}`" in PAGE or f"`seqtasks.{name}`" in PAGE
    for name in TABLE:
        assert getattr(st, name) is not None


@pytest.mark.parametrize("name", sorted(testing.__all__))
def test_each_name_of_the_checks_is_on_the_page(name):
    assert f"`seqtasks.testing.{name}`" in PAGE


def test_a_name_that_was_renamed_still_works_and_names_the_new_one_and_the_version(monkeypatch):
    monkeypatch.setitem(st._RENAMED, "score_range", ("evaluate_range", "0.3"))
    with pytest.warns(st.SeqtasksDeprecationWarning) as caught:
        assert st.score_range is st.evaluate_range
    (warning,) = caught
    assert str(warning.message) == (
        "seqtasks.score_range will go in seqtasks 0.3: use seqtasks.evaluate_range"
    )
    assert warning.filename == __file__
    assert "score_range" not in vars(st)  # or only the first use would warn


def test_every_renamed_name_leads_to_a_public_one_and_is_not_public_itself():
    for old, (new, gone_in) in st._RENAMED.items():
        assert old not in TABLE
        assert new in TABLE
        assert re.fullmatch(r"\d+\.\d+", gone_in)


def test_a_name_that_is_not_public_is_refused_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(AttributeError, match="no attribute 'score_rang'"):
            _ = st.score_rang
