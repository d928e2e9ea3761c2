"""The grammar of spec strings: what it reads, what it writes, and where it points at a mistake."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqtasks.errors import UsageError
from seqtasks.specs.bind import bind
from seqtasks.specs.grammar import (
    SpecError,
    Value,
    format_spec,
    parse_spec,
)

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]*", fullmatch=True)
TEXT = st.text(st.characters(exclude_characters='"', exclude_categories=["Cs"]), max_size=9)


def target(
    whole: int,
    number: float,
    flag: bool,
    text: str,
    maybe: int | None,
    words: list[str],
    pair: tuple[int, str],
    nested: tuple[tuple[int, ...], ...],
) -> None:
    """Take a parameter of each kind."""


VALUES = st.fixed_dictionaries(
    {
        "whole": st.integers(),
        "number": st.floats(allow_nan=False),
        "flag": st.booleans(),
        "text": TEXT,
        "maybe": st.none() | st.integers(),
        "words": st.lists(TEXT, max_size=4),
        "pair": st.tuples(st.integers(), TEXT),
        "nested": st.lists(st.lists(st.integers(), max_size=3).map(tuple), max_size=3).map(tuple),
    }
)


def contents(value: Value) -> object:
    """Return a value as nested lists of text."""
    if isinstance(value.content, str):
        return value.content
    return [contents(item) for item in value.content]


def mistake_in(text: str) -> UsageError | None:
    """Return the error with which a spec is refused."""
    try:
        parse_spec(text)
    except UsageError as error:
        return error
    return None


def read(text: str) -> object:
    """Return what the parameter `a` of a spec reads as."""
    return contents(parse_spec(f"x:a={text}").parameters["a"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NAMES, VALUES)
def test_what_format_spec_writes_is_read_back_with_the_same_types(name, values):
    spec = parse_spec(format_spec(name, values))
    bound = bind(spec, target)
    assert (spec.name, spec.path) == (name, None)
    assert bound == values
    assert {key: type(value) for key, value in bound.items()} == {
        key: type(value) for key, value in values.items()
    }


@settings(deadline=None)
@given(st.text(alphabet='a"\\,', min_size=1))
def test_text_with_quotation_marks_and_backslashes_goes_round(text):
    def take(word: str) -> None: ...

    assert bind(parse_spec(format_spec("x", {"word": text})), take) == {"word": text}


@pytest.mark.parametrize("text", ["none", "None"])
def test_the_text_none_is_not_read_back_as_nothing(text):
    def take(word: str | None = "x") -> None: ...

    assert bind(parse_spec(format_spec("x", {"word": text})), take) == {"word": text}
    assert bind(parse_spec(format_spec("x", {"word": None})), take) == {"word": None}


def test_a_name_without_parameters_is_written_as_it_is():
    assert format_spec("bitshift", {}) == "bitshift"


def test_plain_values_are_written_without_quotation_marks():
    values = {"shift": 2, "on": True, "clip": None, "sizes": (1, 2), "of": ["(12)", "(1,2)(3)"]}
    assert format_spec("x", values) == "x:shift=2,on=true,clip=none,sizes=[1,2],of=[(12),(1,2)(3)]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4", "4"),
        ("two words", "two words"),
        ("a=b:c", "a=b:c"),
        ('"a,b]"', "a,b]"),
        ('""', ""),
        ("(1,2)(3)", "(1,2)(3)"),
        ("((1,2),3)", "((1,2),3)"),
        ("[]", []),
        ("[1]", ["1"]),
        ("[1,2]", ["1", "2"]),
        ("[ 1 , 2 ]", ["1", "2"]),
        ("[(1,2),(1,2,3)]", ["(1,2)", "(1,2,3)"]),
        ("[[1,2],[],[3]]", [["1", "2"], [], ["3"]]),
        ('["a,b","]",c]', ["a,b", "]", "c"]),
    ],
)
def test_a_value_reads_as_text_or_a_list(text, expected):
    assert read(text) == expected


def test_only_text_between_quotation_marks_counts_as_quoted():
    values = parse_spec('x:a="1",b=1,c=["none",none]').parameters
    assert values["a"].quoted
    assert not values["b"].quoted
    assert [item.quoted for item in values["c"].content] == [True, False]


def test_spaces_around_names_keys_values_and_commas_do_not_matter():
    spec = parse_spec(" bitshift : shift = 2 , name = [ a , b ] ")
    assert spec.name == "bitshift"
    assert {key: contents(value) for key, value in spec.parameters.items()} == {
        "shift": "2",
        "name": ["a", "b"],
    }


def test_a_spec_knows_where_keys_values_and_items_stand():
    spec = parse_spec("x:alpha=1,beta=[22,33]")
    assert dict(spec.columns) == {"alpha": 2, "beta": 10}
    assert spec.parameters["alpha"].column == 8
    assert spec.parameters["beta"].column == 15
    assert [item.column for item in spec.parameters["beta"].content] == [16, 19]


@pytest.mark.parametrize(
    ("text", "path", "name", "parameters"),
    [
        ("./mine.py", "./mine.py", "", {}),
        ("mine.py", "mine.py", "", {}),
        ("./mine.py:MyCell", "./mine.py", "MyCell", {}),
        ("./mine.py:alpha=2", "./mine.py", "", {"alpha": "2"}),
        ("./mine.py:MyCell:alpha=2", "./mine.py", "MyCell", {"alpha": "2"}),
        ("./mine.py:MyCell:a=2,b=[1,2]", "./mine.py", "MyCell", {"a": "2", "b": ["1", "2"]}),
        ("./mine.py:note=a:b", "./mine.py", "", {"note": "a:b"}),
        ("~/my cells/v1.2/mine.py:MyCell", "~/my cells/v1.2/mine.py", "MyCell", {}),
        ("/odd.py/mine.py:MyCell", "/odd.py/mine.py", "MyCell", {}),
        ("mine-python", None, "mine-python", {}),
        ("bitshift:shift=2", None, "bitshift", {"shift": "2"}),
        ("table:file=notes.py", None, "table", {"file": "notes.py"}),
        ("table:file=notes.py:3", None, "table", {"file": "notes.py:3"}),
    ],
)
def test_what_stands_before_the_parameters_is_a_name_or_a_file_and_class(
    text, path, name, parameters
):
    spec = parse_spec(text)
    assert (spec.path, spec.name) == (path, name)
    assert {key: contents(value) for key, value in spec.parameters.items()} == parameters
    assert spec.text == text


@pytest.mark.parametrize(
    ("text", "module", "name", "parameters"),
    [
        ("mypkg:Cell", "mypkg", "Cell", ""),
        ("mypkg.cells:Cell", "mypkg.cells", "Cell", ""),
        ("mypkg.cells:Outer.Inner", "mypkg.cells", "Outer.Inner", ""),
        ("mypkg.cells:Cell:rate=0.1,b=[x,y]", "mypkg.cells", "Cell", ":rate=0.1,b=[x,y]"),
        ('mypkg.cells:Cell:text="a:b=c"', "mypkg.cells", "Cell", ':text="a:b=c"'),
        ("mypkg.Cell", "mypkg", "Cell", ""),
        ("mypkg.cells.Cell: rate = 0.1", "mypkg.cells", "Cell", ": rate = 0.1"),
        (" mypkg.cells : Cell ", "mypkg.cells", "Cell", ""),
        ("mypkg:x=a:b", None, "mypkg", ":x=a:b"),
        ("mine.python", "mine", "python", ""),
        ("mypkg", None, "mypkg", ""),
        ("my-pkg.cells", None, "my-pkg.cells", ""),
    ],
)
def test_a_class_may_be_named_by_its_module(text, module, name, parameters):
    spec = parse_spec(text)
    assert (spec.path, spec.module, spec.name) == (None, module, name)
    assert spec.written_parameters == parameters
    assert text[spec.name_column :].startswith(name)


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        (":shift=2", "^ a name is missing before the colon"),
        ("x:", "  ^ expected a parameter, written key=value"),
        ("my-x:shift", "     ^ expected a parameter, written key=value"),
        ("x:My Cell", "  ^ expected a parameter, written key=value"),
        ("x:1", "  ^ expected a parameter, written key=value"),
        ("x:Cell:alpha", "       ^ expected a parameter, written key=value"),
        ("x.y:Cell:", "         ^ expected a parameter, written key=value"),
        ("x.y:My Cell", "    ^ expected the name of a class in the module"),
        ("x:2nd=1", "  ^ expected a parameter, written key=value"),
        ("x:a=1,", "      ^ expected a parameter, written key=value"),
        ("x:a=1,b", "      ^ expected a parameter, written key=value"),
        ("x:a=1,b=2,a=3", "          ^ parameter 'a' is given twice"),
        ("x:a=1, a=2", "       ^ parameter 'a' is given twice"),
        ("x:a=", "    ^ a value is missing"),
        ("x:a=,b=2", "    ^ a value is missing"),
        ("x:a=[1,,2]", "       ^ a value is missing"),
        ("x:a=[1,]", "       ^ a value is missing"),
        ("x:a=1]", "     ^ expected a comma between parameters"),
        ("x:a=[1]2", "       ^ expected a comma between parameters"),
        ('x:a="1" b=2', "        ^ expected a comma between parameters"),
        ('x:a=["1" 2]', "         ^ expected a comma or a closing bracket in the list"),
        ("x:b=1,a=[1,2", "        ^ this list is not closed"),
        ("x:a=[[1],[2]", "    ^ this list is not closed"),
        ("x:a=[0,[1,2", "       ^ this list is not closed"),
        ('x:a=1,b="one', "        ^ this quotation mark is not closed"),
        ("x:a=1),b=2", "     ^ this bracket was not opened"),
        ("x:a=(1,b=2", "    ^ this bracket is not closed"),
        ("x:a=(1)(2", "       ^ this bracket is not closed"),
        ("./mine.py:", "          ^ expected the name of a class in the file"),
        ("./mine.py:My Cell", "          ^ expected the name of a class in the file"),
        ("./mine.py:MyCell:", "                 ^ expected a parameter, written key=value"),
        ("./mine.py:MyCell:alpha", "                 ^ expected a parameter, written key=value"),
    ],
)
def test_a_mistake_is_shown_below_the_spec_at_its_place(text, pointer):
    mistake = mistake_in(text)
    assert isinstance(mistake, SpecError)
    assert str(mistake) == f"{text}\n{pointer}"
    assert mistake.column == pointer.index("^")


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_spec_says_where_names_are_listed(text):
    with pytest.raises(UsageError, match="a name is missing; `seqtasks list` shows"):
        parse_spec(text)


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet='x:a=1,[]()" .py/'))
def test_no_text_makes_the_reader_fail_otherwise_than_by_its_own_error(text):
    mistake = mistake_in(text)
    if isinstance(mistake, SpecError):
        assert 0 <= mistake.column <= len(text)
    else:
        assert (mistake is None) == bool(text.strip())


@pytest.mark.parametrize("depth", [21, 500, 100_000])
def test_lists_that_lie_too_deep_in_one_another_are_refused_in_few_words(depth):
    with pytest.raises(SpecError, match="more than 20 deep") as caught:
        parse_spec(f"task:key={'[' * depth}{']' * depth}")
    assert len(str(caught.value)) < 1000
    assert parse_spec(f"task:key={'[' * 20}{']' * 20}")


def test_a_long_spec_is_shown_round_the_place_that_does_not_fit():
    text = f"task:first={'x' * 1000},second=)5,third={'y' * 1000}"
    with pytest.raises(SpecError) as caught:
        parse_spec(text)
    line, below = str(caught.value).splitlines()
    assert len(line) < 400
    assert line[below.index("^")] == ")"
    assert text[caught.value.column] == ")"
