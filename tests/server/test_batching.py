"""Photos of many clients at once: computed together, refused, dropped, and never mixed up."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.serving import Served, jpeg, multipart, served, wait_until

from inception_hub.errors import ArgumentError, OverloadedError
from inception_hub.server.batching import Batcher
from inception_hub.server.metrics import Metrics


def test_a_full_queue_refuses_at_once_and_recovers(small_module: Path) -> None:
    with served(small_module, queue=2, images=8) as server, ThreadPoolExecutor(24) as clients:
        body, kind = multipart({str(i): jpeg(i) for i in range(3)})
        response = server.post("/classify", body, content_type=kind)
        assert (
            response.status == 429
            and response.headers["retry-after"] == "1"
            and "at most 2" in response.error
        )
        photo = jpeg(1, 3000, 2000)
        responses = list(clients.map(lambda _: server.post("/classify", photo), range(24)))
        assert {each.status for each in responses} == {200, 429}
        assert all(each.error for each in responses if each.status == 429)
        wait_until(lambda: server.post("/classify", photo).status == 200)


def test_late_answers_are_not_computed(small_module: Path) -> None:
    with served(small_module, deadline=0.001) as server:
        response = server.post("/classify", jpeg(1, 3000, 2000))
        assert (
            response.status == 503 and "0.001 s" in response.error and response.headers["retry-after"] == "1"
        )
        wait_until(lambda: b"photos_dropped_total 1.0" in server.get("/metrics").content)


def test_photos_of_clients_that_have_left_are_not_computed(small_module: Path) -> None:
    with served(small_module, queue=200, images=100) as server:
        body, kind = multipart(dict.fromkeys(map(str, range(100)), jpeg(1, 2000, 1500)))
        head = f"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        with server.connect() as client:
            client.sendall(head.encode() + body)
            wait_until(lambda: b"photos_inside 0.0" not in server.get("/metrics").content)
        wait_until(lambda: b"photos_inside 0.0" in server.get("/metrics").content)
        assert b"photos_dropped_total 0.0" not in server.get("/metrics").content


def test_neighbours_never_see_each_other(server: Served) -> None:
    """Many clients at once, good and bad: each gets what its own photo gets alone."""
    photos = [jpeg(i) for i in range(8)]
    alone = [server.post("/classify", photo).json["predictions"] for photo in photos]

    def ask(i: int) -> None:
        if i % 3 == 2:
            assert server.post("/classify", photos[i % 8][:400]).status == 400
            return
        response = server.post("/classify", photos[i % 8])
        assert response.status == 200
        for one, other in zip(response.json["predictions"], alone[i % 8], strict=True):
            assert one["index"] == other["index"]
            assert one["probability"] == pytest.approx(other["probability"], rel=1e-4)

    with ThreadPoolExecutor(8) as clients:
        for _ in clients.map(ask, range(96)):
            pass


def test_one_image_that_breaks_a_batch_breaks_alone() -> None:
    held = threading.Event()
    sizes = []

    def compute(images: np.ndarray) -> list[float]:
        held.wait()
        sizes.append(len(images))
        if images.min() < 0:
            raise ArgumentError("poison.")
        return images.max(axis=(1, 2, 3)).tolist()

    batcher = Batcher({"max": compute}, 40, 2, 60, Metrics())
    try:
        values = [0.0, 0.1, -1.0, 0.3] * 8
        futures = batcher.submit("max", [lambda v=v: (np.full((2, 2, 3), v, np.float32),) for v in values])
        with pytest.raises(OverloadedError, match="32 photos"):
            batcher.submit("max", [lambda: (np.zeros((2, 2, 3), np.float32),)] * 9)
        held.set()
        for future, value in zip(futures, values, strict=True):
            if value < 0:
                with pytest.raises(ArgumentError, match="poison"):
                    future.result(30)
            else:
                assert future.result(30) == pytest.approx(value)
        assert max(sizes) == 4
    finally:
        held.set()
        batcher.close()


def test_a_photo_at_two_sizes_is_one_photo() -> None:
    """And is in no batch with one whose second size is another."""

    def compute(small: np.ndarray, large: np.ndarray) -> list[tuple[float, float]]:
        assert len(small) == len(large)
        return list(zip(small.max(axis=(1, 2, 3)), large.max(axis=(1, 2, 3)), strict=True))

    def sizes(number: int) -> tuple[np.ndarray, np.ndarray]:
        second = 4 + 2 * (number % 2)
        return np.full((2, 2, 3), number, np.float32), np.full((second, second, 3), -number, np.float32)

    batcher = Batcher({"pairs": compute}, 12, 2, 60, Metrics())
    try:
        futures = batcher.submit("pairs", [partial(sizes, number) for number in range(12)])
        assert [future.result(30) for future in futures] == [(number, -number) for number in range(12)]
    finally:
        batcher.close()


def test_no_more_photos_at_once_than_there_is_memory_for() -> None:
    entered, sizes, together = threading.Lock(), [], []

    def compute(images: np.ndarray) -> list[int]:
        together.append(not entered.acquire(blocking=False))
        sizes.append(len(images))
        if not together[-1]:
            entered.release()
        return [0] * len(images)

    batcher = Batcher({"zero": compute}, 40, 2, 60, Metrics(), at_once=3)
    try:
        for future in batcher.submit("zero", [lambda: (np.zeros((2, 2, 3), np.float32),)] * 40):
            assert future.result(30) == 0
        assert sum(sizes) == 40 and max(sizes) <= 3 and not any(together)
    finally:
        batcher.close()


def test_cancelled_photos_are_neither_decoded_nor_computed() -> None:
    held = threading.Event()
    computed = []

    def compute(images: np.ndarray) -> list[int]:
        computed.append(len(images))
        return [0] * len(images)

    def images() -> tuple[np.ndarray]:
        held.wait()
        return (np.zeros((2, 2, 3), np.float32),)

    batcher = Batcher({"zero": compute}, 100, 2, 60, Metrics())
    futures: list[Future[Any]] = batcher.submit("zero", [images] * 100)
    for future in futures[:99]:
        future.cancel()
    held.set()
    assert futures[99].result(30) == 0
    wait_until(lambda: not batcher.full)
    batcher.close()
    assert sum(computed) == 1


def test_photos_that_are_cancelled_once_they_are_decoded_are_not_computed() -> None:
    busy, go_on, computed = threading.Event(), threading.Event(), []

    def compute(images: np.ndarray) -> list[int]:
        busy.set()
        go_on.wait(30)
        computed.append(len(images))
        return [0] * len(images)

    def images() -> tuple[np.ndarray]:
        return (np.zeros((2, 2, 3), np.float32),)

    batcher = Batcher({"zero": compute}, 100, 1, 60, Metrics())
    try:
        (first,) = batcher.submit("zero", [images])
        assert busy.wait(30)
        others = batcher.submit("zero", [images] * 3)
        wait_until(lambda: len(batcher._ready) == 3)
        for future in others[:2]:
            assert future.cancel()
        go_on.set()
        assert first.result(30) == others[2].result(30) == 0
    finally:
        go_on.set()
        batcher.close()
    assert sum(computed) == 2
