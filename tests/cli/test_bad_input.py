"""Whatever is asked for wrongly ends with code 2, a short remedy, and nothing written."""

import pytest


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("run bitflop", "bitflop|did you mean 'bitflip'"),
        ("run bitshfit:shift=2", "bitshfit|did you mean 'bitshift'"),
        ("run bitflip --length 100000000", "64 inputs of length 100000000|gib|smaller length"),
        ("run bitflip --hidden-size 100000000000", "parameters|gib|smaller hidden size"),
        ("run bitflip --eval-length 100000000000", "1 input of length 100000000000|gib"),
        ("run zzz", "'zzz'|seqtasks list"),
        ("run notebook-bitfilp", "did you mean 'notebook-bitflip'"),
        ("run bitflip --cell gur", "cell|'gur'|did you mean 'gru'"),
        ("run bitflip --readout concta", "readout|'concta'|did you mean 'concat'"),
        ("run bitflip --optimizer adma", "optimizer|'adma'|did you mean 'adam'"),
        ("run bitflip --hiden-size 4", "no such option|--hiden-size|--hidden-size"),
        ("rnu bitflip", "'rnu'|did you mean 'run'"),
        ("frobnicate", "'frobnicate'|known:|resume, run"),
        ("run", "missing argument|task|seqtasks run --help"),
        ("show gur", "'gur'|did you mean 'gru'"),
        ("sample bitflop", "did you mean 'bitflip'"),
        ("list cels", "'cels'|cells"),
        ("run ./nothing.py", "nothing.py|no such file"),
        ("run nothing.json", "nothing.json|no such file"),
        ("run bitflip --length 0", "at least 1|0"),
        ("run bitflip --length -3", "at least 1|-3"),
        ("run bitflip --length 9..3", "reversed|write 3..9"),
        ("run bitflip --length ten", "'ten'|1..20"),
        ("run bitflip --eval-length 10,0", "at least 1|0"),
        ("run bitflip --eval-length 9..3", "reversed|write 3..9"),
        ("sample bitflip --length 0", "at least 1"),
        ("run bitflip --steps 0", "steps|at least 1|0"),
        ("run bitflip --steps many", "--steps|'many'"),
        ("run bitflip --lr nan", "finite number above 0|nan"),
        ("run bitflip --lr inf", "finite number above 0|inf"),
        ("run bitflip --lr -1", "above 0|-1"),
        ("run bitflip --lr abc", "--lr|'abc' is not a number"),
        ("run bitflip --clip 0", "clip|above 0"),
        ("run bitflip --hidden-size 0", "hidden|at least 1"),
        ("run bitflip --embedding-size 0", "embedding|at least 1"),
        ("run bitflip --layers 0", "layers|at least 1"),
        ("run bitflip --batch-size 0", "batch|at least 1"),
        ("run bitflip --seed -1", "seed|at least 0"),
        ("run bitflip --dtype float16", "--dtype|float32"),
        ("run bitflip --device cuda:7", "'cuda:7' is not available|cpu"),
        ("run bitflip --device nonsense", "'nonsense' is not available|cpu"),
        ("run bitflip --device meta", "'meta'|cpu"),
        (
            "run bitflip --cell sum --hidden-size 4 --embedding-size 3",
            "embedding size (3)|hidden size (4)|'concat'",
        ),
        (
            "run bitflip --readout sum --hidden-size 4 --embedding-size 3",
            "embedding size (3)|output size (4)|'concat'",
        ),
        ("runs nowhere", "no folder nowhere|seqtasks run"),
        ("eval nowhere", "nowhere is not a run|no such folder"),
        ("predict nowhere 01", "nowhere is not a run|no such folder"),
        ("resume nowhere", "nowhere is not a run|no such folder"),
        ("eval .", "not a run|no experiment.json"),
        ("predict . 01", "not a run|no experiment.json"),
        ("resume .", "not a run|no experiment.json"),
    ],
)
def test_what_does_not_exist_or_fit_is_named_with_its_remedy(refused, arguments, words):
    refused(arguments.split(), *words.split("|"))


@pytest.mark.parametrize(
    ("spec", "at", "words"),
    [
        ("bitshift:shft=2", "shft", "no parameter 'shft'|shift (a whole number|did you mean"),
        ("bitshift:shift=two", "two", "must be a whole number|'two'"),
        ("bitshift:shift=2,shift=3", "shift=3", "given twice"),
        ("bitshift:shift", "shift", "key=value"),
        ("bitflip:shift=2", "shift", "no parameter|takes no parameters"),
    ],
)
def test_a_caret_stands_under_what_is_wrong_in_a_spec(refused, spec, at, words):
    for command in ("run", "sample", "show"):
        first, second = refused([command, spec], *words.split("|")).splitlines()
        assert first.endswith(spec)
        assert second.index("^") == first.rindex(at)


def test_an_output_folder_that_cannot_be_written_is_named(refused, tmp_path):
    (tmp_path / "file").write_text("")
    for folder in ("file/runs", "file"):
        refused(["run", "bitflip", "--out", folder], f"the folder {folder}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"task": "bitflip", "stepz": 5}', "mine.json|'stepz'|did you mean 'steps'"),
        ('{"task": "bitflip", "steps": }', "mine.json|not JSON|line 1, column 30"),
        ('{"steps": 5}', "mine.json|'task' is missing"),
        ("[1]", "mine.json|JSON object"),
        ('{"task": "bitflip", "steps": "5"}', "mine.json|steps must be a whole number"),
        ('{"task": "bitflip", "steps": 0}', "mine.json|steps must be at least 1"),
        ('{"task": "bitflip", "learning_rate": NaN}', "learning_rate"),
        ('{"task": "bitflip", "evaluation_lengths": 10}', "mine.json|list"),
        ('{"task": "bitflip", "checkpoint_every": 0}', "checkpoint_every|at least 1"),
        ('{"task": "bitflip", "optimizer": 5}', "optimizer"),
        ('{"task": "bitflip", "cell": 5}', "cell"),
        ('{"task": 5}', "task"),
        ('{"task": "bitflip", "device": 5}', "device"),
        ('{"task": "bitflip", "name": "a/b"}', "name|a/b"),
        ('{"task": "bitflip", "published": [{"metric": "m"}]}', "mine.json|published|length"),
        (
            '{"task": "bitflip", "published": [{"metric":"m","length":1,"value":"x","source":""}]}',
            "mine.json|published|value",
        ),
    ],
)
def test_an_experiment_file_that_is_wrong_is_named_with_the_key(refused, tmp_path, text, words):
    (tmp_path / "mine.json").write_text(text)
    refused(["run", "mine.json"], *words.split("|"))


def test_predict_names_the_symbol_and_the_alphabet(refused, trained):
    refused(["predict", trained.path, "0102"], "'2'", "number 4", "alphabet 0 1")
    refused(["predict", trained.path, ""], "length 0", "from 1")
    refused(["predict", trained.path], "stdin", "symbols", stdin="\n  \n")


def test_eval_refuses_a_plot_it_cannot_draw_before_it_scores(refused, trained):
    refused(["eval", trained.path, "--plot", "a.gif"], "a.gif", ".png, .svg")
    refused(["eval", trained.path, "--plot", "no/a.png"], "no folder")
    refused(["eval", trained.path, "--length", "5..2"], "reversed", "2..5")


def test_an_error_is_short_in_a_fresh_interpreter_too(seqtasks):
    process = seqtasks.fresh("run", "bitflip", "--steps", "0")
    assert process.returncode == 2
    assert process.stderr == "Error: steps must be at least 1, got 0\n"
