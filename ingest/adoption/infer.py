"""Looks at a graph and proposes a mapping."""

from __future__ import annotations

from kg_platform.graph.client import Graph


def proposal(graph: Graph) -> str:
    """An `adopt.yaml`."""
    del graph
    return ""
