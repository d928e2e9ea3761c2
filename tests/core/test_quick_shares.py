"""The table of the cases that the quick suite leaves out names tests that there are."""

import ast
from pathlib import Path

from quick_shares import QUICK_SHARES

REPOSITORY = Path(__file__).parents[2]


def test_each_row_names_a_test_and_a_share():
    for file, tests in QUICK_SHARES.items():
        tree = ast.parse((REPOSITORY / file).read_text(encoding="utf-8"))
        there = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert set(tests) <= there, file
        assert all(share == 0 or share > 1 for share in tests.values()), file
