"""How much of the graph is not as the published run saw it."""

from __future__ import annotations

from collections.abc import Sequence

from kg_platform.cypher.snapshots import one_of
from kg_platform.cypher.vectors import PROVISIONAL
from kg_platform.graph import Statement


def counts(run: str, since: str | None, labels: Sequence[str]) -> Statement:
    """-> total, changed (written since, or without a vector of the run), trained (carrying one that
    was trained). Entities with other labels than the run's are not counted."""
    text = f"""
MATCH (n:Entity)
WHERE n.id >= ''{one_of("n", labels)}
WITH n, n.embedding_run = $run AND n.{PROVISIONAL} IS NULL AS trained
RETURN count(n) AS total,
       count(CASE WHEN trained THEN 1 END) AS trained,
       count(CASE WHEN coalesce(n.embedding_run, '') <> $run OR n.updated_at > datetime($since)
             THEN 1 END) AS changed
"""
    return Statement(text, {"run": run, "since": since})
