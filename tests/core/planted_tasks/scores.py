"""Mistakes in metrics, and in when a task counts as solved."""

import numpy as np

import seqtasks as st
from planted_tasks.right import Right

__all__ = ["SCORES"]


def twice_as_right(predictions, targets):
    return 2.0 * (predictions == targets).sum(axis=1), np.full(len(targets), targets.shape[1])


def backwards(predictions, targets):
    return (predictions != targets).mean(axis=1), np.ones(len(targets))


def one_number(predictions, targets):
    return (predictions == targets).mean(), 1.0


class MetricAboveOne(Right):
    """Score above 1."""

    metrics = (st.Metric("share", twice_as_right), *st.Task.metrics)


class MetricBackwards(Right):
    """Score wrong answers best."""

    metrics = (st.Metric("share", backwards, fraction=False), *st.Task.metrics)


class MetricOfOneNumber(Right):
    """Score a batch by one number."""

    metrics = (st.Metric("share", one_number), *st.Task.metrics)


class NeverSolved(Right):
    """Ask for too much."""

    def is_solved(self, metrics):
        return metrics["token_accuracy"] > 1


class AlwaysSolved(Right):
    """Ask for nothing."""

    def is_solved(self, metrics):
        return True


class SolvedByConstants(Right):
    """Ask for little: the answer is 0 nine times in ten."""

    def encode(self, inputs):
        return (np.cumsum(inputs, axis=1) % 4 == 0) & (inputs == 1)

    def is_solved(self, metrics):
        return metrics["token_accuracy"] > 0.8


SCORES = {
    MetricAboveOne: ("metrics-are-in-range", "right answers score 2"),
    MetricBackwards: ("metrics-are-in-range", "higher must be better"),
    MetricOfOneNumber: ("metrics-are-in-range", "a sum and a weight for each instance"),
    NeverSolved: ("right-answers-solve", "does not count token_accuracy 1"),
    AlwaysSolved: ("right-answers-solve", "the scores of wrong answers"),
    SolvedByConstants: ("chance-does-not-solve", "'always the commonest, 0' solves it without"),
}
