"""`seqtasks show NAME --json`: one object of what `show` says in words."""

import json

MINE = '''
import numpy as np
import seqtasks as st

class Echo(st.Task):
    """Say the same again."""
    inputs = targets = st.Tokens("01")
    def generate(self, rng, batch_size, length):
        return rng.integers(0, 2, (batch_size, length))
    def encode(self, inputs):
        return inputs
'''


def test_show_as_json_is_one_object_of_a_task(answer, tmp_path):
    found = json.loads(answer("show", "bitshift:shift=2", "--json"))
    assert (found["kind"], found["name"]) == ("task", "bitshift:shift=2")
    assert (found["family"], found["plugin"], found["distribution"]) == ("bits", "bits", "seqtasks")
    assert found["definition"].startswith("Shift an N-bit number")
    assert found["parameters"] == [
        {
            "name": "shift",
            "type": "a whole number",
            "required": False,
            "default": 4,
            "meanings": {},
        }
    ]
    assert found["inputs"] == {"size": 2, "symbols": ["0", "1"]}
    assert set(found["lengths"]) == {"minimum", "step", "maximum"}
    assert found["settings"]["hidden_size"] > 0
    given, target = found["example"]["input"], found["example"]["target"]
    assert target == ["0", "0", *given[:-2]]
    chance = json.loads(answer("show", "parity", "--json"))["without_learning"]
    assert (chance["length"], chance["sequences"], chance["exhaustive"]) == (10, 1024, True)
    assert chance["strategies"][0]["strategy"].startswith("chance")
    assert chance["strategies"][0]["metrics"]["token_accuracy"] == 0.5
    (tmp_path / "mine.py").write_text(MINE)
    mine = json.loads(answer("show", "./mine.py:Echo", "--json"))
    assert (mine["kind"], mine["plugin"], mine["citation"]) == ("task", None, None)
    assert json.loads(answer("show", "adding", "--json"))["inputs"]["symbols"] is None


def test_show_as_json_is_one_object_of_a_cell(answer):
    found = json.loads(answer("show", "gru", "--json"))
    assert found["citation"].startswith("K. Cho et al., ")
    assert found["trained_numbers"]["count"] == 6336
    assert found["engine"] in ("native", "torch")
    assert "sigmoid" in found["parts"]["in loop"]
    names = {"concat": "cell", "state": "readout", "notebook-bitflip": "experiment"}
    for name, kind in names.items():
        assert json.loads(answer("show", name, "--json"))["kind"] == kind
    of_kind = json.loads(answer("show", "concat", "--kind", "readout", "--json"))
    assert of_kind["kind"] == "readout"


def test_show_prints_a_program_or_an_object(refused):
    refused(["show", "gru", "--source", "--json"], "--source", "--json")
    refused(["show", "gruu", "--json"], "gru")
