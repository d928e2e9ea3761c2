"""Blocks grow to a second or two, whatever a block costs beside its points."""

from seqtasks.studies.execute.block_sizes import PATIENCE, SECONDS, Cutter
from seqtasks.studies.settings import Point


def sizes(points: int, jobs: int, beside: float, each: float) -> list[int]:
    """Return the sizes of blocks that take `beside` seconds and `each` seconds a point."""
    cutter = Cutter([Point(number, 0, number) for number in range(points)], jobs)
    found: list[int] = []
    while (block := cutter.next()) is not None:
        count = len(block[1])
        found.append(count)
        cutter.ended(0, count, beside + each * count)
    return found


def test_every_point_is_handed_out_once():
    cutter = Cutter([Point(number, number // 7, number) for number in range(40)], 3)
    numbers: list[int] = []
    while (block := cutter.next()) is not None:
        assert {point.setting for point in block[1]} == {block[0]}
        numbers += [point.number for point in block[1]]
        cutter.ended(block[0], len(block[1]), 0.01)
    assert numbers == list(range(40))


def test_the_cost_of_a_block_alone_does_not_keep_blocks_small():
    assert max(sizes(10_000, 2, beside=1.6, each=0.001)) >= 500


def test_blocks_of_slow_points_stay_short():
    assert max(sizes(200, 2, beside=0.0, each=1.0)) <= 2 * PATIENCE * SECONDS
    assert max(sizes(50, 2, beside=0.0, each=30.0)) == 1
