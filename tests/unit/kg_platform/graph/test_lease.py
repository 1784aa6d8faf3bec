"""A holder that cannot renew its lease stops before others may take it."""

from __future__ import annotations

from typing import Any, cast

import pytest

from kg_platform.errors import GraphUnavailable, Unavailable
from kg_platform.graph.client import Graph
from kg_platform.graph.lease import BEAT_SECONDS, EXPIRY_SECONDS, SILENCE_SECONDS, GraphLease


class FakeGraph:
    """Gives the lock to whoever asks, and is away for every beat."""

    def transact(self, work: Any) -> Any:
        asked: list[Any] = []

        def run(statement: Any) -> list[dict[str, Any]]:
            asked.append(statement)
            return [{"owner": statement.parameters["owner"]}]

        return work(run)

    def once(self, _: object) -> Any:
        raise GraphUnavailable("Neo4j is away.")


def test_silence_ends_it_before_it_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr("kg_platform.graph.lease.time.monotonic", lambda: now)
    lease = GraphLease(lambda: cast(Graph, FakeGraph()), "embed", "embedding job", 60.0)
    lease.ensure()
    now += SILENCE_SECONDS - 1
    lease.check()
    now += 2
    with pytest.raises(Unavailable, match="run the same command again"):
        lease.check()
    assert SILENCE_SECONDS + BEAT_SECONDS < EXPIRY_SECONDS
    lease.ensure()
    lease.check()
    lease.release()  # a Neo4j that is away is no reason to fail
