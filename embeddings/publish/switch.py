"""The switch of a publish: vectors that were staged become the current ones while people read.

pointer to what was staged -> it takes its own names, batch by batch -> vectors of earlier runs
go -> indexes online -> pointer back to the own names -> what was staged goes

Readers (`published.py`) are answered from what was staged until the last but one step, so no
answer mixes runs. Every step may be done again: a switch that was killed is finished by `settle`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from embeddings.publish import vector_indexes
from embeddings.publish.concurrent_writes import concurrently
from kg_platform.cypher import vectors as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.progress import Progress

# Entities whose vectors take their own names in one transaction: see `publish_checks.BATCH_CELLS`.
BATCH = 500


def under_way(graph: Graph) -> tuple[str, str] | None:
    """(run, "next" or "own") of a switch that has begun and not ended."""
    rows = graph.read(Statement(cypher.SWITCHING))
    return (str(rows[0]["id"]), str(rows[0]["serving"])) if rows else None


def half_way(graph: Graph) -> str | None:
    """The run whose publish has begun and not ended, switched or not."""
    rows = graph.read(Statement(cypher.ANY_HALFWAY))
    return str(rows[0]["id"]) if rows else None


def drop_aside(graph: Graph) -> None:
    """Remove what was staged; indexes first, so that they need not follow."""
    for name in cypher.STAGED.values():
        graph.run_schema(cypher.drop_index(name))
    graph.run_schema(cypher.REMOVE_NEXT)


def settle(graph: Graph, run_id: str, serving: str, report: Progress) -> int:
    """From the moment that readers are answered from what was staged to the end.

    Returns how many entities lost vectors of earlier runs.
    """
    cleared = 0
    if serving == "next":
        names = _dimensions(graph)
        vector_indexes.drop_incompatible(graph, names)
        _take_names(graph, run_id, report)
        cleared = clear_earlier(graph, run_id, report)
        vector_indexes.create_and_wait(
            graph, names, lambda done, total: report("vector indexes", done, total)
        )
        graph.write(Statement(cypher.SERVE_FROM_OWN, {"id": run_id}))
    drop_aside(graph)
    graph.write(Statement(cypher.END_SWITCH, {"id": run_id}))
    return cleared


def clear_earlier(graph: Graph, run_id: str, report: Progress) -> int:
    """Take vectors of earlier runs off the entities that are not in this one; returns how many."""
    stale = count(graph, cypher.COUNT_STALE, run_id)
    if stale:
        report("clear earlier vectors", 0, stale)
        graph.run_schema(cypher.REMOVE_STALE, {"id": run_id})
        report("clear earlier vectors", stale, stale)
    return stale


def count(graph: Graph, text: str, run_id: str) -> int:
    return int(graph.read(Statement(text, {"id": run_id}))[0]["count"])


def _take_names(graph: Graph, run_id: str, report: Progress) -> None:
    total, done = count(graph, cypher.COUNT_STAGED, run_id), 0

    def take(ids: list[str]) -> int:
        graph.write(Statement(cypher.TAKE_NEXT, {"id": run_id, "ids": ids}))
        return len(ids)

    for taken in concurrently(partial(take, ids) for ids in _staged_batches(graph, run_id)):
        done += taken
        report("switch", done, max(done, total))


def _staged_batches(graph: Graph, run_id: str) -> Iterator[list[str]]:
    """The entities whose vectors were staged, in batches by id."""
    after = ""
    while True:
        parameters = {"id": run_id, "after": after, "limit": BATCH}
        ids = graph.read(Statement(cypher.NEXT_IDS, parameters))[0]["ids"]
        if not ids:
            return
        yield ids
        after = ids[-1]


def _dimensions(graph: Graph) -> Mapping[str, int]:
    """Property -> dimension of the vectors that were staged, by their indexes."""
    found = {
        name: vector_indexes.dimension_of(graph, next_) for name, next_ in cypher.STAGED.items()
    }
    return {name: dimension for name, dimension in found.items() if dimension}
