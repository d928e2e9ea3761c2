"""Run the points of a study on the cores of one machine or of a cluster.

The modules in their order: `in_worker` is what a worker does with a block of points; `pools` says
what a pool of workers promises; `deaf_children` starts processes that a Ctrl-C does not reach;
`reachable` tries an address; `threads`, `loky_workers`, `dask_cluster` and `ray_cluster` are the
pools; `backends` chooses and opens one; `block_sizes` cuts points into blocks of about a second;
`lost_blocks` decides what becomes of the points of a block whose worker died; `coordinator` is the
loop over all of them. `slurm` writes the script of an array of jobs.

Blocks are handed out one by one, and not by joblib's `Parallel`: `Parallel` gives up all that is
under way when one worker dies, its backend for Ray returns nothing before the last block, and its
backend for Dask waits forever for a block whose workers died. The worker processes are joblib's own
(loky), one pool for each, so that a worker takes nobody with it.
"""

from seqtasks.studies.execute.backends import BACKENDS, BackendName, check_backend
from seqtasks.studies.execute.coordinator import SECONDS_TO_LEAVE, execute
from seqtasks.studies.execute.loky_workers import warm_workers

__all__ = [
    "BACKENDS",
    "SECONDS_TO_LEAVE",
    "BackendName",
    "check_backend",
    "execute",
    "warm_workers",
]
