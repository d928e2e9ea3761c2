"""What is raised where the faster engines cannot do what a model asks for."""

__all__ = ["StepsMatterError", "UnsupportedError"]


class UnsupportedError(Exception):
    """What a cell does that the faster engines do not understand, said for its author."""


class StepsMatterError(UnsupportedError):
    """The recording holds for one number of steps only."""
