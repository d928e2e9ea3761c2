"""The engine: how a cell is run along a sequence."""

from seqtasks.engine.unroll import map_state, unroll

__all__ = ["map_state", "unroll"]
