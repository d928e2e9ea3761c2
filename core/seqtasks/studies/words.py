"""Say in sentences what the numbers of a study show: the `words` of `result.json`."""

from collections.abc import Mapping, Sequence
from typing import Any

from seqtasks.display import figure, percentage
from seqtasks.errors import counted
from seqtasks.statistics.paired_tests import pairs_needed
from seqtasks.studies.looks_words import correction_words
from seqtasks.studies.pairs import SIGNIFICANT
from seqtasks.studies.until_sure import SEQUENTIAL

__all__ = ["MOST_SENTENCES", "interval_text", "metric_text", "p_text", "words_of"]

MOST_SENTENCES = 60
"""Of more sentences on pairs, the rest is left to the numbers."""

Numbers = Mapping[str, Any]


def words_of(settings: Sequence[Numbers], pairs: Sequence[Numbers]) -> list[str]:
    """Return sentences on a study.

    Args:
        settings: the numbers of the settings, as `summary_of` returns them.
        pairs: the comparisons, as `pairs` returns them.
    """
    by_label = {setting["label"]: setting for setting in settings}
    said = [_setting_words(setting) for setting in settings] if len(settings) == 1 else []
    said += [line for setting in settings for line in _ends(setting)]
    couples = list(dict.fromkeys((entry["a"], entry["b"]) for entry in pairs))
    about: list[str] = []
    for a, b in couples:
        entries = [entry for entry in pairs if (entry["a"], entry["b"]) == (a, b)]
        about += _pair_words(by_label[a], by_label[b], entries, len(couples))
    left = len(about) - MOST_SENTENCES
    if left > 0:
        about[MOST_SENTENCES:] = [f"{counted(left, 'more sentence')} on pairs: see the numbers."]
    return said + about


def p_text(p: float | None) -> str:
    """Return a p-value as it is printed.

    Example:
        >>> p_text(0.00002), p_text(0.0314), p_text(1.0), p_text(None)
        ('p < 0.001', 'p = 0.031', 'p = 1', 'p unknown')
    """
    if p is None:
        return "p unknown"
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def interval_text(interval: Sequence[float | None], factor: float = 1.0, digits: int = 0) -> str:
    """Return an interval in brackets; an end that is not known is a question mark.

    Example:
        >>> interval_text([0.898, 0.9653], 100), interval_text([None, None])
        ('[90, 97]', '[?, ?]')
    """
    ends = ["?" if end is None else f"{factor * end:.{digits}f}" for end in interval]
    return f"[{', '.join(ends)}]"


def metric_text(metric: str) -> str:
    """Return a metric's name in a sentence."""
    known = {"token_accuracy": "accuracy per symbol", "sequence_accuracy": "whole sequences right"}
    return known.get(metric, metric.replace("_", " "))


def _setting_words(setting: Numbers) -> str:
    solved, steps = setting["solved"], setting["steps_to_solve"]
    label = setting["label"]
    if not solved["of"]:
        return f"No run of {label} has ended."
    share = percentage(solved["share"], 1)
    sentence = (
        f"{label} solves the task with {share} % of {counted(solved['of'], 'seed')} "
        f"{interval_text(solved['interval'], 100, 1)}"
    )
    if steps["median"] is None:
        return f"{sentence}; the median of steps to solve is not reached in {steps['limit']} steps."
    low, high = ("not reached" if end is None else str(end) for end in steps["interval"])
    return (
        f"{sentence}, after a median of {steps['median']} steps [{low}, {high}], evaluated every "
        f"{steps['grid']}."
    )


def _ends(setting: Numbers) -> list[str]:
    """Return sentences on the runs of a setting that did not end in order."""
    said: list[str] = []
    label = setting["label"]
    lost = [f"{setting[how]} {how}" for how in ("diverged", "failed", "killed") if setting[how]]
    if lost:
        said.append(
            f"Of {label}, {' and '.join(lost)}: these runs count as never solved, and their "
            "accuracy as 0."
        )
    if setting["pruned"]:
        said.append(
            f"Of {label}, {setting['pruned']} pruned: a run that had not solved the task by then "
            "counts as never solved."
        )
    if setting["unfinished"]:
        runs = counted(setting["unfinished"], "run")
        said.append(f"Of {label}, {runs} not finished: they count in nothing.")
    return said


def _pair_words(one: Numbers, other: Numbers, entries: Sequence[Numbers], tests: int) -> list[str]:
    """Return the sentences on two settings: differences that are found, then those that are not."""
    told = [entry for entry in _headlines(entries) if entry["p_holm"] is not None]
    found = [entry for entry in told if entry["p_holm"] <= SIGNIFICANT]
    said = [_difference_words(one, other, entry) for entry in found]
    rest = [entry for entry in told if entry["p_holm"] > SIGNIFICANT]
    unsure = [entry for entry in rest if entry["test"] == SEQUENTIAL and not _equal(entry)]
    said += [_unsure_words(entry) for entry in unsure]
    fixed = [entry for entry in rest if entry not in unsure]
    if fixed:
        said.append(_no_difference_words(fixed, tests))
    return said


def _headlines(entries: Sequence[Numbers]) -> list[Numbers]:
    """Return the entries that are put in words: steps, share, and the score farthest out."""
    scores = [entry for entry in entries if entry["metric"] is not None]
    first = [entry for entry in scores if entry["metric"] == scores[0]["metric"]]
    lengths = [entry for entry in first if entry["length"].isdecimal()]
    longest = max(lengths, key=lambda entry: int(entry["length"]), default=None)
    ranges = [entry for entry in first if not entry["length"].isdecimal()]
    plain = [entry for entry in entries if entry["metric"] is None]
    plain.sort(key=lambda entry: entry["measure"] != "steps_to_solve")
    return [*plain, *([] if longest is None else [longest]), *ranges]


def _difference_words(one: Numbers, other: Numbers, entry: Numbers) -> str:
    ahead = (entry["difference"] < 0) == entry["lower_is_better"]
    winner, loser = (one, other) if ahead else (other, one)
    share = entry["better"] if ahead else 1 - entry["better"]
    ends = (
        entry["better_interval"] if ahead else [1 - end for end in entry["better_interval"][::-1]]
    )
    seeds = "of seeds" if entry["paired"] else "of pairs of runs"
    better = f"better in {100 * share:.0f} % {seeds} {interval_text(ends, 100)}"
    p = f"{p_text(entry['p_holm'])}{correction_words(entry)}){_unpaired(entry)}."
    tail = f"{better}; {p}"
    names = f"{winner['label']} %s {loser['label']}"
    if entry["measure"] == "steps_to_solve":
        return f"{names % 'solves the task in fewer steps than'} ({_medians(winner, loser)}; {tail}"
    if entry["measure"] == "solved":
        shares = " against ".join(
            f"{percentage(setting['solved']['share'], 0)} %" for setting in (winner, loser)
        )
        return (
            f"{names % 'solves the task more often than'} ({shares} of seeds; difference "
            f"{_points(entry, 0)}; {p}"
        )
    metric, length = entry["metric"], entry["length"]
    values = " against ".join(
        figure(metric, setting["scores"][length][metric]["mean"]) for setting in (winner, loser)
    )
    where = f"at length {length}" if length.isdecimal() else f"over lengths {length}"
    fraction = metric.endswith("accuracy")
    difference = _points(entry, 2) if fraction else _plain_difference(entry)
    return (
        f"{names % 'scores better than'} {where} ({metric_text(metric)} {values}; difference "
        f"{difference}; {tail}"
    )


def _medians(winner: Numbers, loser: Numbers) -> str:
    steps = [setting["steps_to_solve"] for setting in (winner, loser)]
    medians = [one["median"] for one in steps]
    if medians[0] != medians[1]:
        texts = ["not reached" if median is None else str(median) for median in medians]
        return f"median {' against '.join(texts)}"
    means = " against ".join(f"{one['mean_up_to_limit']:.0f}" for one in steps)
    return f"mean up to step {steps[0]['limit']} {means}"


def _points(entry: Numbers, digits: int) -> str:
    """Return the size of a difference of shares, with its interval, in percentage points."""
    sign = -1 if entry["difference"] < 0 else 1
    ends = entry["interval"][::sign]
    return f"{abs(100 * entry['difference']):.{digits}f} points " + interval_text(
        ends, 100 * sign, digits
    )


def _plain_difference(entry: Numbers) -> str:
    sign = -1 if entry["difference"] < 0 else 1
    ends = ["?" if end is None else f"{sign * end:.3g}" for end in entry["interval"][::sign]]
    return f"{abs(entry['difference']):.3g} [{', '.join(ends)}]"


def _no_difference_words(entries: Sequence[Numbers], tests: int) -> str:
    a, b = entries[0]["a"], entries[0]["b"]
    where = _listed([_measure_words(entry) for entry in entries])
    note = _unpaired(entries[0])
    if all(_equal(entry) for entry in entries):
        return f"{a} and {b} are equal with every seed in {where}{note}."
    runs = min(entry["n"] for entry in entries)
    known = [entry["detectable"] for entry in entries if entry["detectable"] is not None]
    sentence = f"No difference found between {a} and {b} in {where}{note}"
    if not known:
        needed = pairs_needed(tests)
        over = "" if tests == 1 else f" over {counted(tests, 'pair')} of settings"
        return f"{sentence}: {counted(runs, 'seed')} can find none{over}, {needed} can."
    return (
        f"{sentence}; with {counted(runs, 'seed')} one of d = {max(known):.2f} would have been "
        "found 80 % of the time."
    )


def _unsure_words(entry: Numbers) -> str:
    """Return a sentence on a difference that no look found; no share of studies is known for it."""
    ends = ", ".join(f"{end:.3g}" for end in entry["interval"])
    return (
        f"No difference found between {entry['a']} and {entry['b']} in {_measure_words(entry)}: "
        f"after {counted(entry['n'], 'seed')} it is {entry['difference']:.3g} [{ends}], "
        f"{entry['verdict']} ({p_text(entry['p_holm'])}{correction_words(entry)})."
    )


def _equal(entry: Numbers) -> bool:
    return entry["paired"] and entry["difference"] == 0 and entry["better_interval"] == [0.5, 0.5]


def _measure_words(entry: Numbers) -> str:
    if entry["metric"] is None:
        return {"solved": "share solved", "steps_to_solve": "steps to solve"}[entry["measure"]]
    where = "at length" if entry["length"].isdecimal() else "over lengths"
    return f"{metric_text(entry['metric'])} {where} {entry['length']}"


def _unpaired(entry: Numbers) -> str:
    note = entry.get("note") or ""
    reasons = [part for part in note.split("; ") if part.startswith("not paired")]
    return f" ({reasons[0]})" if reasons else ""


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
