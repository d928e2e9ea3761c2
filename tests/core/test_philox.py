"""Philox 4x32-10, in Python and in C, held against the published vectors; what its words become."""

import ctypes

import numpy as np
import pytest
import torch

from seqtasks.engine.native.emit.frame import text
from seqtasks.engine.native.execute.compiler import load
from seqtasks.randomness.philox import NOWHERE, StepKeys, normals, philox, uniforms, words

# kat_vectors of Random123: counter, key, words of philox4x32 with 10 rounds
VECTORS = [
    (
        (0, 0, 0, 0),
        (0, 0),
        (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    ),
    (
        (0xFFFFFFFF,) * 4,
        (0xFFFFFFFF,) * 2,
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), VECTORS)
def test_python_gives_the_published_vectors(counter, key, expected):
    found = philox(np.array(counter, dtype=np.uint32)[:, None], key[0] | key[1] << 32)
    assert tuple(found[:, 0]) == expected


IN_C = """
int seqtasks_words(const uint32_t *counter, uint32_t first, uint32_t second, uint32_t *out) {
    words_vec c[4], d[4];
    for (int k = 0; k < 4; ++k) c[k] = d[k] = (words_vec){0} + counter[k];
    d[0] += 1;
    philox(c, d, first, second);
    for (int k = 0; k < 4; ++k) out[k] = c[k][LANES - 1], out[4 + k] = d[k][0];
    return 0;
}
int seqtasks_numbers(const uint32_t *words, long count, real *uniform, real *normal) {
    for (long i = 0; i < count; i += LANES) {
        words_vec w;
        for (int l = 0; l < LANES; ++l) w[l] = words[i + l];
        v_store(uniform + i, uniform_of(w));
        v_store(normal + i, normal_of(w));
    }
    return 0;
}
int seqtasks_draw(real *out, long row, long size, int kind, uint32_t number, uint64_t key,
                  uint32_t time) {
    words_vec times = (words_vec){0} + time, rows;
    for (int l = 0; l < LANES; ++l) rows[l] = l;
    draw_step(out, row, size, kind, number, key, times, rows);
    return LANES;
}
"""


@pytest.fixture(params=[32, 64])
def in_c(request):
    head = f"#define REAL_BITS {request.param}\n#define LARGE 0\n"
    library = load(head + text("vector.h") + text("draws.h") + IN_C)
    return library, np.dtype(f"float{request.param}").type


@pytest.mark.parametrize(("counter", "key", "expected"), VECTORS)
def test_c_gives_the_published_vectors(in_c, counter, key, expected):
    library, _ = in_c
    given, found = (ctypes.c_uint32 * 4)(*counter), (ctypes.c_uint32 * 8)()
    library.seqtasks_words(given, ctypes.c_uint32(key[0]), ctypes.c_uint32(key[1]), found)
    assert tuple(found[:4]) == expected
    counter = ((counter[0] + 1) % 2**32, *counter[1:])
    other = philox(np.array(counter, dtype=np.uint32)[:, None], key[0] | key[1] << 32)
    assert tuple(found[4:]) == tuple(other[:, 0])


def test_words_become_the_same_numbers_in_c(in_c):
    library, real = in_c
    edges = [0, 1, 2**24 - 1, 2**24, 2**24 + 1, 2**31 - 1, 2**31, 2**32 - 129, 2**32 - 1]
    shares = [0.075, 0.925]  # where the tails of the normal distribution begin
    edges += [int(share * 2**32) + k for share in shares for k in (-1, 0, 1)]
    drawn = np.random.default_rng(0).integers(2**32, size=2**14 - len(edges), dtype=np.uint32)
    given = np.concatenate([np.array(edges, dtype=np.uint32), drawn])
    uniform, normal = np.empty(len(given), dtype=real), np.empty(len(given), dtype=real)
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (given, uniform, normal)]
    library.seqtasks_numbers(pointers[0], ctypes.c_long(len(given)), *pointers[1:])
    np.testing.assert_array_equal(uniform, uniforms(given, real))
    assert uniform.min() > 0
    assert uniform.max() < 1
    expected = normals(given)
    off = np.abs(normal - expected) / np.abs(expected)
    assert off.max() < 16 * np.finfo(real).eps


def test_a_draw_of_some_rows_is_the_same_in_c(in_c):
    library, real = in_c
    for size in (1, 4, 7, 13):
        out = np.zeros((size, 16), dtype=real)
        lanes = library.seqtasks_draw(
            out.ctypes.data_as(ctypes.c_void_p),
            *(ctypes.c_long(16), ctypes.c_long(size), 0),
            *(ctypes.c_uint32(77), ctypes.c_uint64(2**63 + 5), ctypes.c_uint32(9)),
        )
        rows = np.arange(lanes)
        expected = uniforms(words(2**63 + 5, 77, rows, np.full(lanes, 9), size), real)
        np.testing.assert_array_equal(out[:, :lanes].T, expected)


def test_each_place_has_a_word_of_its_own():
    places = [
        words(key, number, np.array([0, 1, NOWHERE]), np.array([time] * 3), 6)
        for key in (0, 1, 2**40)
        for number in (0, 1)
        for time in (0, 1, NOWHERE)
    ]
    assert len(np.unique(places)) == 3 * 2 * 3 * 3 * 6


def test_a_part_of_a_draw_is_a_part_of_the_whole():
    whole = words(3, 5, np.arange(40), np.arange(40) % 7, 10)
    rows = np.array([39, 2, 17])
    np.testing.assert_array_equal(words(3, 5, rows, rows % 7, 3), whole[rows, :3])


def test_normal_numbers_are_the_inverse_of_the_distribution_function():
    drawn = np.random.default_rng(1).integers(2**32, size=10_000, dtype=np.uint32)
    share = torch.from_numpy((drawn.astype(np.float64) + 0.5) / 2**32)
    expected = torch.special.ndtri(share).numpy()
    np.testing.assert_allclose(normals(drawn), expected, rtol=1e-12)


COUNT = 100_000


def _farthest(numbers, share_below):
    """Return Kolmogorov's statistic, times the root of the count."""
    ordered = np.sort(numbers.ravel())
    below = share_below(torch.from_numpy(ordered)).numpy()
    steps = np.arange(len(ordered) + 1) / len(ordered)
    distance = max(np.abs(below - steps[1:]).max(), np.abs(below - steps[:-1]).max())
    return distance * np.sqrt(len(ordered))


@pytest.mark.parametrize("axis", ["places", "rows", "times", "numbers", "keys"])
def test_numbers_along_each_axis_have_their_distribution(axis):
    one, many = np.zeros(1, dtype=np.int64), np.arange(COUNT)
    match axis:
        case "places":
            drawn = words(1, 2, one, one, COUNT)
        case "rows":
            drawn = words(1, 2, many, np.zeros(COUNT, dtype=np.int64), 1)
        case "times":
            drawn = words(1, 2, np.zeros(COUNT, dtype=np.int64), many, 1)
        case "numbers":
            drawn = np.concatenate([words(1, k, one, one, 4) for k in range(COUNT // 40)])
        case _:
            keys = StepKeys(0, "test").between(0, COUNT // 40)
            drawn = np.concatenate([words(int(key), 2, one, one, 4) for key in keys])
    limit = 1.95  # passed by one in a thousand
    assert _farthest(uniforms(drawn), lambda u: u) < limit
    assert _farthest(normals(drawn), torch.special.ndtr) < limit
    z = normals(drawn).ravel()
    for power, expected in ((1, 0), (2, 1), (3, 0), (4, 3)):
        spread = np.std(z**power)
        assert abs(np.mean(z**power) - expected) < 4 * spread / np.sqrt(len(z))
    assert abs(np.mean(z[1:] * z[:-1])) < 4 / np.sqrt(len(z))


def test_the_keys_of_steps_are_a_function_of_seed_purpose_and_step():
    keys = StepKeys(3, "forward")
    together = keys.between(5, 4)
    assert [keys.at(step) for step in range(5, 9)] == together.tolist()
    assert StepKeys(3, "forward").at(2**33) == keys.at(2**33)
    others = {StepKeys(4, "forward").at(5), StepKeys(3, "score").at(5), keys.at(5), keys.at(6)}
    assert len(others | {keys.at(5 + 2**32)}) == 5
