from __future__ import annotations

import threading

import pytest

from ingest.loading.ahead import AfterWriting, Ahead
from kg_platform.errors import Unavailable
from tests.support.fake_store import FakeStore


def test_work_is_done_in_order_beside_ours_and_reported_here() -> None:
    done: list[int] = []
    told: list[tuple[int, str]] = []
    with Ahead[int](lambda note: told.append((note, threading.current_thread().name))) as writer:
        for number in range(20):
            writer.put(lambda number=number: done.append(number), number)  # type: ignore[misc]
        writer.finish()
    here = threading.current_thread().name
    assert done == list(range(20))
    assert told == [(number, here) for number in range(20)]


def test_what_may_be_done_beside_others_waits_for_what_may_not() -> None:
    both, done = threading.Barrier(2, timeout=60), []

    def meet(number: int) -> None:
        both.wait()
        done.append(number)

    with Ahead[int](lambda note: None) as writer:
        writer.put(lambda: done.append(0), 0)
        writer.put(lambda: meet(1), 1, beside=True)
        writer.put(lambda: meet(2), 2, beside=True)
        writer.put(lambda: done.append(3), 3)
        writer.put(lambda: done.append(4), 4, beside=True)
        writer.finish()
    assert done[0] == 0
    assert sorted(done[1:3]) == [1, 2]
    assert done[3:] == [3, 4]


def test_reading_waits_when_writing_is_a_few_batches_behind() -> None:
    go, begun = threading.Event(), threading.Semaphore(0)

    def wait() -> None:
        begun.release()
        go.wait(60)

    with Ahead[int](lambda note: None) as writer:
        for number in range(3):
            writer.put(wait, number)
        assert begun.acquire(timeout=60)
        more = threading.Thread(target=lambda: writer.put(lambda: None, 3))
        more.start()
        more.join(0.05)
        assert more.is_alive()
        go.set()
        more.join(60)
        assert not more.is_alive()


def test_what_fails_is_raised_here_and_nothing_after_it_is_begun() -> None:
    done: list[int] = []
    told: list[int] = []

    def work(number: int) -> None:
        if number == 1:
            raise Unavailable("Neo4j went away.")
        done.append(number)

    def all_of_it(writer: Ahead[int]) -> None:
        for number in range(20):
            writer.put(lambda number=number: work(number), number)  # type: ignore[misc]
        writer.finish()

    with Ahead[int](told.append) as writer, pytest.raises(Unavailable, match="went away"):
        all_of_it(writer)
    assert done == told == [0]


def test_leaving_early_finishes_what_was_begun_and_drops_the_rest() -> None:
    go, begun, done = threading.Event(), threading.Event(), []

    def first() -> None:
        begun.set()
        go.wait(60)
        done.append(0)

    def stopped() -> None:
        with Ahead[int](lambda note: None) as writer:
            writer.put(first, 0)
            writer.put(lambda: done.append(1), 1)
            assert begun.wait(60)
            threading.Timer(0.05, go.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert done == [0]


def test_media_are_looked_up_after_what_waits_is_written() -> None:
    store = FakeStore()
    after = AfterWriting(store, lambda: store.media.update(ab12=None))
    assert after.known_media(["ab12"]) == {"ab12": None}
