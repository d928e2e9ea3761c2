"""The engine: how a cell is run along a sequence."""

from seqtasks.engine.unroll import map_state, past_end, unroll

__all__ = ["map_state", "past_end", "unroll"]
