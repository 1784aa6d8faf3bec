"""How often `kg watch` looks, and that it waits for what is away whenever that goes."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from embeddings.jobs import watch
from embeddings.jobs.watch import LIVELY, SOON, WatchOptions, _Watch
from kg_platform.errors import GraphUnavailable


def job(every: float = 0.5, quiet: float = 0.0) -> _Watch:
    """A watch whose last change is so long ago."""
    made = _Watch(cast(Any, None), WatchOptions(every=every), print, None, cast(Any, None))
    made._worked_at = time.monotonic() - quiet
    return made


def test_after_a_change_the_next_one_is_looked_for_soon() -> None:
    assert job(3600)._pause() == SOON
    assert job(0.01)._pause() == 0.01


def test_a_graph_in_which_nothing_changes_is_left_in_peace() -> None:
    assert job(0.5, quiet=LIVELY)._pause() == 0.5


def test_a_neo4j_that_goes_right_after_a_change_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(_: int) -> list[str]:
        raise GraphUnavailable("Neo4j does not answer.")

    told: list[str] = []
    busy = iter([True, False])
    made = job()
    made._tell, made._stop = told.append, lambda: bool(told)
    made._space = cast(Any, SimpleNamespace(marked=away))
    monkeypatch.setattr(made, "_step", lambda: next(busy, None) or made._space.marked(1))
    monkeypatch.setattr(made, "_count", lambda last: None)
    monkeypatch.setattr(watch, "PAUSE", 0.0)
    made._loop()
    assert told == ["Neo4j does not answer. Waiting for it."]
