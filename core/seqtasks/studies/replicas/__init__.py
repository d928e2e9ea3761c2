"""Replicas: many seeds of one experiment, each with the numbers that its run alone has.

The modules in their order: `replica` has what became of one seed, as a line of `runs.jsonl`;
`one_run` makes an ordinary run for a seed; `block` trains the seeds of a block in one thread.
"""

from seqtasks.studies.replicas.block import run_block
from seqtasks.studies.replicas.one_run import run_one
from seqtasks.studies.replicas.replica import Replica

__all__ = ["Replica", "run_block", "run_one"]
