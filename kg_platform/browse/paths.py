"""How two entities hang together: all shortest paths from one to the other, over any facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kg_platform.browse import read_only
from kg_platform.browse.neighbourhood import Edge
from kg_platform.browse.standing import standing
from kg_platform.cypher import neighbouring as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph
from kg_platform.graph.values import Table

MOST_STEPS = 8
PATHS = 50
MAX_BYTES = 20_000_000
LATE = (
    "Looking for paths between the two took longer than it may; ask for paths of fewer steps, or "
    "over some relations only."
)


@dataclass(frozen=True)
class ShortestPath:
    """One path: the entities it passes, and the facts it takes, each as the graph has it."""

    nodes: tuple[str, ...]
    steps: tuple[Edge, ...]


@dataclass(frozen=True)
class ShortestPaths:
    """All shortest paths between two entities, or as many as were asked for (`more`: there are
    others as short). None: they do not hang together within so many steps."""

    paths: tuple[ShortestPath, ...]
    more: bool = False

    @property
    def length(self) -> int:
        return len(self.paths[0].steps) if self.paths else 0


def shortest_paths(
    graph: Graph,
    one: str,
    other: str,
    *,
    steps: int = 4,
    limit: int = PATHS,
    relations: Sequence[str] | None = None,
    seconds: float = 30.0,
) -> ShortestPaths:
    """The shortest paths of up to `steps` facts, whichever way these lead; `relations` are those
    that are taken, any without it.

    Raises:
        NotFound: one of the two is not there.
        BadInput: they are one, or the steps or the limit are out of range.
        QueryFailed: it took longer than `seconds`.
    """
    if not 1 <= steps <= MOST_STEPS:
        raise BadInput(f"Ask for paths of 1 to {MOST_STEPS} steps, not {steps}.")
    if limit < 1:
        raise BadInput(f"Ask for at least 1 path, not {limit}.")
    stands = standing(graph.read, [one, other])
    for end in (one, other):
        if end not in stands:
            raise NotFound(f"No entity has the id {end!r}; choose another end of the path.")
    first, last = stands[one], stands[other]
    if first == last:
        raise BadInput(f"{one} and {other} are one entity; choose two.")
    given = {
        "one": first,
        "other": last,
        "limit": limit + 1,
        "relations": None if relations is None else list(relations),
    }
    text = cypher.shortest(steps)
    names = graph.vocabulary
    statement = Statement(names.text(text), names.parameters(text, given))

    def ask() -> Table:
        return graph.table(statement, timeout=seconds, max_rows=limit + 1, max_bytes=MAX_BYTES)

    rows = read_only.within(seconds + read_only.GRACE_SECONDS, LATE, ask).rows
    paths = [
        ShortestPath(tuple(nodes), tuple(Edge(*step) for step in steps)) for nodes, steps in rows
    ]
    return ShortestPaths(
        tuple(sorted(paths, key=lambda path: path.nodes)[:limit]), len(paths) > limit
    )
