"""What is raised where the faster engines cannot do what a model asks for."""

__all__ = ["UnsupportedError"]


class UnsupportedError(Exception):
    """What a cell does that the faster engines do not understand, said for its author."""
