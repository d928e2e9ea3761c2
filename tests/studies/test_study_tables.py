"""The tables of a study in a terminal."""

import numpy as np
from made_outcomes import made_outcomes

from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.settings import Setting
from seqtasks.studies.summary import summary_of
from seqtasks.studies.tables import (
    MOST_ROWS,
    best_first,
    comparison_tables,
    means_tables,
    scores_table,
    setting_lines,
)

INF, NAN = np.inf, np.nan
EXPERIMENT = Experiment.for_task("bitflip", cell="gru")


def numbers(label, outcomes, changes=None, asked=None, parameters=1234):
    setting = Setting(label, changes or {}, EXPERIMENT)
    return summary_of(setting, outcomes, asked or len(outcomes.seeds), parameters)


def test_the_lines_of_a_setting_have_counts_intervals_and_the_grid():
    outcomes = made_outcomes(
        [100] * 3 + [300] * 5 + [INF] * 2, statuses=["ended"] * 9 + ["diverged"]
    )
    assert setting_lines(numbers("gru", outcomes, asked=12)) == [
        "solved   8 of 10 seeds: 80.0 % [49.0, 94.3]",
        "steps    median 300 [100, not reached], quartiles 100 to 300 (seen every 100 steps)",
        "diverged 1",
        "unfinished 2",
    ]
    assert setting_lines(numbers("gru", made_outcomes([]), asked=2)) == ["unfinished 2"]


def test_settings_are_sorted_by_share_then_steps_then_score():
    lists = {
        "late": ([500, 500], [1.0, 1.0]),
        "rare": ([100, INF], [1.0, 1.0]),
        "soon": ([100, 100], [0.5, 0.5]),
        "soon and right": ([100, 100], [1.0, 0.9]),
        "none yet": ([], []),
    }
    settings = [
        numbers(label, made_outcomes(steps, {"10": scores}))
        for label, (steps, scores) in lists.items()
    ]
    ordered = ["soon and right", "soon", "late", "rare", "none yet"]
    assert [one["label"] for one in best_first(settings)] == ordered
    [table] = comparison_tables(settings)
    assert [row[0] for row in table.rows] == ordered
    assert {len(row) for row in table.rows} == {len(table.heads)}
    rare = ["50.0 % [9.5, 90.5]", "100 [100, not reached]", "100 to not reached"]
    assert table.rows[3][1:4] == rare


def test_each_task_has_a_table_and_each_of_several_fields_a_column():
    settings = [
        numbers(
            f"{cell} {size} {task}",
            made_outcomes([100]),
            {"task": task, "cell": cell, "hidden_size": size},
        )
        for task in ("parity", "dyck")
        for cell in ("gru", "lstm")
        for size in (8, 16)
    ]
    tables = comparison_tables(settings)
    assert [table.title for table in tables] == ["parity", "dyck"]
    assert list(tables[0].heads[:2]) == ["cell", "hidden size"]
    assert [row[:2] for row in tables[1].rows] == [
        ["gru", "8"],
        ["gru", "16"],
        ["lstm", "8"],
        ["lstm", "16"],
    ]


def test_a_long_table_says_how_many_settings_it_leaves_out():
    settings = [numbers(f"lr {k}", made_outcomes([100])) for k in range(MOST_ROWS + 7)]
    [table] = comparison_tables(settings)
    assert len(table.rows) == MOST_ROWS
    assert table.note.endswith("7 more settings are in result.json")


def test_scores_say_what_is_counted_as_0_and_what_is_left_out():
    outcomes = made_outcomes(
        [100, 100, INF, 100],
        {"10": [1, 1, NAN, 0.5], "500": [0.5, NAN, NAN, 0.25], "41..500": [1, 1, NAN, 1]},
        ["ended", "ended", "diverged", "ended"],
    )
    table = scores_table([numbers("gru", outcomes)])
    assert [row[0] for row in table.rows] == ["10", "500", "41..500"]
    assert table.rows[0][:2] == ["10", "per symbol"]
    assert table.rows[0][3:6] == ["75.0 %", "100.0 % (0)", "0.0 % (2)"]
    assert "1 run without a model at the end: accuracy 0" in table.note
    assert "up to 1 run without a score are left out" in table.note
    [means] = means_tables([numbers("gru", outcomes), numbers("lstm", made_outcomes([100]))])
    assert list(means.heads) == ["setting", "at 10", "at 500", "over 41..500"]
    assert [row[0] for row in means.rows] == ["gru"]  # the other has no scores


def test_without_scores_there_is_no_table_of_scores():
    assert scores_table([numbers("gru", made_outcomes([100]))]) is None
    assert means_tables([numbers("gru", made_outcomes([100]))]) == []


def test_the_expected_best_of_more_runs_than_there_are_has_no_column():
    def bests(*counts):
        made = [made_outcomes([100] * n, {"10": [0.5] * n}) for n in counts]
        table = scores_table([numbers(f"gru {len(one.seeds)}", one) for one in made])
        assert {len(row) for row in table.rows} == {len(table.heads)}
        return [head for head in table.heads if head.startswith("best of")], table.note

    said = "best of n: expected best of n seeds"
    assert bests(2) == ([], "")
    assert bests(4) == (["best of 3"], said)
    assert bests(4, 10) == (["best of 3", "best of 5", "best of 10"], said)
