"""How far the world has moved from the published run, as it was measured last."""

from __future__ import annotations

from typing import Any

from kg_platform.cypher import drifting
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph


def world_drift_noted(graph: Graph) -> dict[str, Any] | None:
    """`drift`, `facts` that it was measured on, `at`; None: it was not measured of this run."""
    rows = graph.read(Statement(drifting.NOTED))
    return dict(rows[0]) if rows else None


def moved_sentence(noted: dict[str, Any]) -> str:
    """In a line, for people."""
    return (
        f"Drift: facts that arrived since the training are ranked {noted['drift']:.0%} worse "
        f"({noted['facts']:,} facts, measured {str(noted['at'])[:16]} UTC)."
    )
