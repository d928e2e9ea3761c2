"""How the values of a spec become the types that a class or function asks for."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, Optional, Union

import pytest

from seqtasks.specs.bind import (
    REQUIRED,
    Parameter,
    bind,
    parameters_of,
    type_name,
)
from seqtasks.specs.grammar import SpecError, parse_spec


@dataclass(frozen=True)
class Shift:
    """A class with a parameter."""

    shift: int = 4
    wrap: bool = False


class Gate:
    """A plain class, with sizes that its caller gives."""

    def __init__(self, input_size: int, hidden_size: int, slope: float, *, mode: str = "hard"):
        self.made = (input_size, hidden_size, slope, mode)


def convert(kind: Any, text: str) -> Any:
    """Return a value as a parameter of a type receives it."""

    def take(a): ...

    take.__annotations__ = {"a": kind}
    return bind(parse_spec(f"x:a={text}"), take)["a"]


def same(found: Any, expected: Any) -> bool:
    """Say whether two values are equal and of one type, items included."""
    if isinstance(expected, list | tuple):
        pairs = zip(found, expected, strict=True)
        return type(found) is type(expected) and all(same(*pair) for pair in pairs)
    return type(found) is type(expected) and found == expected


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (int, "-3", -3),
        (int, "0", 0),
        (float, "1e-3", 0.001),
        (float, "2", 2.0),
        (str, "2", "2"),
        (str, "none", "none"),
        (str, '"a, b"', "a, b"),
        (Any, "2", "2"),
        *((bool, text, True) for text in ("true", "True", "yes", "1", "on")),
        *((bool, text, False) for text in ("false", "FALSE", "no", "0", "off")),
        (Literal["tanh", "relu"], "relu", "relu"),
        (Literal[1, 2], "2", 2),
        (Literal[True, "auto"], "true", True),
        (Literal["auto", None], "none", None),
        (Optional[int], "7", 7),  # noqa: UP045
        (Optional[int], "none", None),  # noqa: UP045
        (int | None, "None", None),
        (str | None, "none", None),
        (str | None, '"none"', "none"),
        (Union[int, str], "7", 7),  # noqa: UP007
        (str | int, "7", 7),
        (int | str, "seven", "seven"),
        (int | float, "7", 7),
        (int | float, "7.5", 7.5),
        (int | list[int], "[7]", [7]),
        (int | list[int], "7", 7),
        (int | Fraction | None, "2/6", Fraction(1, 3)),
        (int | Fraction | None, "1", 1),
        (list[int], "[1,2]", [1, 2]),
        (list[int], "[]", []),
        (list[float], "[1,2.5]", [1.0, 2.5]),
        (list[list[int]], "[[1],[]]", [[1], []]),
        (list, "[1,a]", ["1", "a"]),
        (tuple[int, ...], "[1,2,3]", (1, 2, 3)),
        (tuple[int, ...], "[]", ()),
        (tuple[int, str], "[1,2]", (1, "2")),
        (tuple[tuple[int, int], ...], "[[1,2],[3,4]]", ((1, 2), (3, 4))),
        (Sequence[str], "[(1,2),(3)]", ("(1,2)", "(3)")),
        (list[int | None], "[1,none]", [1, None]),
    ],
)
def test_a_value_becomes_the_type_of_its_parameter(kind, text, expected):
    assert same(convert(kind, text), expected)


@pytest.mark.parametrize(
    ("kind", "text", "pointer"),
    [
        (int, "two", "    ^ a must be a whole number, got 'two'"),
        (int, '"two"', "    ^ a must be a whole number, got 'two'"),
        (int, "2.0", "    ^ a must be a whole number, got '2.0'"),
        (int, "true", "    ^ a must be a whole number, got 'true'"),
        (int, "[2]", "    ^ a must be a whole number, got '[2]'"),
        (float, "fast", "    ^ a must be a number, got 'fast'"),
        (Fraction, "1/0", "    ^ a must be a fraction, got '1/0'"),
        (bool, "2", "    ^ a must be true or false, got '2'"),
        (str, "[2]", "    ^ a must be text, got '[2]'"),
        (Literal["tanh", "relu"], "sin", "    ^ a must be one of tanh|relu, got 'sin'"),
        (int | None, "x", "    ^ a must be a whole number or none, got 'x'"),
        (list[int], "2", "    ^ a must be a list [..] of whole number, got '2'"),
        (list[int], "[1,x,3]", "       ^ a must be a list [..] of whole number, got 'x'"),
        (tuple[float, ...], "[1,[2]]", "       ^ a must be a list [..] of number, got '[2]'"),
        (list[list[int]], "[[1],[2,x]]", "            ^"),
        (tuple[int, int], "[1,2,3]", "    ^"),
        (tuple[int, int], "[1]", "    ^"),
        (tuple[int, str], "[x,1]", "     ^"),
    ],
)
def test_an_ill_typed_value_is_pointed_at_and_its_type_said(kind, text, pointer):
    with pytest.raises(SpecError) as caught:
        convert(kind, text)
    spec, _, below = str(caught.value).partition("\n")
    assert spec == f"x:a={text}"
    assert below.startswith(pointer)


def test_an_unannotated_parameter_has_the_type_of_its_default():
    def take(count=1, rate=0.5, flag=False, word="x", nothing=None, needed=REQUIRED): ...

    spec = parse_spec("x:count=3,rate=2,flag=true,word=4,nothing=5,needed=6")
    expected = {"count": 3, "rate": 2.0, "flag": True, "word": "4", "nothing": "5", "needed": "6"}
    assert bind(spec, take) == expected
    with pytest.raises(SpecError, match="count must be a whole number, got 'many'"):
        bind(parse_spec("x:count=many"), take)


@pytest.mark.parametrize("text", ["x", "x:shift=7", "x:wrap=yes,shift=-2"])
def test_only_the_parameters_written_are_bound(text):
    bound = bind(parse_spec(text), Shift)
    assert set(bound) == set(parse_spec(text).parameters)
    assert Shift(**bound) == Shift(bound.get("shift", 4), bound.get("wrap", False))


def test_an_unknown_key_is_pointed_at_with_the_nearest_and_all_there_are():
    with pytest.raises(SpecError) as caught:
        bind(parse_spec("bitshift:wrap=yes,shfit=2"), Shift)
    assert str(caught.value) == (
        "bitshift:wrap=yes,shfit=2\n"
        "                  ^ bitshift has no parameter 'shfit'; it takes "
        "shift (a whole number, default 4), wrap (true or false, default false)."
        " Did you mean 'shift'?"
    )


def test_a_target_without_parameters_says_so():
    class Plain: ...

    with pytest.raises(SpecError, match=r"bitflip has no parameter 'a'; it takes no parameters\."):
        bind(parse_spec("bitflip:a=1"), Plain)


def test_a_missing_required_value_is_asked_for_at_the_end_of_the_spec():
    with pytest.raises(SpecError) as caught:
        bind(parse_spec("./mine.py:Gate:mode=soft"), Gate, ("input_size", "hidden_size"))
    pointer = " " * len("./mine.py:Gate:mode=soft") + "^ Gate needs slope=... (a number)"
    assert str(caught.value).endswith("\n" + pointer)


def test_what_the_caller_gives_is_neither_asked_for_nor_taken():
    given = ("input_size", "hidden_size")
    assert bind(parse_spec("x:slope=2"), Gate, given) == {"slope": 2.0}
    with pytest.raises(SpecError, match="x has no parameter 'input_size'"):
        bind(parse_spec("x:slope=2,input_size=3"), Gate, given)


def test_the_parameters_of_a_dataclass_are_its_fields_with_their_defaults():
    @dataclass
    class Made:
        size: int
        mode: Literal["a", "b"] = "a"
        fixed: int = field(default=3, init=False)

    assert parameters_of(Made) == [
        Parameter("size", int, REQUIRED),
        Parameter("mode", Literal["a", "b"], "a"),
    ]


def test_parameters_collected_by_stars_are_left_out():
    def take(size: int, *more: int, **others: int): ...

    assert parameters_of(take) == [Parameter("size", int, REQUIRED)]


def test_a_class_inherits_the_parameters_of_the_init_it_inherits():
    class Heir(Gate): ...

    assert [parameter.name for parameter in parameters_of(Heir, ("input_size",))] == [
        "hidden_size",
        "slope",
        "mode",
    ]


POSTPONED = """
from __future__ import annotations
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Buffer

@dataclass(frozen=True)
class Data:
    shift: int
    mode: Literal["a", "b"] = "a"
    scale: float | None = None

class Plain:
    def __init__(self, shift: int, mode: Literal["a", "b"] = "a", scale: float | None = None):
        pass

def function(shift: int, mode: Literal["a", "b"] = "a", scale: float | None = None):
    pass

class Checked:
    def __init__(self, shift: int, mode: Literal["a", "b"] = "a", scale: float | None = None,
                 memory: Buffer | None = None):
        pass
"""


@pytest.mark.parametrize("name", ["Data", "Plain", "function", "Checked"])
def test_postponed_annotations_type_the_parameters_all_the_same(site, name):
    site.module("postponed", POSTPONED)
    target = getattr(importlib.import_module("postponed"), name)
    bound = bind(parse_spec("x:shift=2,mode=b,scale=3"), target)
    assert same(list(bound.items()), [("shift", 2), ("mode", "b"), ("scale", 3.0)])
    with pytest.raises(SpecError, match=r"mode must be one of a\|b, got 'c'"):
        bind(parse_spec("x:shift=2,mode=c"), target)


def test_fields_inherited_from_another_module_keep_the_types_they_have_there(site):
    site.module("postponed", POSTPONED)
    site.module(
        "heirs",
        "from dataclasses import dataclass\nfrom postponed import Data\n"
        "@dataclass(frozen=True)\nclass Heir(Data):\n    size: int = 1\n",
    )
    heir = importlib.import_module("heirs").Heir
    assert bind(parse_spec("x:shift=2,size=3,scale=none"), heir) == {
        "shift": 2,
        "size": 3,
        "scale": None,
    }
    with pytest.raises(SpecError, match=r"mode must be one of a\|b, got 'c'"):
        bind(parse_spec("x:shift=2,mode=c"), heir)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (int, "a whole number"),
        (bool, "true or false"),
        (int | None, "a whole number or none"),
        (Literal[1, "auto"], "one of 1|auto"),
        (list[float], "a list [..] of number"),
        (tuple[str, ...], "a list [..] of text"),
    ],
)
def test_a_type_is_told_in_a_users_words(kind, words):
    assert type_name(kind) == words
