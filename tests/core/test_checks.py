"""Named checks: how they are run, skipped, reported and given to pytest."""

import re
from pathlib import Path

import pytest

import seqtasks as st
from seqtasks.testing import (
    Check,
    CheckFailedError,
    cell_checks,
    check_task,
    parametrize_with_checks,
    readout_checks,
    run_checks,
    task_checks,
)
from seqtasks.testing.check import NotApplicable, named, refuse_failures

pytest_plugins = ["pytester"]


def is_positive(number):
    """The number is above 0.

    More about it.
    """
    if number <= 0:
        raise CheckFailedError(f"{number} is not above 0: add to it")
    return f"{number} is above 0"


def has_a_root(number):
    """The number has a whole root."""
    if number % 2:
        raise NotApplicable("the number is odd")
    if int(number**0.5) ** 2 != number:
        raise st.UsageError(f"{number} has no whole root")


def divides(number):
    """The number divides 12."""
    return str(12 // number)


CHECKS = [named(is_positive), named(has_a_root, is_positive), named(divides, has_a_root)]


def told(number, skip=None):
    """Return the status and the message of each check, by its name."""
    outcomes = run_checks(number, CHECKS, skip)
    return {one.check.name: (one.status, one.message) for one in outcomes}


def test_a_check_has_the_name_and_the_promise_of_its_function():
    check = named(has_a_root, is_positive)
    assert (check.name, check.promise) == ("has-a-root", "The number has a whole root.")
    assert check.needs == ("is-positive",)
    assert named(is_positive).promise == "The number is above 0."


def test_each_check_says_what_it_saw():
    assert told(4) == {
        "is-positive": ("passed", "4 is above 0"),
        "has-a-root": ("passed", ""),
        "divides": ("passed", "3"),
    }


def test_a_check_that_does_not_apply_is_skipped_and_the_checks_after_it_run():
    assert told(3)["has-a-root"] == ("skipped", "the number is odd")
    assert told(3)["divides"] == ("passed", "4")


def test_the_checks_that_need_a_broken_promise_are_not_tried():
    assert told(-4) == {
        "is-positive": ("failed", "-4 is not above 0: add to it"),
        "has-a-root": ("skipped", "it says nothing until is-positive passes"),
        "divides": ("skipped", "it says nothing until has-a-root passes"),
    }
    assert told(2)["has-a-root"] == ("failed", "2 has no whole root")


def test_a_skipped_check_gives_its_reason_and_the_checks_that_need_it_run():
    found = told(-4, {"is-positive": "debts are meant"})
    assert found["is-positive"] == ("skipped", "debts are meant")
    assert found["has-a-root"][0] == "failed"


def test_an_error_inside_a_check_is_a_failure_that_names_its_kind_and_line():
    (outcome,) = run_checks(0, [Check("divides", "It divides.", divides)])
    assert outcome.status == "failed"
    assert "ZeroDivisionError" in outcome.message
    assert f"test_checks.py, line {divides.__code__.co_firstlineno + 2}" in outcome.message


@pytest.mark.parametrize(
    ("skip", "message"),
    [
        ({"is-positiv": "x"}, "no check 'is-positiv' to skip. Did you mean 'is-positive'?"),
        ({"zzz": "x"}, "There are: is-positive, has-a-root, divides."),
        ({"divides": " "}, "say why the check 'divides' is skipped"),
    ],
)
def test_only_a_known_check_is_skipped_and_only_with_a_reason(skip, message):
    with pytest.raises(st.UsageError) as caught:
        run_checks(4, CHECKS, skip)
    assert message in str(caught.value)


def test_one_error_lists_all_checks_that_failed():
    refuse_failures("the number 4", run_checks(4, CHECKS))
    checks = [named(is_positive), named(divides)]
    with pytest.raises(CheckFailedError) as caught:
        refuse_failures("the number 0", run_checks(0, checks))
    first, second, third = str(caught.value).splitlines()
    assert first == "the number 0 fails 2 of 2 checks:"
    assert second == "- is-positive: 0 is not above 0: add to it"
    assert third.startswith("- divides: the check met an error: ZeroDivisionError")


OF_A_KIND = {
    "task": lambda: task_checks(st.task("parity")),
    "cell": lambda: cell_checks("gru"),
    "readout": lambda: readout_checks("concat"),
}


@pytest.mark.parametrize("kind", OF_A_KIND)
def test_each_check_has_a_name_and_a_promise_of_one_sentence(kind):
    checks = OF_A_KIND[kind]()
    names = [check.name for check in checks]
    assert len(set(names)) == len(names)
    for check in checks:
        assert check.promise.endswith("."), check.name
        assert ". " not in check.promise, check.name
        assert set(check.needs) <= set(names[: names.index(check.name)]), check.name


@pytest.mark.parametrize("kind", OF_A_KIND)
def test_the_page_of_checks_has_the_promises_of_the_checks(kind):
    page = (Path(__file__).parents[2] / "docs" / "reference" / "checks.md").read_text()
    section = page.partition(f"## Checks of a {kind}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([\w-]+)` \| (.*) \|$", section, re.MULTILINE)
    assert rows == [(check.name, check.promise) for check in OF_A_KIND[kind]()]


def test_a_skip_of_check_task_must_name_a_check():
    check_task(st.task("parity"), skip={"has-docstring": "still to come"})
    with pytest.raises(st.UsageError, match="Did you mean 'encode-is-pure'"):
        check_task(st.task("parity"), skip={"encode-is-pur": "x"})


SUITE = """
    import numpy as np
    import seqtasks as st
    from seqtasks.testing import parametrize_with_checks

    class Mixes(st.Task):
        "Mixes its rows."
        inputs = targets = st.Tokens("01")
        source = "our own"

        def generate(self, rng, batch_size, length):
            return rng.integers(2, size=(batch_size, length))

        def encode(self, inputs):
            return (inputs + inputs.sum()) % 2

    @parametrize_with_checks(["parity", Mixes], skip={"has-docstring": "it is to come"})
    def test_mine(check):
        check()
"""


def test_pytest_runs_the_checks_one_by_one(pytester):
    pytester.makepyfile(SUITE)
    found = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-rs", "-v")
    found.stdout.fnmatch_lines(["*test_mine?parity-encode-is-pure? PASSED*"])
    found.stdout.fnmatch_lines(["*test_mine?parity-has-docstring? SKIPPED*"])
    found.stdout.fnmatch_lines(["SKIPPED ?2? *: it is to come"])
    found.stdout.fnmatch_lines(["*test_mine?Mixes-rows-are-independent? FAILED*"])
    found.stdout.fnmatch_lines(["*CheckFailedError: *depends on the other inputs of its batch*"])
    found.stdout.no_fnmatch_line("*trial.outcome*")  # the reader's own frames only


@pytest.mark.parametrize(
    ("things", "skip", "message"),
    [
        (["paritty"], {}, "unknown task, cell or readout 'paritty'. Did you mean 'parity'?"),
        ([3], {}, "there are no checks for int"),
        (["parity"], {"encode-is-pur": "x"}, "Did you mean 'encode-is-pure'?"),
    ],
)
def test_what_cannot_be_checked_is_named_when_tests_are_collected(things, skip, message):
    with pytest.raises(st.UsageError) as caught:
        parametrize_with_checks(things, skip=skip)
    assert message in str(caught.value)


def test_checks_need_no_torch_and_no_pytest(python):
    code = (
        "import sys, seqtasks as st; from seqtasks.testing import check_task;"
        "check_task(st.task('parity')); print({'torch', 'pytest'} & set(sys.modules))"
    )
    found = python("-c", code)
    assert (found.stdout, found.stderr) == ("set()\n", "")
