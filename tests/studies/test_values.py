"""Lists and ranges wherever a value of an experiment stands."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqtasks.errors import UsageError
from seqtasks.specs.bind import Parameter
from seqtasks.specs.grammar import format_spec
from seqtasks.specs.lists import read_specs, read_values, split_list
from seqtasks.studies.values import VARIED, read_choices

LISTS = {
    "cell": [
        ("gru,lstm", ["gru", "lstm"]),
        (" gru , lstm ", ["gru", "lstm"]),
        ("concat,./mine.py:Mine,./mine.py:Mine:rate=0.1,cells/gru", None),
        ('"./a,b.py:Mine",gru', ["./a,b.py:Mine", "gru"]),
        ("elman:nonlinearity=[tanh,relu]", ["elman:nonlinearity=tanh", "elman:nonlinearity=relu"]),
        ("elman:nonlinearity=relu,gru", ["elman:nonlinearity=relu", "gru"]),
        ("torch.nn.GRUCell:bias=[1,no]", ["torch.nn.GRUCell:bias=1", "torch.nn.GRUCell:bias=no"]),
    ],
    "task": [
        ("bitshift:shift=[1,2]", ["bitshift:shift=1", "bitshift:shift=2"]),
        ("bitshift:shift=1..2,parity", ["bitshift:shift=1", "bitshift:shift=2", "parity"]),
        ("bitshift:shift=[-1,4..5]", [f"bitshift:shift={shift}" for shift in (-1, 4, 5)]),
    ],
    "optimizer": [
        ("sgd:momentum=0.9,nesterov=true,adam", ["sgd:momentum=0.9,nesterov=true", "adam"]),
        (
            "sgd:momentum=[0,0.9],weight_decay=[0,1]",
            [f"sgd:momentum={m},weight_decay={w}" for m in ("0", "0.9") for w in ("0", "1")],
        ),
        ("sgd:momentum=0..0.9:lin4", [f"sgd:momentum={m}" for m in (0.0, 0.3, 0.6, 0.9)]),
    ],
    "curriculum": [
        (
            "increasing:every=[50,100],uniform",
            ["increasing:every=50", "increasing:every=100", "uniform"],
        )
    ],
    "lr_schedule": [
        ("cosine:steps=[10,20],last=0.1", [f"cosine:steps={n},last=0.1" for n in (10, 20)])
    ],
    "hidden_size": [("8,16,32", [8, 16, 32]), ("[8,16]", [8, 16]), ("8..10,32", [8, 9, 10, 32])],
    "learning_rate": [("1e-4..1e-2:log3", [1e-4, 1e-3, 1e-2]), ("0.1,0.2", [0.1, 0.2])],
    "clip": [("none,1", [None, 1.0])],
    "embedding_size": [("none,4..5", [None, 4, 5])],
    "embedding": [("learned,one-hot", ["learned", "one-hot"])],
    "blank_before_answer": [("true,false", [True, False])],
    "length": [
        ("1..20", ["1..20"]),
        ("10", ["10"]),
        ("[1..20,1..40]", ["1..20", "1..40"]),
        ("[10,20]", ["10", "20"]),
    ],
}


@pytest.mark.parametrize(
    ("field", "text", "values"),
    [(field, text, values) for field, rows in LISTS.items() for text, values in rows],
)
def test_a_list_gives_the_values_that_it_says(field, text, values):
    found = read_choices(field, text)
    assert list(found.grid()) == (values or text.split(","))
    assert found.count() == len(found.grid())


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("cell", "", "cell: the list is empty"),
        ("cell", "gru,,lstm", "a value is missing"),
        ("cell", "gru,", "a value is missing"),
        ("cell", "rate=1", "expected a name before the parameters"),
        ("optimizer", "adam,momentum=0.9", "parameters follow a colon: adam:momentum=0.9"),
        ("cell", "elman:nonlinearity=[]", "the list is empty"),
        ("cell", "elman:nonlinearity=[tanh", "not closed"),
        ("cell", "gru]", "not opened"),
        ("cell", "gruu:x=[1,2]", "Did you mean 'gru'"),
        ("optimizer", "sdg:momentum=[1,2]", "Did you mean 'sgd'"),
        ("task", "bitshift:shift=4..1", "backwards"),
        ("hidden_size", "8,x", "hidden_size: 'x' is not a whole number"),
        ("hidden_size", "8.5", "not a whole number"),
        ("hidden_size", "8..4", "backwards"),
        ("learning_rate", "1e-4..1e-2", "lin5"),
        ("learning_rate", "fast", "not a number"),
        ("embedding", "lerned", "Did you mean 'learned'"),
        ("blank_before_answer", "maybe", "true or false"),
        ("length", "10,20", r"square brackets: \[10,20\]"),
        ("length", "20..1", "reversed"),
        ("hidden_sise", "8", "Did you mean 'hidden_size'"),
        ("seed", "1,2", "cannot differ"),
        ("engine", "plain,native", "cannot differ"),
        ("hidden_size", [], "empty"),
    ],
)
def test_a_mistake_in_a_list_is_named(field, text, words):
    with pytest.raises(UsageError, match=words):
        read_choices(field, text)


@pytest.mark.parametrize(
    ("field", "text"),
    [("hidden_size", "8,16,8"), ("hidden_size", "8..10,9"), ("learning_rate", "0.001,1e-3")],
)
def test_a_value_that_comes_twice_is_named(field, text):
    with pytest.raises(UsageError, match="comes twice"):
        read_choices(field, text).grid()


def test_a_program_gives_lists_of_its_own_values():
    class Own:
        pass

    assert read_choices("hidden_size", range(2, 4)).grid() == (2, 3)
    assert read_choices("cell", [Own, "gru"]).grid() == (Own, "gru")
    assert read_choices("cell", Own).grid() == (Own,)
    assert read_choices("learning_rate", 0.1).grid() == (0.1,)
    assert read_choices("learning_rate", [0.1, "1..4:log3"]).grid() == (0.1, 1.0, 2.0, 4.0)


def test_a_parameter_that_takes_a_list_is_swept_by_lists_in_a_list():
    parameters = [Parameter("sizes", list[int], []), Parameter("pair", tuple[int, int], (0, 0))]

    def read(text: str) -> tuple[str, ...]:
        return read_specs(text, lambda spec: parameters).grid()

    assert read("x:sizes=[1,2,3]") == ("x:sizes=[1,2,3]",)
    assert read("x:sizes=[[1,2],[3]]") == ("x:sizes=[1,2]", "x:sizes=[3]")
    assert read("x:sizes=[]") == ("x:sizes=[]",)
    assert read("x:sizes=[[]]") == ("x:sizes=[]",)
    assert read("x:pair=[1,2]") == ("x:pair=[1,2]",)
    assert read("x:pair=[[1,2],[3,4]]") == ("x:pair=[1,2]", "x:pair=[3,4]")


def test_text_and_quotation_marks_of_a_parameter_stay_as_they_are():
    parameters = [Parameter("name", str, ""), Parameter("size", int, 0)]
    found = read_specs('x:name="a, 1..2",size=[1,2]', lambda spec: parameters).grid()
    assert found == ('x:name="a, 1..2",size=1', 'x:name="a, 1..2",size=2')
    assert read_specs("x:name=1..2", lambda spec: parameters).grid() == ("x:name=1..2",)
    assert read_specs(r'x:name=["a\"b",c]', lambda spec: parameters).grid() == (
        r'x:name="a\"b"',
        "x:name=c",
    )


NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,5}", fullmatch=True)
SPECS = st.builds(
    format_spec,
    NAMES,
    st.dictionaries(
        st.sampled_from(["a", "b"]),
        st.text('ab,[](){}"\\:=1. ', max_size=6) | st.integers() | st.lists(st.integers()),
    ),
)


@given(st.lists(SPECS, min_size=1, max_size=4, unique=True))
def test_specs_that_are_written_with_commas_are_read_back(specs):
    parameters = [Parameter("a", str | list[str], ""), Parameter("b", str | list[str], "")]
    assert list(read_specs(",".join(specs), lambda spec: parameters).grid()) == specs


@given(st.lists(st.integers(-50, 50), min_size=1, unique=True))
def test_numbers_that_are_written_with_commas_are_read_back(numbers):
    assert list(read_values(",".join(map(str, numbers)), int, number=int).grid()) == numbers


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from([name for name in VARIED if name not in ("task", "cell", "readout")]),
    st.text(max_size=15) | st.text('ab12.,:=[]()"\\ sgdlino', max_size=20),
)
def test_any_text_is_values_or_a_usage_error(field, text):
    try:
        found = read_choices(field, text)
        if found.count() < 1000:
            found.grid()
    except UsageError:
        pass


@given(st.text('ab,[]()"\\ ', max_size=20))
def test_the_pieces_of_a_list_hold_all_its_text(text):
    try:
        pieces = split_list(text)
    except UsageError:
        return
    assert "".join(pieces).replace(" ", "") == "".join(text.split(",")).replace(" ", "") or (
        "(" in text or "[" in text or '"' in text
    )
    assert all(piece.strip() == piece != "" for piece in pieces)


def test_a_cell_of_a_users_file_has_lists_in_its_parameters(tmp_path: Path):
    file = tmp_path / "mine.py"
    file.write_text(
        "import torch, seqtasks as st\n"
        "class Leaky(st.cells.Cell):\n"
        "    def __init__(self, input_size, hidden_size, rate: float = 0.1,"
        " taps: list[int] = ()):\n"
        "        super().__init__(input_size, hidden_size)\n"
        "    def forward(self, x, h):\n"
        "        return h\n"
    )
    assert read_choices("cell", f"{file}:Leaky:rate=[0.1,0.2],taps=[1,2]").grid() == (
        f"{file}:Leaky:rate=0.1,taps=[1,2]",
        f"{file}:Leaky:rate=0.2,taps=[1,2]",
    )
