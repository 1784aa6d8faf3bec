"""Taking entities out of the graph: what they were related to is marked, and a tombstone stays.

What was kept of merges into them goes as well: they cannot be undone any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kg_platform.browse.entities import close_matches
from kg_platform.cypher import changes, merging
from kg_platform.cypher.statement import Statement
from kg_platform.errors import NotFound
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.graph.client import Graph, Run

BATCH = 1_000  # entities a transaction


@dataclass(frozen=True)
class Leaving:
    """An entity that is about to go, with the number of its facts and media."""

    id: str
    label: str
    type: str | None
    facts: int
    media: int


def to_forget(graph: Graph, ids: Sequence[str]) -> list[Leaving]:
    """These entities, each once.

    Raises:
        NotFound: one is not there. BadInput: the graph was adopted.
    """
    GraphAdoption.refuse(graph.adoption, "`kg forget` removes nothing from it")
    wanted = list(dict.fromkeys(ids))
    rows = graph.read(Statement(changes.TO_FORGET, {"ids": wanted}))
    found = {row["id"]: Leaving(**row) for row in rows}
    for name in wanted:
        if name not in found:
            close = ", ".join(row.id for row in close_matches(graph, name))
            hint = f"; did you mean {close}?" if close else "; `kg show` finds them by label."
            raise NotFound(f"No entity has the id {name!r}, so nothing was removed{hint}")
    return [found[name] for name in wanted]


def forget(graph: Graph, ids: Sequence[str]) -> int:
    """Remove entities and their relations; how many. Media that nobody refers to any more stay for
    `kg sweep`. Doing it again removes nothing."""
    wanted, gone = list(dict.fromkeys(ids)), 0
    for start in range(0, len(wanted), BATCH):
        part = wanted[start : start + BATCH]
        gone += graph.transact(lambda run, part=part: _forget(run, part))  # type: ignore[misc]
    return gone


def _forget(run: Run, ids: Sequence[str]) -> int:
    forgotten = [row["id"] for row in run(Statement(changes.FORGET, {"ids": ids}))]
    ended = forgotten
    while ended:  # merges into those that had been merged into them
        ended = [row["gone"] for row in run(Statement(merging.FORGET_OF, {"ids": ended}))]
    return len(forgotten)
