"""Seeds that are added until differences are sure."""

import numpy as np
import pytest
from made_outcomes import made_outcomes

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.pairs import Entrant, pairs
from seqtasks.studies.until_sure import UntilSure, with_verdicts

INF = np.inf


def drawn(rng, seeds, shift=0):
    steps = 100.0 * np.ceil(rng.gamma(3, 1, seeds) + shift)
    return np.where(steps > 1000, INF, steps)


def study(plan, cells):
    """Return the verdicts of a study that adds seeds look by look until it is done."""
    seeds = plan.next_look(0)
    while True:
        entrants = [Entrant(name, made_outcomes(steps[:seeds])) for name, steps in cells.items()]
        if plan.is_done(entrants):
            return entrants, plan.verdicts(entrants)
        seeds = plan.next_look(seeds)


def test_looks_double_up_to_a_thousand_seeds():
    assert UntilSure().looks == (25, 50, 100, 200, 400, 800, 1000)
    assert [UntilSure().next_look(n) for n in (0, 25, 30, 999, 1000)] == [25, 50, 50, 1000, None]


def test_a_large_difference_ends_at_the_first_look_and_says_so():
    rng = np.random.default_rng(0)
    entrants, [verdict] = study(UntilSure(), {"a": drawn(rng, 1000), "b": drawn(rng, 1000, 3)})
    assert (verdict.says, verdict.seeds) == ("differs", 25)
    assert verdict.interval.high < 0
    assert verdict.p_value <= 0.05
    entries = with_verdicts(pairs(entrants), UntilSure(), [verdict])
    [steps] = [entry for entry in entries if entry["measure"] == "steps_to_solve"]
    [solved] = [entry for entry in entries if entry["measure"] == "solved"]
    assert steps["interval"] == list(verdict.interval[:2])
    assert (steps["p_holm"], steps["test"]) == (verdict.p_value, "group-sequential")
    assert "after 25 seeds: differs" in steps["note"]
    assert "not corrected for seeds that were added" in solved["note"]
    fixed = pairs(entrants)[1]
    assert np.ptp(steps["interval"]) > np.ptp(fixed["interval"])


def test_equal_cells_end_once_the_interval_is_narrow_or_at_the_last_look():
    rng = np.random.default_rng(1)
    _, [verdict] = study(UntilSure(), {"a": drawn(rng, 1000), "b": drawn(rng, 1000)})
    assert verdict.says == "narrow"
    assert verdict.interval.high - verdict.interval.low <= 0.1 * 1000
    _, [strict] = study(UntilSure(width=0.001), {"a": drawn(rng, 1000), "b": drawn(rng, 1000)})
    assert (strict.says, strict.seeds) == ("undecided", 1000)


def test_a_cell_against_itself_is_never_sure_to_differ_and_does_not_end_at_once():
    steps = drawn(np.random.default_rng(2), 1000)
    _, [verdict] = study(UntilSure(), {"a": steps, "b": steps})
    assert (verdict.says, verdict.p_value, verdict.difference) == ("narrow", 1, 0)
    assert verdict.seeds > 25


def test_seeds_after_the_last_complete_look_do_not_count_yet():
    rng = np.random.default_rng(3)
    steps = drawn(rng, 60), drawn(rng, 60, 1)
    seen = [
        UntilSure().verdicts(
            [Entrant("a", made_outcomes(steps[0][:n])), Entrant("b", made_outcomes(steps[1][:n]))]
        )
        for n in (50, 60)
    ]
    assert seen[0] == seen[1]
    none = UntilSure().verdicts(
        [Entrant("a", made_outcomes([100])), Entrant("b", made_outcomes([100]))]
    )
    assert (none[0].seeds, none[0].sure, none[0].p_value) == (0, False, 1)


@pytest.mark.parametrize("measure", ["solved", "token_accuracy at 10"])
def test_another_measure_may_decide(measure):
    good = made_outcomes([100] * 100, {"10": [1.0] * 100})
    bad = made_outcomes([INF] * 100, {"10": [0.25] * 100})
    [verdict] = UntilSure(measure=measure).verdicts([Entrant("a", good), Entrant("b", bad)])
    assert verdict.says == "differs"
    assert 0.5 < verdict.interval.low < verdict.interval.high <= 1


def test_what_cannot_be_asked_is_refused_with_a_reason():
    runs = made_outcomes([100] * 30, {"10": [1.0] * 30})
    two = [Entrant("a", runs), Entrant("b", runs)]
    with pytest.raises(UsageError, match="Did you mean 'solved'"):
        UntilSure(measure="solve").verdicts(two)
    with pytest.raises(UsageError, match="their data differ"):
        UntilSure().verdicts([two[0], Entrant("b", runs, data="other")])
    for options in ({"width": 0}, {"width": 5}, {"first": 1}, {"first": 30, "most": 20}):
        with pytest.raises(UsageError):
            UntilSure(**options)


def test_what_cannot_become_sure_is_refused_before_the_first_run():
    settings = [Experiment.for_task("bitflip", cell=cell) for cell in ("gru", "lstm")]
    for measure in ("solved", "steps_to_solve", "token_accuracy at 10"):
        UntilSure(measure=measure).check(settings)
    with pytest.raises(UsageError, match="Did you mean 'token_accuracy at"):
        UntilSure(measure="token_accuracy").check(settings)
    other = settings[1].with_changes(batch_size=8)
    with pytest.raises(UsageError, match="the same length, batch size"):
        UntilSure().check([settings[0], other])
    UntilSure().check([settings[0], Experiment.for_task("parity")])  # not compared
