"""A change of what a cell's code reads from outside is noticed: a long table of ways to read."""

import builtins
import collections
import contextvars
import ctypes
import functools
import os
import sys
import threading
import types
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import torch
from grids import one_quick_in
from torch import nn
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.unroll import engines_of

RATE = 1.0


RATES = {"rate": 1.0}


OTHER = types.ModuleType("other")


OTHER.rate = 1.0


def rate_of_globals():
    return RATE


class Settings:
    rate = 1.0


class Slots:
    __slots__ = ("rate",)

    def __init__(self):
        self.rate = 1.0


@dataclass(slots=True)
class SlotsOfData:
    rate: float = 1.0


class Schedule:
    def __init__(self):
        self._rate = 1.0

    @property
    def rate(self):
        return self._rate

    def now(self):
        return rate_of_globals() * self.rate


class Listed(list):
    rate = 1.0


class Named(dict):
    rate = 1.0


def set_global(value):
    globals()["RATE"] = value


def nested(depth):
    return [nested(depth - 1)] if depth else [1.0]


def deepest(lists):
    while isinstance(lists[0], list):
        lists = lists[0]
    return lists


def in_closure(cell):
    rate = 1.0

    def change(value):
        nonlocal rate
        rate = value

    cell.read, cell.change = lambda: rate, change


LOCAL, CONTEXT = threading.local(), contextvars.ContextVar("rate", default=1.0)


METHOD = Schedule().now


HOLDER = SimpleNamespace(rate=1.0)


UNPARTED = nn.Identity()


UNPARTED.rate = LOCAL.rate = 1.0


def with_defaults(rates=[1.0], *, named={"rate": 1.0}):  # noqa: B006
    return rates[0] * named["rate"]


def with_attribute():
    return with_attribute.rate


with_attribute.rate = 1.0


@functools.lru_cache
def cached():
    return HOLDER.rate


def change_cached(cell):
    HOLDER.rate = 2.0
    cached.cache_clear()


def imported():
    import of_rates
    from of_rates import rate

    return of_rates.rate * rate


class Measured(type):
    @property
    def rate(cls):
        return HOLDER.rate


class Meter(metaclass=Measured):
    made_partly = functools.partialmethod(lambda self, factor: HOLDER.rate * factor, 1.0)


BY_NAME = {"rate": 1.0}


def in_a_list(cell):
    rate = 1.0

    def change(value):
        nonlocal rate
        rate = value

    cell.listed_reads, cell.change_listed = [{"read": lambda: rate}], change


READS = {
    "default changed in place": (
        lambda cell: with_defaults(),
        lambda cell: with_defaults.__defaults__[0].__setitem__(0, 2.0),
    ),
    "named default changed in place": (
        lambda cell: with_defaults(),
        lambda cell: with_defaults.__kwdefaults__["named"].update(rate=2.0),
    ),
    "context variable": (lambda cell: CONTEXT.get(), lambda cell: CONTEXT.set(2.0)),
    "local of a thread": (lambda cell: LOCAL.rate, lambda cell: setattr(LOCAL, "rate", 2.0)),
    "object of a method": (
        lambda cell: METHOD(),
        lambda cell: setattr(METHOD.__self__, "_rate", 2.0),
    ),
    "attribute of a function": (
        lambda cell: with_attribute(),
        lambda cell: setattr(with_attribute, "rate", 2.0),
    ),
    "cached function": (lambda cell: cached(), change_cached),
    "import in a function": (
        lambda cell: imported(),
        lambda cell: setattr(sys.modules["of_rates"], "rate", 2.0),
    ),
    "metaclass": (lambda cell: Meter.rate, lambda cell: setattr(HOLDER, "rate", 2.0)),
    "partial method": (
        lambda cell: Meter().made_partly(),
        lambda cell: setattr(HOLDER, "rate", 2.0),
    ),
    "closure in a list": (
        lambda cell: cell.listed_reads[0]["read"](),
        lambda cell: cell.change_listed(2.0),
    ),
    "module that is no part": (
        lambda cell: UNPARTED.rate,
        lambda cell: setattr(UNPARTED, "rate", 2.0),
    ),
    "name of Python's own": (
        lambda cell: RATE_OF_ALL,  # noqa: F821
        lambda cell: setattr(builtins, "RATE_OF_ALL", 2.0),
    ),
    "globals by name": (lambda cell: BY_NAME["read"](), lambda cell: BY_NAME.update(rate=2.0)),
    "default of a dictionary": (
        lambda cell: cell.held.default_factory(),
        lambda cell: setattr(cell.held, "default_factory", lambda: 2.0),
    ),
    "class in a list": (
        lambda cell: cell.held[0].rate,
        lambda cell: setattr(cell.held[0], "rate", 2.0),
    ),
    "global": (lambda cell: RATE, lambda cell: set_global(2.0)),
    "global of a function": (lambda cell: rate_of_globals(), lambda cell: set_global(2.0)),
    "global of a method": (lambda cell: cell.held.now(), lambda cell: set_global(2.0)),
    "global dictionary": (lambda cell: RATES["rate"], lambda cell: RATES.update(rate=2.0)),
    "another class": (lambda cell: Settings.rate, lambda cell: setattr(Settings, "rate", 2.0)),
    "another module": (lambda cell: OTHER.rate, lambda cell: setattr(OTHER, "rate", 2.0)),
    "slots": (lambda cell: cell.held.rate, lambda cell: setattr(cell.held, "rate", 2.0)),
    "closure": (lambda cell: cell.read(), lambda cell: cell.change(2.0)),
    "environment": (
        lambda cell: float(os.environ.get("RATE", "1")),
        lambda cell: os.environ.update(RATE="2"),
    ),
    "list": (
        lambda cell: deepest(cell.held)[0],
        lambda cell: deepest(cell.held).__setitem__(0, 2.0),
    ),
    "ctypes": (lambda cell: cell.held.value, lambda cell: setattr(cell.held, "value", 2.0)),
    "attribute": (lambda cell: cell.held.rate, lambda cell: setattr(cell.held, "rate", 2.0)),
    "default": (
        lambda cell: cell.method(),
        lambda cell: setattr(type(cell).method, "__defaults__", (2.0,)),
    ),
    "code": (
        lambda cell: rate_of_globals(),
        lambda cell: setattr(rate_of_globals, "__code__", (lambda: 2.0).__code__),
    ),
}


HELD = {
    "default of a dictionary": lambda: collections.defaultdict(lambda: 1.0),
    "class in a list": lambda: [type("Rates", (), {"rate": 1.0})],
    "global of a method": Schedule,
    "slots": Slots,
    "list": lambda: nested(9),
    "ctypes": lambda: ctypes.c_double(1.0),
    "attribute": lambda: SimpleNamespace(rate=1.0),
}


KINDS = [
    *((name, HELD.get(name)) for name in READS),
    ("slots", SlotsOfData),
    ("attribute", Listed),
    ("attribute", Named),
    ("attribute", Slots),
    ("list", lambda: nested(30)),
]


@pytest.fixture
def put_back(monkeypatch):
    code = rate_of_globals.__code__
    monkeypatch.setattr(builtins, "RATE_OF_ALL", 1.0, raising=False)
    of_rates = types.ModuleType("of_rates")
    of_rates.rate = 1.0
    monkeypatch.setitem(sys.modules, "of_rates", of_rates)
    yield
    set_global(1.0)
    CONTEXT.set(1.0)
    with_defaults.__defaults__[0][0] = with_defaults.__kwdefaults__["named"]["rate"] = 1.0
    BY_NAME["rate"] = UNPARTED.rate = LOCAL.rate = HOLDER.rate = with_attribute.rate = 1.0
    METHOD.__self__._rate = 1.0
    cached.cache_clear()
    RATES["rate"] = Settings.rate = OTHER.rate = 1.0
    rate_of_globals.__code__ = code
    os.environ.pop("RATE", None)


@pytest.mark.usefixtures("put_back")
@one_quick_in(2, engine=ENGINES, **{"name, made": KINDS})
def test_a_change_of_what_the_code_reads_from_outside_is_noticed(engine, name, made):
    read, change = READS[name]

    class Outside(st.Cell):
        def __init__(self):
            super().__init__(3, 5)
            self.linear = nn.Linear(8, 5)
            self.held = None if made is None else made()
            self.rate_now = read
            in_closure(self)
            in_a_list(self)

        def method(self, rate=1.0):
            return rate

        def forward(self, x, h):
            return torch.tanh(self.linear(torch.cat([x, h], 1))) * self.rate_now(self)

    cell, inputs = Outside(), torch.randn(4, 6, 3)
    before, _ = st.unroll(cell, inputs, engine=engine)
    change(cell)
    found, _ = st.unroll(cell, inputs, engine=engine)
    torch.testing.assert_close(found, st.unroll(cell, inputs)[0])
    assert not torch.allclose(found, before)
    assert engines_of(cell, engine).name == engine
