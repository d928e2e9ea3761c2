"""Share symbol names, draws without repeats and first places among the tasks of this package."""

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import Array, PublishedProtocol

__all__ = ["MAD", "distinct", "first_places", "insert", "named", "without"]

_ROOM_PER_ID = 256
"""How many table entries can be cleared in the time of sorting one id."""

MAD = (
    "Poli et al. 2024, Mechanistic design and scaling of hybrid architectures (ICML 2024), and its "
    "code, athms/mad-lab"
)
"""The source of all tasks here except one."""
MAD_PROTOCOL = PublishedProtocol(
    source=MAD,
    missing=(
        "Its networks stack mixing layers with normalisation and gated MLPs, which are no cells.",
        (
            "Its training can be set: --training-inputs 12800 --batch-size 128 --steps 20000 "
            "--optimizer adamw:weight_decay=0.1 --lr-schedule cosine:steps=20000, at rates of "
            "0.0001, 0.0005 and 0.001."
        ),
        "Its accuracy is macro_accuracy, averaged over batches.",
    ),
)


def named(letter: str, count: int, first: int = 0) -> tuple[str, ...]:
    """Return symbols of one kind, such as k0, k1, k2."""
    return tuple(f"{letter}{number}" for number in range(first, first + count))


def distinct(
    rng: np.random.Generator, symbols: int, shape: tuple[int, ...], count: int
) -> list[Array]:
    """Draw `count` different ids below `symbols`, in uniform order, for each place.

    Returns:
        `count` arrays of the shape: the first ids, the second ids, ...
    """
    kind = np.min_scalar_type(symbols)
    drawn: list[Array] = []
    taken: list[Array] = []
    for turn in range(count):
        chosen = rng.integers(symbols - turn, size=shape, dtype=kind)
        drawn.append(without(taken, chosen))
    return drawn


def without(taken: list[Array], chosen: Array) -> Array:
    """Return the chosen ids among the ids that are not taken, and take them.

    Args:
        taken: ids which ascend at each place; the new id is inserted.
        chosen: for each place, a number below the number of free ids; changed in place.
    """
    for earlier in taken:  # from the smallest: the free ids move past each taken id
        chosen += chosen >= earlier
    insert(taken, chosen)
    return chosen


def insert(ascending: list[Array], chosen: Array) -> None:
    """Insert an array into others that ascend at each place, and keep them ascending."""
    for turn, value in enumerate(ascending):
        ascending[turn] = np.minimum(value, chosen)
        chosen = np.maximum(value, chosen)
    ascending.append(chosen)


def first_places(ids: Array, bound: int) -> NDArray[np.intp]:
    """Return, for each place, the first place in its row with the same id.

    Args:
        ids: (rows, places), not negative.
        bound: larger than any id.
    """
    rows, places = ids.shape
    if rows * bound <= _ROOM_PER_ID * ids.size:
        return _first_places_by_table(ids, bound)
    if bound * places > 2**64:
        ids, bound = np.unique(ids, return_inverse=True)[1].reshape(ids.shape), ids.size
    kind = np.uint32 if bound * places < 2**32 else np.uint64
    # Sorted with their places as last digits, equal ids stand together, the first place in front.
    numbered = ids.astype(kind)
    numbered *= kind(places)
    numbered += np.arange(places, dtype=kind)
    numbered.sort(axis=1)
    group = numbered // kind(places)
    group *= kind(places)
    leading = numbered.copy()
    leading[:, 1:] *= group[:, 1:] != group[:, :-1]
    np.maximum.accumulate(leading, axis=1, out=leading)
    found = np.empty((rows, places), dtype=np.intp)
    np.put_along_axis(found, (numbered - group).astype(np.intp), leading - group, axis=1)
    return found


def _first_places_by_table(ids: Array, bound: int) -> NDArray[np.intp]:
    """Do the same as `first_places`, with a table of all possible ids of each row."""
    rows, places = ids.shape
    kind = np.min_scalar_type(places)
    table = np.full(rows * bound, places, kind)
    slots = ids + np.arange(0, table.size, bound)[:, None]
    np.minimum.at(table, slots.ravel(), np.tile(np.arange(places, dtype=kind), rows))
    return table.take(slots).astype(np.intp)
