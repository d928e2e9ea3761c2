"""The command line with the example plugin and broken ones: long, as all share an installation."""

import json
import re
import sys
from pathlib import Path

import pytest

SWITCH_OFF = [
    pytest.param(("--no-plugin", "example"), {}, id="option"),
    pytest.param((), {"SEQTASKS_DISABLE_PLUGINS": "example"}, id="environment"),
]


@pytest.fixture
def seqtasks(command_line, tmp_path, example_site):
    """Run `seqtasks` with the example plugin installed, and whatever lies in the folders given."""
    line = command_line(tmp_path)

    def run(*arguments: object, path=(), **variables: str):
        return line(*arguments, path=(example_site, *path), **variables)

    return run


def printed(done) -> str:
    """Return what a command printed, once it is sure that all went well and quietly."""
    __tracebackhide__ = True
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def names(document: dict, kind: str) -> dict[str, str]:
    """Return the plugin of each name of a kind that `list --json` shows."""
    return {entry["name"]: entry["plugin"] for entry in document[kind]}


def plugin_named(name: str, found: list[dict[str, str]]) -> dict[str, str]:
    """Return the one plugin of a name that `plugins --json` shows."""
    (plugin,) = [plugin for plugin in found if plugin["name"] == name]
    return plugin


def test_its_task_and_cell_are_listed_among_the_built_in_ones(seqtasks):
    tasks = names(json.loads(printed(seqtasks("list", "tasks", "--json"))), "tasks")
    cells = names(json.loads(printed(seqtasks("list", "cells", "--json"))), "cells")
    assert (tasks["majority"], tasks["bitflip"]) == ("example", "bits")
    assert (cells["minimal-gated"], cells["gru"]) == ("example", "builtin")
    assert "say whether ones outnumber zeros" in printed(seqtasks("list"))


def test_the_plugin_is_shown_with_its_distribution_and_what_it_gives(seqtasks):
    found = json.loads(printed(seqtasks("plugins", "--json")))["plugins"]
    example = plugin_named("example", found)
    assert (example["distribution"], example["version"]) == ("seqtasks-example", "0.1.0")
    assert example["status"] == "loaded"
    assert example["gives"]["task"] == ["majority"]
    shown = printed(seqtasks("plugins"))
    assert "seqtasks-example" in shown
    assert "1 task, 1 cell, 1 command" in shown


def test_its_task_and_cell_are_shown(seqtasks):
    task = printed(seqtasks("show", "majority"))
    assert "Say at each step whether ones outnumber zeros so far" in task
    assert "ties (one of zero|one, default zero)" in task
    cell = printed(seqtasks("show", "minimal-gated"))
    assert "h' = (1 - f) ∘ h + f ∘ h~" in " ".join(cell.split())
    assert "seqtasks-example" in cell


def test_its_task_runs_with_its_cell_and_the_run_says_what_it_used(seqtasks, tmp_path):
    size = ("--hidden-size", 4, "--eval-length", 5, "--steps", 10)
    arguments = ("run", "majority:ties=one", "--cell", "minimal-gated", *size, "--out", "runs")
    result = json.loads(printed(seqtasks(*arguments, "--json", "--quiet")))
    assert (result["task"], result["cell"], result["step"]) == (
        "majority:ties=one",
        "minimal-gated",
        10,
    )
    assert [score["length"] for score in result["scores"]] == [5]
    record = json.loads((tmp_path / result["path"] / "experiment.json").read_text())
    assert record["versions"]["plugins"]["seqtasks-example"] == "0.1.0"


def test_a_parameter_it_does_not_have_is_the_users_mistake(seqtasks):
    done = seqtasks("show", "majority:ties=both")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert "ties must be one of zero|one, got 'both'" in done.stderr


def test_its_command_works_like_a_built_in_one(seqtasks):
    assert printed(seqtasks("majority-count", "01101")) == "zeros 2\nones  3\n"
    assert "majority-count" in printed(seqtasks("--help"))
    assert "BITS" in printed(seqtasks("majority-count", "--help"))
    wrong = seqtasks("majority-count", "012")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("Error: symbol '2'")


def test_the_console_script_is_the_same_command(example_site, python):
    script = Path(sys.executable).with_name("seqtasks")
    code = f"import os\nos.execv({str(script)!r}, ['seqtasks', 'majority-count', '011'])"
    assert printed(python("-c", code, path=(example_site,))) == "zeros 1\nones  2\n"


def test_a_broken_plugin_beside_it_gives_one_warning_and_harms_nothing(seqtasks, site):
    site.plugin("broken", "import no_such_module\n")
    for arguments in (("list", "tasks"), ("majority-count", "01"), ("show", "majority")):
        done = seqtasks(*arguments, path=(site.folder,))
        assert done.returncode == 0
        assert done.stdout == seqtasks(*arguments).stdout
        assert done.stderr == (
            "Warning: plugin broken of broken-dist is set aside: "
            "ModuleNotFoundError: No module named 'no_such_module'\n"
        )


def test_a_plugin_that_exits_does_not_take_the_command_with_it(seqtasks, site):
    site.plugin("broken", "import sys\nsys.exit('goodbye')\n")
    done = seqtasks("list", "tasks", path=(site.folder,))
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert "SystemExit: goodbye" in done.stderr
    assert "majority" in done.stdout


def test_plugins_shows_why_one_was_set_aside(seqtasks, site):
    site.plugin("broken", requires=("seqtasks>=99",))
    done = seqtasks("plugins", "--json", path=(site.folder,))
    found = json.loads(done.stdout)["plugins"]
    broken = plugin_named("broken", found)
    assert broken["status"] == "set aside"
    assert broken["problem"].startswith("it needs seqtasks>=99")
    assert "it needs seqtasks>=99" in seqtasks("plugins", path=(site.folder,)).stdout


def test_an_unknown_task_says_which_plugins_were_set_aside(seqtasks, site):
    site.plugin("broken", "import no_such_module\n")
    done = seqtasks("show", "majorty", path=(site.folder,))
    assert (done.returncode, done.stdout) == (2, "")
    _, error = done.stderr.splitlines()
    assert error.startswith("Error: unknown ")
    assert "Did you mean 'majority'?" in error
    assert "broken (ModuleNotFoundError: No module named 'no_such_module')" in error


@pytest.mark.parametrize("target", ["gone_parts:command", "lazy_parts:command", "lazy_parts:other"])
def test_a_command_that_cannot_be_loaded_harms_no_other(seqtasks, site, target):
    site.module("lazy_parts", "other = 3\ndef __getattr__(name):\n    raise SystemExit(name)\n")
    hook = f"@hookimpl\ndef register_commands(register):\n    register('lazy', '{target}')\n"
    site.plugin("lazy", hook)
    assert "majority-count" in printed(seqtasks("--help", path=(site.folder,)))
    done = seqtasks("lazy", path=(site.folder,))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: command 'lazy' of plugin lazy (lazy-dist) ")


def test_a_plugin_cannot_take_the_name_of_a_built_in_command_and_is_told(seqtasks, site):
    hook = "@hookimpl\ndef register_commands(register):\n    register('list', 'a:b')\n"
    site.plugin("greedy", hook)
    done = seqtasks("list", "tasks", path=(site.folder,))
    assert done.returncode == 0
    assert "majority" in done.stdout
    (warning,) = done.stderr.splitlines()
    assert warning.startswith("Warning: command 'list' of plugin greedy of greedy-dist is not")


@pytest.mark.parametrize(("options", "variables"), SWITCH_OFF)
def test_it_can_be_switched_off(seqtasks, options, variables):
    listed = json.loads(printed(seqtasks(*options, "list", "--json", **variables)))
    assert "majority" not in names(listed, "tasks")
    assert "minimal-gated" not in names(listed, "cells")
    assert "bitflip" in names(listed, "tasks")
    missing = seqtasks(*options, "show", "majority", **variables)
    assert missing.returncode == 2
    assert "unknown" in missing.stderr
    assert "Plugins switched off: example." in missing.stderr
    command = seqtasks(*options, "majority-count", "01", **variables)
    assert (command.returncode, command.stdout) == (2, "")
    assert command.stderr.startswith("Error: unknown command 'majority-count'.")
    found = json.loads(printed(seqtasks(*options, "plugins", "--json", **variables)))["plugins"]
    assert plugin_named("example", found)["status"] == "disabled"


def test_switching_a_broken_plugin_off_silences_its_warning(seqtasks, site):
    site.plugin("broken", "import no_such_module\n")
    listed = seqtasks("--no-plugin", "broken", "list", "tasks", path=(site.folder,))
    assert "majority" in printed(listed)


def test_a_plugin_there_is_not_cannot_be_switched_off(seqtasks):
    done = seqtasks("--no-plugin", "exmaple", "list")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: there is no plugin 'exmaple'. Did you mean 'example'?\n"


LANGUAGE = """
@hookimpl
def register_tasks(register):
    register("no-double-c", "no_double_c:NoDoubleC", "letters without two cs in a row",
             family="languages", level="regular")
"""
NO_DOUBLE_C = """
import seqtasks as st
from seqtasks_languages.automata import Automaton, RegularLanguage

class NoDoubleC(RegularLanguage):
    "Letters without two cs in a row."
    inputs = st.Tokens("abc")
    lengths = st.AllowedLengths(2)
    automaton = Automaton(inputs, [{"a": 0, "b": 0, "c": 1}, {"a": 0, "b": 0}], [0, 1])
"""


def test_a_language_of_another_distribution_joins_the_family(seqtasks, site):
    site.plugin("letters", LANGUAGE)
    site.module("no_double_c", NO_DOUBLE_C)
    options = ("list", "tasks", "--json", "--family", "languages")
    document = json.loads(printed(seqtasks(*options, path=(site.folder,))))
    (entry,) = [entry for entry in document["tasks"] if entry["name"] == "no-double-c"]
    assert entry["plugin"] == "letters"
    assert entry["distribution"] == "letters-dist"
    assert (entry["family"], entry["level"]) == ("languages", "regular")
    assert {"dyck", "tomita"} < set(names(document, "tasks"))
    text = printed(seqtasks("list", "--family", "languages", path=(site.folder,)))
    assert "letters without two cs in a row" in text
    for mode in ("predict", "recognise"):
        spec = f"no-double-c:mode={mode}"
        assert "Letters without two cs" in printed(seqtasks("show", spec, path=(site.folder,)))
        drawn = printed(seqtasks("sample", spec, "--format", "jsonl", path=(site.folder,)))
        for line in map(json.loads, drawn.splitlines()):
            member = "cc" not in "".join(line["inputs"])
            assert member if mode == "predict" else line["targets"][-1] == ("no", "yes")[member]


def test_what_a_plugin_prints_at_import_goes_to_stderr(seqtasks, site):
    site.module("loud_parts", "print('loud later')\nfrom seqtasks_bits.parity import Parity\n")
    hook = "@hookimpl\ndef register_tasks(register):\n    register('loud', 'loud_parts:Parity')\n"
    site.plugin("loud", f"print('loud at once')\n{hook}")
    for arguments in (("list", "--json"), ("plugins", "--json"), ("show", "loud", "--json")):
        done = seqtasks(*arguments, path=(site.folder,))
        assert done.returncode == 0
        json.loads(done.stdout)
        assert "loud at once" in done.stderr
    assert "loud later" in done.stderr


def test_a_summary_with_a_lone_surrogate_is_printed_without_it(seqtasks, site):
    text = "half \\udc80 of it \\x1b[31m"
    hook = f"@hookimpl\ndef register_tasks(register):\n    register('odd', 'a:B', '{text}')\n"
    site.plugin("odd", hook)
    site.plugin("broken", f"raise ValueError('{text}')\n")
    for command in ("list", "plugins"):
        for options in ((), ("--json",)):
            done = seqtasks(command, *options, path=(site.folder,))
            assert done.returncode == 0
            assert "Traceback" not in done.stderr
            assert "\x1b" not in done.stdout + done.stderr


def test_a_slow_import_is_named_while_it_lasts(seqtasks, site):
    site.plugin("slow", "import time\ntime.sleep(3.5)\n@hookimpl\ndef run_started(run): ...\n")
    done = seqtasks("plugins", "--json", path=(site.folder,))
    assert done.stderr == (
        "Warning: plugin slow of slow-dist takes long to import; to leave it out: "
        "--no-plugin slow\n"
    )
    found = json.loads(done.stdout)["plugins"]
    assert plugin_named("slow", found)["observes"] == ["run_started"]


def test_an_interrupt_at_an_import_says_whose_import_it_was(seqtasks, site):
    site.plugin("slow", "raise KeyboardInterrupt\n")
    done = seqtasks("list", path=(site.folder,))
    assert (done.returncode, done.stdout) == (130, "")
    assert "interrupted while plugin slow of slow-dist was being imported" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("word", "left"), [("all", {"builtin"}), ("third-party", {"builtin", "bits", "cells"})]
)
def test_one_word_switches_many_plugins_off(seqtasks, word, left):
    for options, variables in (
        (("--no-plugin", word), {}),
        ((), {"SEQTASKS_DISABLE_PLUGINS": word}),
    ):
        found = json.loads(printed(seqtasks(*options, "plugins", "--json", **variables)))
        loaded = {p["name"] for p in found["plugins"] if p["status"] == "loaded"}
        assert left <= loaded
        assert (loaded == left) == (word == "all")
        assert "example" not in loaded


def test_help_without_the_plugin_that_brings_the_commands_says_so(seqtasks):
    done = seqtasks("--no-plugin", "builtin", "--no-plugin", "example", "--help")
    assert done.returncode == 0
    assert "the plugin builtin is switched off" in done.stdout


ABOUT = """Summary: Tasks over letters.
Author-email: Ada L <ada@example.org>
Project-URL: Repository, https://example.org/code
Project-URL: Homepage, https://example.org/letters
"""


def test_plugins_shows_who_made_each_what_it_brings_and_what_it_cost(seqtasks, site):
    site.plugin("letters", LANGUAGE)
    metadata = site.folder / "letters_dist-1.0.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text() + ABOUT)
    done = printed(seqtasks("plugins", path=(site.folder,)))
    assert re.search(r"letters +letters-dist 1\.0 +loaded +\d+\.\d ms  1 task\n", done)
    assert (
        "\nletters-dist\n"
        "what              Tasks over letters.\n"
        "author            Ada L <ada@example.org>\n"
        "home page         https://example.org/letters\n"
        "tasks             no-double-c\n"
    ) in done
    found = json.loads(printed(seqtasks("plugins", "--json", path=(site.folder,))))["plugins"]
    letters = plugin_named("letters", found)
    assert (letters["author"], letters["home_page"], letters["summary"]) == (
        "Ada L <ada@example.org>",
        "https://example.org/letters",
        "Tasks over letters.",
    )
    assert 0 < letters["seconds"] < 3


ANOTHER = """
import click
@hookimpl
def register_tasks(register):
    register("parity", "another_parity:Other", "say 1 at each step")
@hookimpl
def register_commands(register):
    register("list", click.Command("list", callback=lambda: print("another list")))
"""
OTHER = """
import numpy as np
import seqtasks as st
class Other(st.Task):
    "Say 1 at each step."
    inputs = targets = st.Tokens("01")
    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, length))
    def encode(self, inputs):
        return np.ones_like(inputs)
"""


def test_a_plugin_before_a_name_says_whose_is_meant_and_show_names_the_other(seqtasks, site):
    site.plugin("another", ANOTHER)
    site.module("another_parity", OTHER)

    def ask(*arguments):
        done = seqtasks(*arguments, path=(site.folder,))
        assert done.returncode == 0, done.stderr
        return done.stdout

    found = json.loads(ask("show", "parity", "--json"))
    assert (found["plugin"], found["also"]) == ("bits", ["another/parity"])
    other = ask("show", "another/parity")
    assert "Say 1 at each step." in other
    assert "another task of this name, of seqtasks: bits/parity" in other
    assert ask("another/list") == "another list\n"
