"""A message that is too long keeps its beginning and its end."""

from seqtasks.cli.output import brief


def test_a_long_line_keeps_the_advice_at_its_end():
    advice = "if you trust it, allow it with --trust"
    long = f"Error: {'x' * 5000}; {advice}"
    said = brief(f"short\n{long}")
    first, second = said.split("\n")
    assert first == "short"
    assert second.startswith("Error: xxx")
    assert second.endswith(advice)
    assert " ... " in second
    assert len(second) < 1100


def test_a_line_of_a_readable_length_is_left_alone():
    line = "y" * 1000
    assert brief(line) == line
