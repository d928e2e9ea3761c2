"""`seqtasks list` shows what there is, and chooses among it."""

import json
import re


def test_list_shows_every_kind_with_summaries(answer):
    text = answer("list")
    titles = [block.split()[0] for block in text.split("\n\n")]
    assert titles == ["tasks", "cells", "readouts", "experiments"]
    assert re.search(r"^bitflip +invert every bit$", text, re.MULTILINE)
    assert answer("list", "tasks") == text.split("\n\n")[0] + "\n"
    assert max(map(len, text.splitlines())) <= 80


def test_list_as_json_names_the_plugin_of_each(answer):
    kinds = json.loads(answer("list", "--json"))
    assert set(kinds) == {"tasks", "cells", "readouts", "experiments"}
    gru = next(entry for entry in kinds["cells"] if entry["name"] == "gru")
    assert (gru["plugin"], gru["distribution"]) == ("builtin", "seqtasks")
    assert json.loads(answer("list", "cells", "--json")) == {"cells": kinds["cells"]}


def test_list_chooses_by_family_and_level(answer, refused):
    def names(*options):
        return [e["name"] for e in json.loads(answer("list", "tasks", *options, "--json"))["tasks"]]

    of_family, of_level = names("--family", "chomsky"), names("--level", "regular")
    both = names("--family", "chomsky", "--level", "regular")
    assert set(both) == set(of_family) & set(of_level)
    assert both
    assert names("--family", "bits", "--level", "context-free") == []
    text = answer("list", "tasks", "--family", "bits", "--level", "context-free")
    assert text.split() == ["tasks", "(none)"]
    for option, wrong, right in (("--family", "bit", "bits"), ("--level", "regulr", "regular")):
        text = refused(["list", "tasks", option, wrong, "--json"], f"'{wrong}'")
        assert re.search(rf"did you mean '?{right}", text, re.IGNORECASE)


def test_list_offers_only_what_the_kind_asked_for_has(answer, refused):
    families = {entry["family"] for entry in json.loads(answer("list", "tasks", "--json"))["tasks"]}
    offered = ", ".join(sorted(families))
    refused(
        ["list", "tasks", "--family", "nope"],
        f"there is no family of tasks 'nope'; there is {offered}.",
    )
    assert families.isdisjoint({"builtin", "cells"})
    refused(["list", "tasks", "--family", "cells"], "no family of tasks 'cells'")
    refused(["list", "cells", "--level", "regular"], "no level of cells 'regular'; there is none.")
    assert "gru" in answer("list", "--family", "builtin")


def test_list_leaves_out_kinds_of_which_there_are_none(answer):
    text = answer("list", "--level", "regular")
    assert text == answer("list", "tasks", "--level", "regular")
    assert [line for line in text.splitlines() if not line.strip()] == []
    assert answer("list", "--family", "cells", "--level", "regular") == "(none)\n"
    found = json.loads(answer("list", "--level", "regular", "--json"))
    assert found["cells"] == found["readouts"] == found["experiments"] == []
