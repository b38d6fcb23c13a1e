"""Threads of requests: small work beside large, large work one at a time."""

import asyncio
import threading

import pytest

from inception_hub.server.request_threads import LARGE, RequestThreads


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


def test_errors_reach_who_asked() -> None:
    threads = RequestThreads()
    with pytest.raises(ZeroDivisionError):
        asyncio.run(threads.run(0, lambda: 1 // 0))
    threads.close()
