"""Vectors onto nodes, in batches: under their own names, or staged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.publish.checks import Masks, VectorSource, batch_of
from embeddings.publish.concurrent_writes import concurrently
from kg_platform.cypher import vectors as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.progress import Progress


class Rows(list[dict[str, Any]]):
    """Rows that print short: the driver prints every parameter for a log nobody reads, which takes
    eight times as long as sending lists of floats."""

    def __repr__(self) -> str:
        return f"[{len(self)} rows]"


@dataclass(frozen=True)
class Writer:
    """Writes the vectors of an artifact as those of a run."""

    graph: Graph
    artifact: VectorSource
    present: Masks
    run_id: str
    batch_rows: int

    def write(
        self,
        start: int,
        advance: Callable[[int], None],
        report: Progress,
        staged: bool = False,
    ) -> None:
        """From entity `start` on; `advance(position)` once all before it are in the graph."""
        total = len(self.present["embedding"])
        size = max(1, min(self.batch_rows, batch_of(self.artifact, list(self.present))))
        ids = islice(self.artifact.iter_entity_ids(), start, None)

        batches = (
            partial(self._batch, begin, list(islice(ids, size)), staged)
            for begin in range(start, total, size)
        )
        for position in concurrently(batches):
            # Taken in order, so everything before the cursor is in the graph.
            advance(position)
            report("vectors", position, total)

    def _batch(self, begin: int, ids: list[str], staged: bool) -> int:
        stop = begin + len(ids)
        rows = {name: self.artifact.rows(name, begin, stop) for name in self.present}
        masks = {name: mask[begin:stop] for name, mask in self.present.items()}
        write_rows(self.graph, self.run_id, ids, rows, masks, staged=staged)
        return stop


def write_rows(
    graph: Graph,
    run_id: str,
    ids: Sequence[str],
    rows: Mapping[str, NDArray[np.float32]],
    present: Masks,
    staged: bool = False,
    guarded: bool = False,
) -> None:
    """Write vectors of entities: one transaction for each combination of properties they have.

    `guarded` writes nothing unless the run is the current one and no publish stands half-way.
    """
    for mine, given, absent in patterns(present, list(rows)):
        if not given:
            continue
        columns = [graph.vectors(rows[name][mine]) for name in given]
        text = (cypher.stage if staged else cypher.write_vectors)(given, absent)
        text = cypher.guarded(text) if guarded else text
        parameters = Rows(
            {"id": ids[row], **dict(zip(given, values, strict=True))}
            for row, *values in zip(mine.tolist(), *columns, strict=True)
        )
        graph.write(Statement(text, {"rows": parameters, "run": run_id}))


def patterns(
    present: Masks, names: Sequence[str]
) -> Iterator[tuple[NDArray[np.intp], list[str], list[str]]]:
    """The entities by what vectors they have: which they are, those vectors, and those of all that
    are published which they lack."""
    has = np.stack([present[name] for name in names], axis=1)
    for pattern in np.unique(has, axis=0):
        mine = np.flatnonzero((has == pattern).all(1))
        given = [name for name, there in zip(names, pattern, strict=True) if there]
        yield mine, given, [name for name in cypher.INDEXES if name not in given]
