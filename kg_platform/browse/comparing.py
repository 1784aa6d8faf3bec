"""What two entities have in common in the graph: facts of both, facts between them, short ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kg_platform.browse.entities import EntityRow
from kg_platform.cypher import comparing as cypher
from kg_platform.cypher.reviewing import PATHS
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph

MOST_SHARED = 12
# Relationships of that of the two with fewer that are read for what both have.
LOOKED_THROUGH = 20_000


@dataclass(frozen=True)
class SharedFact:
    """A fact that both have: (each) -[relation]-> (entity) where `outgoing`, else the other way.
    `degree` is how many relationships the entity has: with few of them it says more."""

    relation: str
    outgoing: bool
    entity: EntityRow
    degree: int


@dataclass(frozen=True)
class PathStep:
    """A relationship of a path: `forward` leads from the node before it to the one after."""

    relation: str
    forward: bool


@dataclass(frozen=True)
class Path:
    """A way from one entity to the other: (id, label) of its nodes, both ends too, and the steps
    between them."""

    nodes: tuple[tuple[str, str], ...]
    steps: tuple[PathStep, ...]


@dataclass(frozen=True)
class InCommon:
    """`shared` are the first of `shared_count` facts that both have, those that few others have
    first; None: both have too many relationships to look for them. `between` are facts from one to
    the other (relation, outgoing). `paths` are up to five, of three facts at most, the shortest
    first; they may go through what is shared."""

    shared: tuple[SharedFact, ...]
    shared_count: int | None
    between: tuple[tuple[str, bool], ...]
    paths: tuple[Path, ...]


def in_common(graph: Graph, one: str, other: str) -> InCommon:
    """What these two have in common; nothing, where one is not there."""
    ends = {"one": one, "other": other}
    most = {"most": LOOKED_THROUGH, "limit": MOST_SHARED}
    found = graph.read(Statement(cypher.SHARED, ends | most))
    shared = tuple(
        SharedFact(
            row["relation"],
            row["outgoing"],
            EntityRow(row["id"], row["label"], row["type"], row["description"], row["picture"]),
            row["degree"],
        )
        for row in found
        if row["relation"] is not None
    )
    count: int | None = 0
    if found:
        count = found[0]["count"] if found[0]["least"] <= LOOKED_THROUGH else None
    between = graph.read(Statement(cypher.BETWEEN, ends))
    paths = graph.read(Statement(PATHS, {"head": one, "tail": other}))
    return InCommon(
        shared,
        count,
        tuple((row["relation"], row["outgoing"]) for row in between),
        tuple(map(_path, paths)),
    )


def _path(row: dict[str, Any]) -> Path:
    nodes = tuple((node["id"], node["label"]) for node in row["nodes"])
    steps = tuple(
        PathStep(step["type"], step["from"] == at[0])
        for at, step in zip(nodes, row["steps"], strict=False)
    )
    return Path(nodes, steps)
