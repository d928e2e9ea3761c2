"""Every registered task serves a program that has no torch."""

DRAW = """
import sys
import numpy as np
import seqtasks as st
from seqtasks.tasks.lengths import LengthRange
from seqtasks.registry.discovery import current_registry

names = current_registry().names("task")
for name in names:
    task = st.task(name)
    length = task.lengths.within(LengthRange.parse(task.settings.length))[-1]
    batch = task.batch(np.random.default_rng(0), batch_size=8, length=length)
    assert len(batch.inputs) == len(batch.targets) == len(batch.lengths) == 8, name
    assert batch.scored.any(), name
    assert "torch" not in sys.modules, name
print(len(names))
"""


def test_every_task_is_drawn_from_at_its_own_length_without_torch(python):
    done = python("-c", DRAW)
    assert done.stderr == ""
    assert int(done.stdout) > 30


def test_a_dataset_is_what_imports_torch(python):
    code = "import sys, seqtasks as st; task = st.task('parity'); print('torch' in sys.modules)\n"
    done = python("-c", f"{code}task.dataset(5, 2); print('torch' in sys.modules)")
    assert (done.stdout, done.stderr) == ("False\nTrue\n", "")
