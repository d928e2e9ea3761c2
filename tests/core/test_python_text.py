"""Threads that read Python text at once do not disturb each other."""

import inspect
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from seqtasks.files.python_text import parsed


def test_threads_that_parse_at_once_all_get_their_tree():
    text = inspect.getsource(subprocess)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            trees = list(pool.map(parsed, [text] * 32))
    finally:
        sys.setswitchinterval(before)
    assert {len(tree.body) for tree in trees} == {len(parsed(text).body)}
