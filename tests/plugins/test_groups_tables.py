"""The groups against the axioms, and against what algebra knows of each."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from seqtasks.errors import UsageError
from seqtasks_groups.cycles import cycle_notation, read_cycles
from seqtasks_groups.groups import GROUP_NAMES, group

# How many elements there are of each order.
ORDERS = {
    "Z2": {1: 1, 2: 1},
    "Z5": {1: 1, 5: 4},
    "Z60": {
        **{1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 2},
        **{10: 4, 12: 4, 15: 8, 20: 8, 30: 8, 60: 16},
    },
    "S3": {1: 1, 2: 3, 3: 2},
    "S4": {1: 1, 2: 9, 3: 8, 4: 6},
    "A4": {1: 1, 2: 3, 3: 8},
    "S5": {1: 1, 2: 25, 3: 20, 4: 30, 5: 24, 6: 20},
    "A5": {1: 1, 2: 15, 3: 20, 5: 24},
    "D4": {1: 1, 2: 5, 4: 2},
    "Q8": {1: 1, 2: 1, 4: 6},
    "A4xZ5": {1: 1, 2: 3, 3: 8, 5: 4, 10: 12, 15: 32},
}
COMMUTATIVE = {"Z2", "Z5", "Z60"}
CENTRES = {"S3": 1, "S4": 1, "A4": 1, "S5": 1, "A5": 1, "D4": 2, "Q8": 2, "A4xZ5": 5}
CLASSES = {"S3": 3, "S4": 5, "A4": 4, "S5": 7, "A5": 5, "D4": 5, "Q8": 5, "A4xZ5": 20}


def product(name, *elements):
    """Return the symbol of a product of elements written as symbols."""
    found = group(name)
    result = 0
    for element in elements:
        result = int(found.table[result, found.element(element)])
    return found.symbols[result]


def subgroup(name, *generators):
    """Return the ids that products of generators reach, by a search from the identity."""
    found = group(name)
    reached, edge = {0}, [0]
    while edge:
        element = edge.pop()
        for generator in generators:
            after = int(found.table[element, found.element(generator)])
            if after not in reached:
                reached.add(after)
                edge.append(after)
    return reached


def test_the_groups_are_those_there_are_known_facts_of():
    assert set(GROUP_NAMES) == set(ORDERS)


@pytest.mark.parametrize("name", GROUP_NAMES)
def test_each_has_closure_an_identity_inverses_and_associativity(name):
    found = group(name)
    table, size = found.table, len(found.symbols)
    assert table.shape == (size, size)
    assert len(set(found.symbols)) == size
    every = np.arange(size)
    assert (table[0] == every).all()
    assert (table[:, 0] == every).all()
    assert (np.sort(table, axis=0) == every[:, None]).all()
    assert (np.sort(table, axis=1) == every).all()
    assert ((table == 0).sum(axis=1) == 1).all()
    # (a b) c and a (b c), for all three.
    assert (table[table] == table[:, table]).all()


@pytest.mark.parametrize("name", GROUP_NAMES)
def test_each_has_as_many_elements_of_each_order_as_is_known(name):
    table = group(name).table
    orders = []
    for element in range(len(table)):
        power, order = element, 1
        while power != 0:
            power, order = int(table[power, element]), order + 1
        orders.append(order)
    assert Counter(orders) == ORDERS[name]


@pytest.mark.parametrize("name", GROUP_NAMES)
def test_each_is_commutative_or_has_the_centre_and_the_classes_that_are_known(name):
    table = group(name).table
    if name in COMMUTATIVE:
        assert (table == table.T).all()
        return
    assert (table == table.T).all(axis=1).sum() == CENTRES[name]
    inverses = (table == 0).argmax(axis=1)
    size = len(table)
    classes = {
        frozenset(int(table[table[inverses[by], element], by]) for by in range(size))
        for element in range(size)
    }
    assert len(classes) == CLASSES[name]


@pytest.mark.parametrize("name", ["S3", "S4", "S5", "A4", "A5"])
def test_products_of_permutations_move_points_one_factor_after_the_other(name):
    found = group(name)
    points = found.points
    assert len(found.symbols) == math.factorial(points) // (2 if name[0] == "A" else 1)
    for left, right in itertools.product(range(len(found.symbols)), repeat=2):
        for point in range(1, points + 1):
            there = moved(found.symbols[right], moved(found.symbols[left], point))
            assert moved(found.symbols[found.table[left, right]], point) == there


def moved(symbol, point):
    """Return where a permutation in cycle notation takes a point, read from its text alone."""
    for cycle in symbol.strip("()").split(")("):
        if str(point) in cycle:
            return int((cycle + cycle[0])[cycle.index(str(point)) + 1])
    return point


def test_known_products_hold():
    assert product("S3", "(12)", "(23)") == "(132)"
    assert product("S3", "(23)", "(12)") == "(123)"
    assert product("Z60", "59", "2") == "1"
    assert product("D4", "r", "r", "r", "r") == "e"
    assert product("D4", "s", "r") == product("D4", "r3", "s") == "r3s"
    assert product("D4", "rs", "rs") == "e"


def test_quaternions_multiply_as_hamilton_carved():
    for unit in "ijk":
        assert product("Q8", unit, unit) == "-1"
        assert product("Q8", "-1", unit) == product("Q8", unit, "-1") == f"-{unit}"
    assert product("Q8", "i", "j", "k") == "-1"
    for first, second, third in ("ijk", "jki", "kij"):
        assert product("Q8", first, second) == third
        assert product("Q8", second, first) == f"-{third}"


def test_the_alternating_group_of_five_points_is_simple():
    # A normal subgroup is a union of classes with 1 among them whose size divides 60.
    sizes = (12, 12, 15, 20)
    unions = [1 + sum(some) for n in range(5) for some in itertools.combinations(sizes, n)]
    assert [size for size in unions if 60 % size == 0] == [1, 60]
    table = group("A5").table
    commutators = (table == 0).argmax(axis=1)
    pairs = itertools.product(range(60), repeat=2)
    reached = {int(table[table[commutators[a], commutators[b]], table[a, b]]) for a, b in pairs}
    assert len(reached) == 60


def test_known_generators_generate():
    assert len(subgroup("S5", "(12)", "(12345)")) == 120
    assert len(subgroup("A5", "(123)", "(12345)")) == 60
    assert len(subgroup("S4", "(12)(34)", "(13)(24)")) == 4
    assert len(subgroup("Q8", "i", "j")) == 8
    assert len(subgroup("D4", "r")) == 4


def test_cycles_may_be_written_in_any_order_with_or_without_commas():
    s5 = group("S5")
    for same in ("(12)(345)", "(453)(21)", "(3,4,5)(1,2)", "(3 4 5) (2 1)", "(12)(34)(35)"):
        assert s5.symbols[s5.element(same)] == "(12)(345)"
    for identity in ("e", "()", "(1)", "(12)(12)"):
        assert s5.element(identity) == 0


def test_cycle_notation_is_read_back():
    for permutation in itertools.permutations(range(5)):
        text = cycle_notation(permutation)
        assert read_cycles(text.replace("e", "()"), 5) == permutation


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *[("S5", text) for text in ("(16)", "(11)", "(0)", "(12", "12", "", "(12)x", "r")],
        *[("A5", text) for text in ("(12)", "(1234)")],
        *[("Z5", text) for text in ("5", "-1", "e", "(12)")],
        *[("Q8", text) for text in ("e", "ij", "--1")],
    ],
)
def test_what_is_no_element_is_an_error_that_says_so(name, text):
    with pytest.raises(UsageError) as raised:
        group(name).element(text)
    start = f"'{text}' is no element of {name}, which has {len(group(name).symbols)}: "
    assert str(raised.value).startswith(start)


def test_an_unknown_group_is_an_error_that_names_those_known():
    with pytest.raises(UsageError, match="unknown group 'S7'; known: Z2, Z5, Z60, S3"):
        group("S7")
