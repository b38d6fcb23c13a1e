"""Threads of requests: small work beside large, large work one at a time."""

import asyncio
import threading

import pytest

from inception_hub.server.request_threads import LARGE, TINY, RequestThreads


def test_large_work_is_done_one_at_a_time_and_keeps_no_small_work_waiting() -> None:
    threads = RequestThreads()
    released = threading.Event()
    begun: list[int] = []

    def large(number: int) -> int:
        begun.append(number)
        assert released.wait(30)
        return number

    async def ask() -> list[int]:
        several = asyncio.gather(*(threads.run(LARGE, large, number) for number in range(3)))
        await asyncio.sleep(0)
        for number in range(100):
            assert await threads.run(LARGE - 1, lambda number=number: number) == number
        assert begun == [0]
        released.set()
        return await several

    assert asyncio.run(ask()) == [0, 1, 2]
    threads.close()


@pytest.mark.parametrize("size", [0, TINY - 1, TINY, LARGE])
def test_only_tiny_work_is_done_on_the_event_loop(size: int) -> None:
    threads = RequestThreads()

    async def ask() -> bool:
        return await threads.run(size, threading.current_thread) is threading.current_thread()

    assert asyncio.run(ask()) is (size < TINY)
    threads.close()


def test_errors_reach_who_asked() -> None:
    threads = RequestThreads()
    with pytest.raises(ZeroDivisionError):
        asyncio.run(threads.run(TINY, lambda: 1 // 0))
    threads.close()
