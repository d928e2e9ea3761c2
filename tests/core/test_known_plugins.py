"""The list of known plugins is data, which the page shows and the registry agrees with."""

import json
from pathlib import Path

from seqtasks.registry.discovery import current_registry

DOCS = Path(__file__).parents[2] / "docs"
KNOWN = json.loads((DOCS / "known_plugins.json").read_text())["plugins"]


def test_every_plugin_of_the_data_has_the_same_row_on_the_page():
    rows = [line for line in (DOCS / "known-plugins.md").read_text().splitlines() if "`" in line]
    wanted = []
    for one in KNOWN:
        name = one["distribution"]
        link = f"[{name}]({one['home_page']})" if one["home_page"] else name
        wanted.append(f"| `{one['plugin']}` | {link} | {one['brings']} |")
    assert [row for row in rows if row.startswith("| `")] == wanted


def test_our_own_plugins_are_all_in_it_and_no_name_stands_twice():
    ours = [one.name for one in current_registry().plugins if one.distribution == "seqtasks"]
    assert [one["plugin"] for one in KNOWN if one["distribution"] == "seqtasks"] == ours
    names = [one["plugin"] for one in KNOWN]
    assert len(names) == len(set(names))
    for one in KNOWN:
        assert set(one) == {"plugin", "distribution", "brings", "home_page"}
        assert one["home_page"] is None or one["home_page"].startswith("https://")
