"""Shares in percent: only what is all right is 100, only what is all wrong is 0."""

import pytest

from seqtasks.cli.output import percentage


@pytest.mark.parametrize(
    ("share", "decimals", "text"),
    [
        (1.0, 2, "100.00"),
        (0.0, 2, "0.00"),
        (0.99999, 2, "99.99"),
        (0.9996, 1, "99.9"),
        (0.000001, 2, "0.01"),
        (0.5, 2, "50.00"),
        (0.98765, 2, "98.77"),
    ],
)
def test_no_error_and_no_success_is_rounded_away(share, decimals, text):
    assert percentage(share, decimals) == text
