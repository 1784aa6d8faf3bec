"""Whoever loads gets the collector's settings back as they were."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import suppress

import pytest

from kg_platform.collector import rarely_collecting


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_it_looks_seldom_and_then_as_before() -> None:
    gc.set_threshold(700, 10, 10)
    with suppress(KeyboardInterrupt), rarely_collecting():
        assert gc.get_threshold()[0] > 10_000
        raise KeyboardInterrupt
    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.parametrize("first", [0, 10_000_000])
def test_who_wants_it_off_or_rarer_keeps_that(first: int) -> None:
    gc.set_threshold(first, 10, 10)
    with rarely_collecting():
        assert gc.get_threshold() == (first, 10, 10)
