"""Work in threads: in order, a bounded way ahead of need, and ended by whoever leaves."""

import threading
from collections.abc import Iterator

import pytest

from inception_hub.system.cores import usable_cores
from inception_hub.system.threads import AHEAD, in_order


def test_results_come_in_order() -> None:
    assert list(in_order(lambda number: number**2, range(200))) == [number**2 for number in range(200)]
    assert list(in_order(str, [])) == []


def test_items_are_taken_a_bounded_way_ahead() -> None:
    taken = 0

    def many() -> Iterator[int]:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield taken

    results = in_order(lambda number: number, many())
    most = AHEAD * usable_cores()
    for number in range(1, 50):
        assert next(results) == number
        assert taken <= number + most
    results.close()  # type: ignore[attr-defined]


def test_an_error_is_the_readers_and_leaves_no_thread() -> None:
    def work(number: int) -> int:
        if number == 5:
            raise ValueError("five")
        return number

    before = set(threading.enumerate())  # those of iterators that other tests have not read to their end
    results = in_order(work, range(100))
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="five"):
        next(results)
    assert set(threading.enumerate()) <= before
