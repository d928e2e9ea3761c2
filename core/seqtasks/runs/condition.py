"""A small language that chooses runs: `cell = gru and (solved or token_accuracy_50 > 0.9)`.

    expression  := conjunction ("or" conjunction)*
    conjunction := negation ("and" negation)*
    negation    := "not" negation | "(" expression ")" | comparison
    comparison  := NAME [("=" | "!=" | "<" | "<=" | ">" | ">=" | "~") VALUE | ["not"] "in" values]
    values      := "(" VALUE ("," VALUE)* ")" | VALUE ("," VALUE)*

A condition is data: it is read into nested tuples of functions, and nothing of it is ever executed.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from seqtasks.errors import UsageError, did_you_mean
from seqtasks.runs.comparisons import (
    ORDERS,
    Row,
    Test,
    Token,
    equal_to,
    is_yes,
    ordered,
    shown,
    wrong,
)

__all__ = ["Condition", "field_name", "read_condition"]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<sign><=|>=|!=|==|=|<|>|~|\(|\)|,)
      | (?P<word>[^\s"'()<>=!~,]+)
    )""",
    re.VERBOSE | re.DOTALL,
)
MOST_CHARACTERS = 10_000
MOST_DEPTH = 100


@dataclass(frozen=True)
class Condition:
    """A condition that a run meets or not.

    Attributes:
        text: the condition as it was written.
        names: the fields that it names, each with its place in the text.
    """

    text: str
    names: tuple[tuple[str, int], ...]
    test: Test

    def matches(self, row: Row) -> bool:
        """Say whether the fields of a run answer the condition with yes.

        Raises:
            UsageError: if a number is compared with what is none, or text stands without a
                comparison.
        """
        return self.test(row)

    def check_names(self, known: Collection[str]) -> None:
        """Check that each name is a field of some run.

        Raises:
            UsageError: naming the first one that is not, its place, and the nearest field.
        """
        for name, at in self.names:
            if name not in known:
                raise wrong(
                    self.text, at, f"no run has a field '{name}'", did_you_mean(name, known)
                )


def read_condition(text: str) -> Condition:
    """Read a condition.

    Raises:
        UsageError: naming the place in the text, and what was expected there.
    """
    if len(text) > MOST_CHARACTERS:
        raise UsageError(f"a condition has at most {MOST_CHARACTERS:,} characters")
    return _Reader(text).condition()


def field_name(written: str) -> str:
    """Return the name of a field as it is kept: `hidden-size` is `hidden_size`, `lr` is long."""
    name = written.replace("-", "_") if re.fullmatch(r"[A-Za-z][A-Za-z-]*", written) else written
    return {"lr": "learning_rate", "run": "name", "optimiser": "optimizer"}.get(name, name)


class _Reader:
    """Reads a condition from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.names = text, list[tuple[str, int]]()
        self.tokens, self.place, self.depth = _tokens(text), 0, 0

    def condition(self) -> Condition:
        test = self._either()
        if self._next.kind != "end":
            raise self._expected("`and`, `or` or the end")
        return Condition(self.text, tuple(self.names), test)

    @property
    def _next(self) -> Token:
        return self.tokens[self.place]

    def _taken(self, *wanted: str) -> bool:
        """Take the next token if it is one of some words or signs."""
        found = self._next.kind in ("word", "sign") and self._next.text.lower() in wanted
        self.place += found
        return found

    def _either(self) -> Test:
        tests = [self._both()]
        while self._taken("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda row: any(list(map(_given(row), tests)))

    def _both(self) -> Test:
        tests = [self._not()]
        while self._taken("and"):
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else lambda row: all(list(map(_given(row), tests)))

    def _not(self) -> Test:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise wrong(self.text, self._next.at, f"it is more than {MOST_DEPTH} deep")
        try:
            if self._taken("not"):
                test = self._not()
                return lambda row: not test(row)
            if self._taken("("):
                test = self._either()
                if not self._taken(")"):
                    raise self._expected("`and`, `or` or `)`")
                return test
            return self._comparison()
        finally:
            self.depth -= 1

    def _comparison(self) -> Test:
        token = self._next
        if token.kind != "word" or token.text.lower() in ("and", "or", "in"):
            raise self._expected("the name of a field, `not` or `(`")
        self.place += 1
        name = field_name(token.text)
        self.names.append((name, token.at))
        sign = self._next
        if sign.kind == "sign" and sign.text in ("=", "==", "!=", "~", *ORDERS):
            self.place += 1
            return self._compared(name, sign.text, self._value())
        absent = self._taken("not")
        if self._taken("in"):
            equal = [equal_to(self.text, name, value) for value in self._values()]
            return lambda row: any(list(map(_given(row), equal))) != absent
        if absent:
            raise self._expected("`in`")
        return is_yes(self.text, name, token.at)

    def _compared(self, name: str, sign: str, value: Token) -> Test:
        if sign in ("=", "=="):
            return equal_to(self.text, name, value)
        if sign == "!=":
            equal = equal_to(self.text, name, value)
            return lambda row: not equal(row)
        if sign == "~":
            try:
                pattern = re.compile(value.text)
            except re.error as error:
                why = f"'{value.text}' is not a regular expression: {error.msg}"
                raise wrong(self.text, value.at, why) from None
            return lambda row: (
                row.get(name) is not None and pattern.search(shown(row[name])) is not None
            )
        return ordered(self.text, name, ORDERS[sign], value)

    def _values(self) -> list[Token]:
        inside = self._taken("(")
        values = [self._value()]
        while self._taken(","):
            values.append(self._value())
        if inside and not self._taken(")"):
            raise self._expected("`,` or `)`")
        return values

    def _value(self) -> Token:
        token = self._next
        if token.kind not in ("word", "quoted"):
            raise self._expected("a value")
        self.place += 1
        after = self._next
        if token.kind == "word" and after.kind == "sign" and after.text in ("=", "~", "!="):
            why = f"a value with `{after.text}` in it needs quotes"
            raise wrong(self.text, token.at, why)
        return token

    def _expected(self, wanted: str) -> UsageError:
        token = self._next
        got = "the end" if token.kind == "end" else f"'{token.text}'"
        return wrong(self.text, token.at, f"expected {wanted}, got {got}")


def _given(row: Row) -> Callable[[Test], bool]:
    """Return how a test answers for a run. All tests are asked, so that each mistake is told."""
    return lambda test: test(row)


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            why = "a quotation mark is not closed" if text[at] in "'\"" else "a sign is not known"
            raise wrong(text, at, why)
        kind = found.lastgroup
        word = found[kind]
        if kind == "quoted":
            word = re.sub(r"\\(.)", r"\1", word[1:-1], flags=re.DOTALL)
        tokens.append(Token(kind, word, found.start(kind)))
        at = found.end()
    return [*tokens, Token("end", "", len(text))]
