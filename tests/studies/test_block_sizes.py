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


def first_blocks(each: float) -> list[int]:
    """Return the sizes of the first blocks of settings whose points take `each` seconds."""
    cutter = Cutter([Point(number, number // 20, number) for number in range(100)], 2)
    found: dict[int, int] = {}
    while (block := cutter.next()) is not None:
        setting, points = block
        found.setdefault(setting, len(points))
        cutter.ended(setting, len(points), each * len(points))
    return list(found.values())


def test_a_setting_begins_with_as_many_points_as_were_quick_in_the_one_before():
    assert first_blocks(0.05)[:3] == [1, 4, 4]
    assert first_blocks(0.001)[:3] == [1, 8, 8]
    assert first_blocks(2.0) == [1] * 5
