"""Which entities of a part of the graph hang together more closely than with the rest."""

from __future__ import annotations

from collections.abc import Iterable

import networkx

from kg_platform.browse.neighbourhood import Edge

SEED = 0


def communities(ids: Iterable[str], edges: Iterable[Edge]) -> dict[str, int]:
    """The number of each entity's community, by Louvain's method: 0 is the largest. The same
    entities and facts give the same numbers."""
    drawn = networkx.Graph()
    drawn.add_nodes_from(sorted(ids))
    # Several facts between two bind them more closely.
    for edge in sorted(edges):
        if edge.head != edge.tail:
            weight = drawn.get_edge_data(edge.head, edge.tail, {}).get("weight", 0)
            drawn.add_edge(edge.head, edge.tail, weight=weight + 1)
    found = networkx.community.louvain_communities(drawn, weight="weight", seed=SEED)
    ordered = sorted(found, key=lambda members: (-len(members), min(members)))
    return {id: number for number, members in enumerate(ordered) for id in members}
