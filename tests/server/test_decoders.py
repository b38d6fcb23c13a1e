"""Decoding threads: one that a photo holds is replaced, and the others lose nothing by it."""

import threading
from concurrent.futures import Future

from helpers.serving import wait_until

from inception_hub.server.decoders import Decoders
from inception_hub.server.metrics import Metrics


def test_jobs_are_done_in_order_and_the_threads_end() -> None:
    before = set(threading.enumerate())  # those of servers of other tests end when they like
    done: list[int] = []
    decoders = Decoders(1, 60, Metrics())
    for i in range(100):
        decoders.submit(lambda i=i: done.append(i))
    decoders.close()
    assert done == list(range(100)) and set(threading.enumerate()) <= before


def test_a_job_that_does_not_end_holds_up_no_other() -> None:
    metrics, others = Metrics(), set(threading.enumerate())
    decoders = Decoders(1, 0, metrics)
    released = threading.Event()
    begun: list[threading.Event] = [threading.Event() for _ in range(3)]
    for event in begun:  # each is in the only thread, until the next one is given a new thread
        decoders.submit(lambda event=event: (event.set(), released.wait()))  # type: ignore[func-returns-value]
        assert event.wait(30)
    answer: Future[int] = Future()
    decoders.submit(lambda: answer.set_result(7))
    assert answer.result(30) == 7
    assert b"inception_hub_decodes_overrun_total 3.0" in metrics.text()
    released.set()
    wait_until(lambda: len(set(threading.enumerate()) - others) == 1)
    decoders.close()


def test_a_job_within_its_time_is_waited_for() -> None:
    metrics = Metrics()
    decoders = Decoders(1, 60, metrics)
    released, begun = threading.Event(), threading.Event()
    order: list[str] = []
    decoders.submit(lambda: (begun.set(), released.wait(), order.append("first")))  # type: ignore[func-returns-value]
    assert begun.wait(30)
    decoders.submit(lambda: order.append("second"))
    released.set()
    decoders.close()
    assert order == ["first", "second"]
    assert b"inception_hub_decodes_overrun_total 0.0" in metrics.text()
