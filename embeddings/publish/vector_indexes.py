"""The vector indexes over published vectors: keep, make, wait for, and name them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kg_platform.cypher import vectors as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, QueryFailed
from kg_platform.graph.client import Graph

POLL_SECONDS = 0.2
# An index whose state and percentage stand still for so long will not be finished.
STALLED_SECONDS = 1800.0
MOST_NUMBERS = 4096  # of a vector that Neo4j indexes
FILTERING = (2026, 8)  # the first server whose indexes we ask by properties too


@dataclass(frozen=True)
class VectorIndex:
    """Our index over a property: the numbers of its vectors, and what else it can be asked by."""

    dimension: int
    filters: tuple[str, ...]


def filters(graph: Graph) -> tuple[str, ...]:
    """The properties that indexes made now can be asked by."""
    return cypher.FILTERS if graph.server_version >= FILTERING else ()


def refuse_too_wide(names: Mapping[str, int]) -> None:
    """Refuse vectors (property -> dimension) that cannot be indexed.

    Raises:
        BadInput: with what to choose.
    """
    for name, dimension in names.items():
        if dimension > MOST_NUMBERS:
            raise BadInput(
                f"The property {name} would have {dimension:,} numbers, and Neo4j's vector indexes "
                f"take at most {MOST_NUMBERS:,}; choose a smaller dimension or fewer members, or "
                "train with --no-publish."
            )


def refuse_taken_names(graph: Graph, names: Mapping[str, int]) -> None:
    """Refuse when the index of somebody else stands where ours has to be.

    Raises:
        BadInput: with the statement that removes it.
    """
    for row in _indexes(graph):
        for name in names:
            if row["name"] != cypher.INDEX_OF[name] and _covers(row, name):
                raise _in_the_way(row["name"], f":Entity({name})")
    for name in names:
        index = cypher.INDEX_OF[name]
        if graph.read(Statement(cypher.NAME_TAKEN, {"name": index})):
            raise _in_the_way(index, f"the name {index}")


def drop_incompatible(graph: Graph, names: Mapping[str, int]) -> list[str]:
    """Drop our indexes that do not fit `names` (property -> dimension); returns their names."""
    ours = {row["name"]: row for row in _indexes(graph)}
    dropped, wanted = [], filters(graph)
    for name, dimension in names.items():
        row = ours.get(cypher.INDEX_OF[name])
        if row is not None and not _compatible(row, name, dimension, wanted):
            graph.run_schema(cypher.drop_index(name))
            dropped.append(cypher.INDEX_OF[name])
    return dropped


def create_and_wait(
    graph: Graph, names: Mapping[str, int], on_progress: Callable[[int, int], None]
) -> None:
    """Make the indexes that are not there, and wait until all of them answer.

    `on_progress(done, total)` counts percent, 100 an index.

    Raises:
        QueryFailed: an index could not be built, or stands still.
    """
    for name, dimension in names.items():
        graph.run_schema(cypher.create_index(name, dimension, filters(graph)))
    wanted = {cypher.INDEX_OF[name] for name in names}
    last: list[Any] = []
    moved = time.monotonic()
    while True:
        rows = [row for row in _indexes(graph) if row["name"] in wanted]
        for row in rows:
            if row["state"] == "FAILED":
                raise QueryFailed(
                    f"Neo4j could not build the vector index {row['name']} "
                    f"({row['failureMessage']}); drop it and publish again."
                )
        done = [100.0 if r["state"] == "ONLINE" else float(r["populationPercent"]) for r in rows]
        on_progress(int(sum(done)), 100 * len(wanted))
        if len(rows) == len(wanted) and all(r["state"] == "ONLINE" for r in rows):
            return
        if done != last:
            last, moved = done, time.monotonic()
        if time.monotonic() - moved > STALLED_SECONDS:
            raise QueryFailed(
                f"The vector indexes {', '.join(sorted(wanted))} have not moved for "
                f"{STALLED_SECONDS / 60:.0f} minutes; look at the server's log, then publish again."
            )
        time.sleep(POLL_SECONDS)


def ours(graph: Graph) -> dict[str, VectorIndex]:
    """Our indexes, by the property they are over."""
    names = {index: name for name, index in cypher.INDEX_OF.items()}
    return {
        names[row["name"]]: VectorIndex(
            int(_config(row).get("vector.dimensions") or 0), tuple(row["properties"][1:])
        )
        for row in _indexes(graph)
        if row["name"] in names
    }


def dimension_of(graph: Graph, name: str) -> int | None:
    """Dimension of our index over this property; None when there is no such index."""
    found = ours(graph).get(name)
    return None if found is None else found.dimension


def _compatible(row: Mapping[str, Any], name: str, dimension: int, wanted: tuple[str, ...]) -> bool:
    config = _config(row)
    # 2026.x says the type, 5.26 says only whether.
    exact = config.get("vector.quantization.type") == "NONE" or (
        config.get("vector.quantization.enabled") is False
    )
    return (
        _covers(row, name)
        and set(row["properties"][1:]) == set(wanted)
        and row["state"] != "FAILED"
        and config.get("vector.dimensions") == dimension
        and str(config.get("vector.similarity_function")).upper() == "COSINE"
        and exact
    )


def _covers(row: Mapping[str, Any], name: str) -> bool:
    return bool(row["labelsOrTypes"] == ["Entity"] and row["properties"][:1] == [name])


def _config(row: Mapping[str, Any]) -> Mapping[str, Any]:
    config: Mapping[str, Any] = (row["options"] or {}).get("indexConfig") or {}
    return config


def _indexes(graph: Graph) -> list[dict[str, Any]]:
    """The vector indexes there are, over properties by the platform's names."""
    rows = graph.read(Statement(cypher.SHOW_INDEXES))
    turned = graph.vocabulary.turned_name
    return [{**row, "properties": [turned(key) for key in row["properties"]]} for row in rows]


def _in_the_way(index: str, what: str) -> BadInput:
    return BadInput(
        f"Another index, {index}, stands on {what}, where the published vectors need their own; "
        f"remove it with DROP INDEX {index} and publish again."
    )
