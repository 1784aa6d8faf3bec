"""What the owner's application wrote since: nodes that came, values that changed, keys that did.

What it deleted leaves no node to look at: a scan (`embeddings/refresh/staleness.py`) finds that an
entity of the published run is gone, and buries it. Facts that changed are found there, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kg_platform.adoption.mapping import mapping_of
from kg_platform.cypher import adopting as cypher
from kg_platform.cypher.adopting import NodeKind
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, QueryFailed
from kg_platform.graph.client import Graph
from kg_platform.graph.plain import plain

_SHOWN = 60  # characters of a node in a sentence


@dataclass(frozen=True)
class SyncedNodes:
    """How many nodes became entities, say something else, and are none any more (their label or
    their key is another one)."""

    new: int = 0
    changed: int = 0
    left: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def sync_nodes(graph: Graph) -> SyncedNodes:
    """Make entities and nodes agree. In a graph that was not adopted there is nothing to do.

    Every batch is whole, and doing it again goes on.

    Raises:
        BadInput: two nodes have one key now.
    """
    if graph.adoption is None:
        return SyncedNodes()
    kinds, names = mapping_of(graph.adoption).kinds, graph.vocabulary.names()
    left = _count(graph, cypher.unclaimed(kinds, names))
    left += sum(_count(graph, cypher.rekeyed(kind, names)) for kind in kinds)
    texts = [text for kind in kinds if (text := cypher.refresh(kind)) is not None]
    changed = sum(_count(graph, text) for text in texts)
    new = sum(adopt_kind(graph, kind) for kind in kinds)
    return SyncedNodes(new, changed, left)


def adopt_kind(graph: Graph, kind: NodeKind) -> int:
    """Nodes of the kind that are none become entities; how many.

    Raises:
        BadInput: two nodes have one key now.
    """
    try:
        return _count(graph, cypher.adopt(kind))
    except QueryFailed as error:
        pairs = graph.read(Statement(cypher.shared_key(kind))) if kind.key else []
        for row in pairs:
            raise BadInput(
                f"Two nodes have the key {row['id']}: {shown(row['one'])} and "
                f"{shown(row['other'])}; give one of them another {', '.join(kind.key)}, then run "
                "this again."
            ) from error
        raise


def shown(properties: Mapping[str, Any]) -> str:
    """Some of a node's properties, for a sentence."""
    text = ", ".join(f"{key}: {value!r}" for key, value in sorted(plain(properties).items()))
    return "{" + (text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…") + "}"


def waiting_nodes(graph: Graph) -> int | None:
    """How many nodes of a graph that was adopted are to be; None: it was not."""
    if graph.adoption is None:
        return None
    kinds = mapping_of(graph.adoption).kinds
    found = (graph.read(Statement(cypher.waiting(kind))) for kind in kinds)
    return sum(int(rows[0]["count"]) for rows in found)


def _count(graph: Graph, text: str) -> int:
    return int(graph.once(Statement(f"{text} RETURN count(*) AS count"))[0]["count"])
