"""Work on one thread leaves the number of threads as it was, whoever else is at such work."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import torch

from embeddings.numerics.threads import one_thread


@pytest.fixture(autouse=True)
def three() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def seen_by_a_new_thread() -> int:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(torch.get_num_threads).result()


def test_two_that_overlap_put_back_what_there_was() -> None:
    began, over = Event(), Event()

    def other() -> tuple[int, int, int]:
        with one_thread():
            first = torch.get_num_threads()
            began.set()
            assert over.wait(10)
            then = torch.get_num_threads()
        return first, then, torch.get_num_threads()

    with ThreadPoolExecutor(1) as pool:
        with one_thread():
            found = pool.submit(other)
            assert began.wait(10)
        assert torch.get_num_threads() == 3
        over.set()
        assert found.result() == (1, 1, 3)
    assert seen_by_a_new_thread() == 3


def test_one_within_another_changes_nothing() -> None:
    with one_thread():
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 1
    assert (torch.get_num_threads(), seen_by_a_new_thread()) == (3, 3)
