"""The digest of a definition tells definitions apart, and no more than that."""

import importlib
import sys

import pytest
from torch import nn

from seqtasks.registry import definitions
from seqtasks.registry.definitions import definition_digest
from seqtasks.registry.user_files import class_from_file
from seqtasks.tasks import Task

PACKAGE = {
    "__init__": "",
    "things": """
'''Things.'''
from dataclasses import dataclass
import math
from seqtasks_bits.parity import Parity
from . import tables
from .helpers import *
from .numbers import LIMIT as MOST, unused
import pack.deep.inner as inner

FACTOR = 2

def scaled(x):
    '''Scale.'''
    return x * FACTOR  # by a constant

@dataclass(frozen=True)
class Thing(Parity):
    '''A task.'''
    amount: int = 1

    def encode(self, inputs):
        '''Say.'''
        values = scaled(inputs) + helped(inputs) + tables.ROWS[0] + MOST + math.pi
        return inner.last(values)

class Other(Parity):
    pass
""",
    "tables": "ROWS = [1, 2]\nMORE = 3\n",
    "helpers": "from .numbers import BASE\ndef helped(x):\n    return x + BASE\n",
    "numbers": "LIMIT = 5\nBASE = 7\nunused = 1\n",
    "deep/__init__": "",
    "deep/inner": "def last(x):\n    from ..numbers import unused\n    return x + unused\n",
}


@pytest.fixture
def digest(site):
    """Return the digest of `Thing`, with replacements in some module of its package."""

    def made(module="things", *changes, name="Thing"):
        for file, code in PACKAGE.items():
            path = site.folder / "pack" / f"{file}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            if file == module:
                for before, after in changes:
                    assert before in code
                    code = code.replace(before, after)
            path.write_text(code)
        for known in [one for one in sys.modules if one.partition(".")[0] == "pack"]:
            del sys.modules[known]
        importlib.invalidate_caches()
        return definition_digest(getattr(importlib.import_module("pack.things"), name))

    return made


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        ("things", "'''A task.'''", "'''Another docstring.'''"),
        ("things", "'''Say.'''\n", "\n\n\n        # a comment\n"),
        ("things", "'''Things.'''", ""),
        ("things", "x * FACTOR  # by a constant", "(x  *  FACTOR)"),
        ("things", "class Other(Parity):\n    pass", "class Other(Parity):\n    amount = 2"),
        ("tables", "MORE = 3", "MORE = 4"),
    ],
)
def test_layout_docstrings_and_what_is_not_used_do_not_count(digest, module, before, after):
    assert digest(module, (before, after)) == digest()


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        ("things", "amount: int = 1", "amount: int = 2"),
        ("things", "scaled(inputs) +", "scaled(inputs) -"),
        ("things", "@dataclass(frozen=True)", "@dataclass(frozen=True, order=True)"),
        ("things", "FACTOR = 2", "FACTOR = 3"),
        ("things", "FACTOR = 2", "FACTOR = 2\nFACTOR += 1"),
        ("things", "import math", "import cmath as math"),
        ("things", "class Other", "Thing.encode = scaled\nclass Other"),
        ("things", "(Parity):\n    '''A", "(Other0):\n    '''A"),
        ("tables", "[1, 2]", "[1, 3]"),
        ("helpers", "x + BASE", "x - BASE"),
        ("numbers", "LIMIT = 5", "LIMIT = 6"),
        ("numbers", "BASE = 7", "BASE = 8"),
        ("numbers", "unused = 1", "unused = 2"),
        ("deep/inner", "x + unused", "x * unused"),
    ],
)
def test_whatever_a_definition_uses_of_its_package_counts(digest, module, before, after):
    changes = [(before, after)]
    if "Other0" in after:
        changes.append(("FACTOR = 2", "FACTOR = 2\nclass Other0(Parity): pass"))
    assert digest(module, *changes) not in (None, digest())


def test_two_classes_of_a_module_have_two_digests(digest):
    assert digest(name="Other") != digest()


def test_values_of_an_instance_count(digest):
    digest()
    thing = sys.modules["pack.things"].Thing
    assert definition_digest(thing(3)) == definition_digest(thing(amount=3))
    assert definition_digest(thing(3)) not in (
        definition_digest(thing(4)),
        definition_digest(thing),
    )


def test_what_has_no_source_has_no_digest():
    made = type("Made", (Task,), {"__module__": "nowhere"})
    assert definition_digest(made) is None
    assert definition_digest(len) is None


def test_neighbours_of_an_own_file_count(tmp_path):
    digests = []
    for number, base in ((1, "1"), (2, "2"), (3, "1  # the same")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "near.py").write_text(f"BASE = {base}\n")
        (folder / "mine.py").write_text(
            "from near import BASE\nfrom seqtasks_bits.parity import Parity\n"
            "class Mine(Parity):\n    base = BASE\n"
        )
        digests.append(definition_digest(class_from_file(folder / "mine.py", "Mine", Task, "task")))
    assert None not in digests
    assert digests[0] == digests[2] != digests[1]


def test_a_layer_of_torch_is_followed_in_its_own_module_alone():
    definitions._known.clear()
    gru, lstm = definition_digest(nn.GRUCell), definition_digest(nn.LSTMCell)
    assert None not in (gru, lstm)
    assert gru != lstm
    read = {file.name for contents, _ in definitions._known.values() for file in contents}
    assert read == {"rnn.py"}
