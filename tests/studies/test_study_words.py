"""What a study says in sentences."""

import numpy as np
import pytest
from made_outcomes import made_outcomes

from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.pairs import Entrant, pairs
from seqtasks.studies.settings import Setting
from seqtasks.studies.summary import summary_of
from seqtasks.studies.words import words_of

INF, NAN = np.inf, np.nan
EXPERIMENT = Experiment.for_task("bitflip", cell="gru")


def said(asked=None, data=(None, None, None), **named):
    settings = [
        summary_of(Setting(label, {}, EXPERIMENT), one, asked or len(one.seeds), 10)
        for label, one in named.items()
    ]
    entrants = [
        Entrant(label, one, data=kind)
        for (label, one), kind in zip(named.items(), data, strict=False)
    ]
    return words_of(settings, pairs(entrants))


def test_a_difference_is_told_with_medians_share_of_seeds_and_p():
    gru = made_outcomes([300] * 100 + [400] * 90 + [900] * 10)
    concat = made_outcomes([500] * 150 + [600] * 50)
    [sentence, rest] = said(gru=gru, concat=concat)
    assert sentence == (
        "gru solves the task in fewer steps than concat (median 300 against 500; better in 95 % of "
        "seeds [91, 97]; p < 0.001 after Holm)."
    )
    assert rest == "gru and concat are equal with every seed in share solved."


def test_the_better_one_comes_first_whatever_the_order_of_the_pair():
    slow, fast = (
        made_outcomes([900] * 20, {"10": [0.5] * 20}),
        made_outcomes([100] * 20, {"10": [1] * 20}),
    )
    sentences = said(slow=slow, fast=fast)
    assert sentences[0].startswith("fast solves the task in fewer steps than slow (median 100 ")
    assert "better in 100 % of seeds [84, 100]" in sentences[0]
    assert sentences[1] == (
        "fast scores better than slow at length 10 (accuracy per symbol 100.00 % against 50.00 %; "
        "difference 50.00 points [50.00, 50.00]; better in 100 % of seeds [84, 100]; p < 0.001 "
        "after Holm)."
    )


def test_a_share_is_told_in_points():
    often = made_outcomes([100] * 190 + [INF] * 10)
    seldom = made_outcomes([100] * 100 + [INF] * 100)
    sentences = said(often=often, seldom=seldom)
    assert sentences[1] == (
        "often solves the task more often than seldom (95 % against 50 % of seeds; difference 45 "
        "points [38, 52]; p < 0.001 after Holm)."
    )


def test_medians_that_tell_nothing_give_way_to_means():
    rng = np.random.default_rng(0)
    often = made_outcomes(np.where(rng.random(200) < 0.4, 100, INF))
    never = made_outcomes([INF] * 200)
    mean = np.minimum(often.solved_at, 1000).mean()
    assert f"(mean up to step 1000 {mean:.0f} against 1000; " in said(often=often, never=never)[0]


def test_no_difference_is_told_with_what_would_have_been_found():
    rng = np.random.default_rng(4)
    one, other = (made_outcomes(100 * rng.integers(1, 9, 200)) for _ in range(2))
    sentences = said(gru=one, lstm=other)
    [sentence] = sentences
    assert sentence == (
        "No difference found between gru and lstm in steps to solve and share solved; with 200 "
        "seeds one of d = 0.20 would have been found 80 % of the time."
    )


def test_too_few_seeds_are_told():
    one, other = made_outcomes([100] * 4), made_outcomes([900] * 4)
    [sentence] = said(gru=one, lstm=other)
    assert sentence == (
        "No difference found between gru and lstm in steps to solve and share solved: 4 seeds can "
        "find none, 6 can."
    )


def test_what_is_not_paired_is_said_to_be_so():
    one, other = made_outcomes([100] * 30), made_outcomes([900] * 30)
    sentences = said(gru=one, lstm=other, data=("a", "b"))
    assert sentences[0].endswith("after Holm) (not paired: the data differ).")
    assert "of pairs of runs" in sentences[0]


def test_one_setting_is_told_of_with_the_runs_that_did_not_end_in_order():
    outcomes = made_outcomes(
        [300] * 8 + [INF] * 4,
        {"10": [1] * 8 + [0.5] * 2 + [NAN] * 2},
        ["ended"] * 8 + ["pruned", "ended", "diverged", "killed"],
    )
    solved, lost, pruned, unfinished = said(asked=15, gru=outcomes)
    assert solved == (
        "gru solves the task with 66.7 % of 12 seeds [39.1, 86.2], after a median of 300 steps "
        "[300, not reached], evaluated every 100."
    )
    assert lost == (
        "Of gru, 1 diverged and 1 killed: these runs count as never solved, and their accuracy "
        "as 0."
    )
    assert pruned.startswith("Of gru, 1 pruned: a run that had not solved the task by then counts")
    assert unfinished == "Of gru, 3 runs not finished: they count in nothing."


@pytest.mark.parametrize("runs", [0, 1])
def test_hardly_any_runs_are_told_of_without_an_error(runs):
    outcomes = made_outcomes([INF] * runs, {"10": [0.5] * runs})
    assert said(asked=2, gru=outcomes)
    assert said(asked=2, gru=outcomes, lstm=outcomes)
