"""Write the tables of cells into the page Performance: `python docs/make_cell_tables.py JSON...`.

Each JSON is what `seqtasks bench cells --json` printed. The first one's rows become the table below
the mark `cells: own`, the second one's the table below `cells: torchrecurrent`.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent / "performance.md"
MARKS = ("own", "torchrecurrent")
HEAD = ("cell", "engine", "ms", "plain, ms", "plain / engine", "compile, s")


def table(rows: list[dict[str, Any]]) -> str:
    """Return rows of the benchmark as a table, in their order."""
    lines = [f"| {' | '.join(HEAD)} |", f"|{' --- |' * len(HEAD)}"]
    for row in rows:
        numbers = [f"{row[name]:.3g}" for name in ("ms", "plain_ms", "ratio")]
        name = row["cell"].removeprefix("torchrecurrent.")
        cells = [f"`{name}`", row["engine"], *numbers, f"{row['compile_seconds']:.1f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def with_tables(page: str, documents: list[dict[str, Any]]) -> str:
    """Return a page in which the table below each mark is replaced."""
    for mark, document in zip(MARKS, documents, strict=False):
        head = f"<!-- cells: {mark} -->\n"
        if head not in page:
            raise SystemExit(f"the page has no mark {head.strip()}")
        begin = page.index(head) + len(head)
        end = re.compile(r"^<!-- end -->$", re.MULTILINE).search(page, begin)
        if end is None:
            raise SystemExit(f"the mark of {mark} has no <!-- end -->")
        made = f"\n{table(document['rows'])}\n\n"
        page = page[:begin] + made + page[end.start() :]
    return page


def main(paths: list[str]) -> None:
    """Write the tables of some documents into the page."""
    if not 1 <= len(paths) <= len(MARKS):
        raise SystemExit(f"expected one or two JSON files, for {' and '.join(MARKS)}")
    documents = [json.loads(Path(path).read_text(encoding="utf-8")) for path in paths]
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), documents), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
