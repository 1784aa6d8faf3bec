"""How often `kg watch` looks."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

from embeddings.jobs.watch import LIVELY, WatchOptions, _Watch


def rested(every: float, quiet: float, marks: list[str]) -> int:
    """How often marks are asked for in a rest that begins so long after the last change."""
    job = _Watch(cast(Any, None), WatchOptions(every=every), print, None, cast(Any, None))
    asked: list[int] = []

    def marked(limit: int) -> list[str]:
        asked.append(limit)
        return marks

    job._space = cast(Any, SimpleNamespace(marked=marked))
    job._worked_at = time.monotonic() - quiet
    job._rest()
    return len(asked)


def test_after_a_change_the_next_one_is_not_waited_for() -> None:
    assert rested(3600, 0.0, ["a"]) == 1


def test_a_graph_in_which_nothing_changes_is_left_in_peace() -> None:
    assert rested(0.2, LIVELY, ["a"]) == 0
