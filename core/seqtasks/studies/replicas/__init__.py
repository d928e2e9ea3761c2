"""Replicas: many seeds of one experiment, each with the numbers that its run alone has.

    replica                         what became of one seed, as a line of `runs.jsonl`
    one_thread, one_run, part       an ordinary run of a seed in one thread; a long one on its way
    pattern                         what replicas share: task, program, names of tensors
    initial_weights, made_weights   the first weights of a seed, repeated or from a model of its own
    training_data                   the batches of a group, each from the streams of its seed
    scores                          the metrics of a group
    group_training                  train and score a group of replicas
    group                           the room for it: parameters, data, scores
    idle_groups                     groups that wait for their next block
    ways                            whether an experiment's replicas can be trained in groups
    block                           train the seeds of a block in one thread

A study calls `run_block`, or `run_one` for runs so long that they are kept on their way.
"""

from seqtasks.studies.replicas.block import run_block
from seqtasks.studies.replicas.idle_groups import IdleGroups
from seqtasks.studies.replicas.one_run import run_one
from seqtasks.studies.replicas.replica import Replica

__all__ = ["IdleGroups", "Replica", "run_block", "run_one"]
