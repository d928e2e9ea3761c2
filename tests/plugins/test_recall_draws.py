"""What the recall tasks draw: frequencies, places, gaps, noise, and what is asked for."""

import math
from collections import Counter
from itertools import pairwise, permutations

import numpy as np
import pytest

from seqtasks.randomness.streams import stream
from seqtasks.registry.find import task as find_task
from seqtasks_recall.drawing import distinct, first_places
from seqtasks_recall.motifs import Motifs

COUNT = 20_000


def drawn(spec, length, count=COUNT):
    """Return a large batch, of a fixed seed."""
    return find_task(spec).batch(stream(11, "test", length), count, length)


def fits(counts, shares):
    """Say whether counts could come of these shares: chi-square within five of its deviations."""
    counts = np.asarray(counts, dtype=float)
    expected = counts.sum() * np.asarray(shares) / np.sum(shares)
    assert expected.min() > 5
    freedom = len(counts) - 1
    return ((counts - expected) ** 2 / expected).sum() < freedom + 5 * math.sqrt(2 * freedom)


def evenly(ids, size):
    """Say whether ids from 0 to size - 1 come equally often."""
    counts = np.bincount(np.ravel(ids), minlength=size)
    return len(counts) == size and fits(counts, np.ones(size))


def test_distinct_ids_come_in_every_order_as_often():
    orders = Counter(zip(*distinct(stream(1, "test"), 5, (60_000,), 3), strict=True))
    assert set(orders) == set(permutations(range(5), 3))
    assert fits(list(orders.values()), np.ones(60))


def test_first_places_are_those_a_search_finds():
    rng = stream(2, "test")
    for bound, places in ((1, 1), (2, 9), (5, 40), (2**40, 30), (1000, 500)):
        ids = rng.integers(bound, size=(50, places))
        ids[:, places // 2] = ids[:, 0]
        found = [[row.index(number) for number in row] for row in ids.tolist()]
        assert first_places(ids, bound).tolist() == found


def test_first_places_are_found_of_numbers_too_large_to_hold_their_place_as_well():
    ids = stream(2, "test").integers(2**61, 2**61 + 9, size=(20, 40))
    found = [[row.index(number) for number in row] for row in ids.tolist()]
    assert first_places(ids, 2**62).tolist() == found


@pytest.mark.parametrize(("size", "keys"), [(64, 31), (20, 9)])
def test_mqar_has_even_keys_and_even_values_that_differ(size, keys):
    inputs = drawn(f"mqar:vocabulary_size={size}", 32).inputs
    first, second = inputs[:, 0:8:2] - 1, inputs[:, 1:8:2] - size // 2
    for side, symbols in ((first, keys), (second, keys + 1)):
        assert all(evenly(side[:, place], symbols) for place in range(4))
        assert (np.diff(np.sort(side, axis=1), axis=1) > 0).all()
    pairs = np.bincount(first[:, 0] * keys + first[:, 3], minlength=keys**2).reshape(keys, keys)
    assert not np.diag(pairs).any()
    assert fits(pairs[~np.eye(keys, dtype=bool)], np.ones(keys**2 - keys))


def successive(weights, count):
    """Return the chance of each ordered choice of places, drawn one after another by weight."""
    chances = {}
    for chosen in permutations(range(len(weights)), count):
        chance, left = 1.0, sum(weights)
        for place in chosen:
            chance *= weights[place] / left
            left -= weights[place]
        chances[chosen] = chance
    return chances


@pytest.mark.parametrize("power", [0.01, 0.5, 1, 2])
@pytest.mark.parametrize("length", [12, 16])
def test_mqar_asks_at_gaps_of_a_power_law_drawn_one_after_another(power, length):
    inputs = drawn(f"mqar:pairs=3,power_a={power}", length).inputs
    places = (length - 6) // 2
    asked = inputs[:, 6::2, None] == inputs[:, None, 0:6:2]
    assert (asked.sum(axis=1) == 1).all()  # each key once, at every second step
    assert (inputs[:, 7::2] == 0).all()
    gaps = Counter(map(tuple, asked.argmax(axis=1).tolist()))
    chances = successive([(gap + 1) ** (power - 1) for gap in range(places)], 3)
    likely = [chosen for chosen, chance in chances.items() if chance * COUNT > 8]
    rest = 1 - sum(chances[chosen] for chosen in likely)
    counts = [gaps[chosen] for chosen in likely]
    shares = [chances[chosen] for chosen in likely]
    if rest * COUNT > 8:
        counts.append(COUNT - sum(counts))
        shares.append(rest)
    assert set(gaps) <= set(chances)
    assert fits(counts, shares)


def test_mqar_with_random_filler_has_any_symbol_between_its_queries():
    inputs = drawn("mqar:random_filler=true", 64).inputs
    assert evenly(inputs[:, 9::2], 64)  # no query stands there
    plain = drawn("mqar", 64)
    assert (plain.inputs[:, 8:][~plain.scored[:, 8:]] == 0).all()
    assert (plain.scored.sum(axis=1) == 4).all()


@pytest.mark.parametrize(
    ("spec", "keys", "values"),
    [
        ("in-context-recall", 8, 8),
        ("in-context-recall:vocabulary_size=7", 3, 4),
        ("noisy-recall:frac_noise=0", 8, 8),
    ],
)
def test_in_context_recall_has_even_keys_each_with_an_even_value(spec, keys, values):
    inputs = drawn(spec, 21).inputs
    assert all(evenly(inputs[:, place], keys) for place in (0, 6, 18))
    assert evenly(inputs[:, 0] * keys + inputs[:, 2], keys**2)
    assert evenly(inputs[:, 1] - keys, values)
    # Two keys' values are independent, and may be the same.
    differ = inputs[:, 0] != inputs[:, 2]
    told = (inputs[:, 1] - keys) * values + inputs[:, 3] - keys
    assert evenly(told[differ], values**2)


def test_in_context_recall_asks_for_each_of_the_keys_seen_as_often():
    inputs = drawn("in-context-recall", 9).inputs
    ranks, shares = np.zeros(4), np.zeros(4)
    for row in inputs.tolist():
        seen = sorted(set(row[:-1:2]))
        ranks[seen.index(row[-1])] += 1
        shares[: len(seen)] += 1 / len(seen)
    assert fits(ranks, shares)


def test_in_context_recall_scores_keys_seen_before_and_no_other_step():
    batch = drawn("in-context-recall", 31, 500)
    for inputs, scored in zip(batch.inputs.tolist(), batch.scored.tolist(), strict=True):
        expected = [
            step % 2 == 0 and inputs[step] in inputs[:step:2] for step in range(len(inputs))
        ]
        assert scored == expected


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_noisy_recall_has_its_share_of_noise_and_always_a_pair(share):
    length, pairs = 21, 10
    inputs = drawn(f"noisy-recall:frac_noise={share}", length).inputs
    noisy = inputs[:, :-1:2] >= 16
    assert (noisy == (inputs[:, 1::2] >= 16)).all()
    # One of the ten pairs, any as likely, is never noise; each of the others is with the share.
    binomial = [
        math.comb(pairs - 1, count) * share**count * (1 - share) ** (pairs - 1 - count)
        for count in range(pairs)
    ]
    counts = np.bincount(noisy.sum(axis=1), minlength=pairs)
    likely = [count for count in range(pairs) if binomial[count] * COUNT > 8]
    assert fits(counts[likely], np.array(binomial)[likely])
    assert not counts[pairs:].any()
    assert all(
        fits([column.sum(), COUNT - column.sum()], [share * 0.9, 1 - share * 0.9])
        for column in noisy.T
    )
    noise = np.concatenate([inputs[:, :-1:2][noisy], inputs[:, 1::2][noisy]]) - 16
    assert evenly(noise, 16)
    assert evenly(inputs[:, 0][~noisy[:, 0]], 8)


def runs(words):
    """Return the runs of one kind of symbol, as tuples of words."""
    cut = [[words[0]]]
    for before, word in pairwise(words):
        if word[0] == before[0]:
            cut[-1].append(word)
        else:
            cut.append([word])
    return [tuple(run) for run in cut]


def test_fuzzy_recall_has_motifs_of_each_size_and_order_as_often():
    task = find_task("fuzzy-recall:vocabulary_size=9")  # four symbols a side
    first_keys, first_values = Counter(), Counter()
    for row in drawn("fuzzy-recall:vocabulary_size=9", 40).inputs:
        cut = runs([word for word in task.inputs.words(row) if word != "-"])
        first_keys[cut[0]] += 1
        first_values[cut[1]] += 1
    for side, found in (("k", first_keys), ("v", first_values)):
        named = [f"{side}{number}" for number in range(4)]
        motifs = [motif for size in (1, 2, 3) for motif in permutations(named, size)]
        shares = [1 / len(list(permutations(named, len(motif)))) for motif in motifs]
        assert set(found) == set(motifs)
        assert fits([found[motif] for motif in motifs], shares)


def test_fuzzy_recall_asks_for_each_pair_as_often():
    task = find_task("fuzzy-recall:vocabulary_size=65")  # so many motifs that few come twice
    asked = Counter()
    for row in drawn("fuzzy-recall:vocabulary_size=65,vary_keys=false", 40).inputs:
        keys = runs([word for word in task.inputs.words(row) if word != "-"])[0::2]
        if len(keys) == 7 and len(set(keys)) == 6:
            asked[keys.index(keys[-1])] += 1
    assert fits([asked[number] for number in range(6)], np.ones(6))


def test_fuzzy_recall_fills_its_length_but_for_the_room_of_the_longest_pair():
    task = find_task("fuzzy-recall")
    for length in (11, 12, 40):
        batch = drawn("fuzzy-recall", length, 2000)
        pads = (batch.inputs == 15).sum(axis=1)
        # A pair of six symbols more would not have left six for the last; the last has two or more.
        assert pads.max() <= 6 + 6 - 1 - 2
        assert (np.diff((batch.inputs == 15).astype(int), axis=1) <= 0).all()
        assert batch.scored[:, -1].all()
    keys = [runs(task.inputs.words(row))[0::2] for row in drawn("fuzzy-recall", 40, 50).inputs]
    assert any(len(key) < 3 for row in keys for key in row)
    full = drawn("fuzzy-recall:vary_keys=false", 40, 200).inputs
    for row in full:
        cut = runs([word for word in task.inputs.words(row) if word != "-"])
        assert all(len(key) == 3 for key in cut[0::2])


def test_memorization_has_even_keys_and_a_map_without_repeats():
    batch = drawn("memorization:vocabulary_size=20", 8)
    assert all(evenly(batch.inputs[:, place], 9) for place in range(0, 8, 2))
    assert evenly(batch.inputs[:, 0] * 9 + batch.inputs[:, 2], 81)
    pairs = set(zip(batch.inputs[:, 0].tolist(), batch.targets[:, 1].tolist(), strict=True))
    assert len(pairs) == len({value for _, value in pairs}) == 9


def test_the_maps_of_memorization_are_any_as_often():
    inputs = np.array([[key, 6] for key in range(3)])
    maps = Counter(
        tuple(find_task(f"memorization:vocabulary_size=7,map_seed={seed}").encode(inputs)[:, 1])
        for seed in range(1200)
    )
    assert set(maps) == set(permutations(range(3)))
    assert fits(list(maps.values()), np.ones(6))


def test_compression_has_even_symbols_that_do_not_depend_on_their_neighbours():
    inputs = drawn("compression", 7).inputs
    assert (inputs[:, 6] == 15).all()
    assert all(evenly(inputs[:, place], 15) for place in range(6))
    assert evenly(inputs[:, 2] * 15 + inputs[:, 3], 225)


@pytest.mark.parametrize(("symbols", "least", "most"), [(4, 1, 3), (3, 2, 2), (5, 1, 1), (3, 3, 3)])
def test_motifs_by_number_are_each_size_and_order_as_often(symbols, least, most):
    motifs = Motifs(2, symbols, least, most)
    sizes = range(least, most + 1)
    bound = len(sizes) * math.perm(symbols, most)
    codes = motifs.numbered(np.arange(bound))
    places = np.empty((bound, most), np.uint8)
    motifs.write(codes, places)
    written = [
        tuple(ids[:size].tolist()) for ids, size in zip(places, motifs.sizes(codes), strict=True)
    ]
    assert all(
        (ids[size:] == 1).all() for ids, size in zip(places, motifs.sizes(codes), strict=True)
    )
    every = [motif for size in sizes for motif in permutations(range(2, 2 + symbols), size)]
    counts = Counter(written)
    assert counts == {motif: bound / len(sizes) / math.perm(symbols, len(motif)) for motif in every}


def test_motifs_are_read_where_they_stand_and_shortened():
    motifs = Motifs(2, 300, 1, 3)
    codes = motifs.draw(stream(4, "test"), (500,))
    places = np.empty((500, 4), np.uint16)
    places[:, 3] = 0
    motifs.write(codes, places[:, :3])
    line = np.append(places, np.zeros(3, np.uint16))
    found, sizes = motifs.codes_at(line, np.arange(0, 2000, 4))
    assert (found == codes).all()
    assert (sizes == motifs.sizes(codes)).all()
    assert set(sizes.tolist()) == {1, 2, 3}
    shorter = motifs.shortened(codes)
    assert (motifs.sizes(shorter) == sizes - 1).all()
    assert all(
        motifs.digits(short, step) == (motifs.digits(code, step) if step < size - 1 else 0)
        for code, short, size in zip(codes, shorter, sizes, strict=True)
        for step in range(3)
    )
