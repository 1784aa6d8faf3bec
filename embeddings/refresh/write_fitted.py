"""Fitted vectors onto nodes, and trained ones back onto them, unless a publish is under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embeddings.publish.checks import Masks, batch_of
from embeddings.publish.switch import half_way
from embeddings.publish.write_vectors import Rows, patterns, write_rows
from kg_platform.browse.entities import current_run
from kg_platform.cypher import vectors as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph

if TYPE_CHECKING:
    from embeddings.data.artifact import Artifact

NOTED_AT_ONCE = 5_000  # entities a transaction


class Superseded(BadInput):
    """Another run was published, or is being published, since the vectors were fitted."""


@dataclass(frozen=True)
class Observed:
    """An entity as it was when its vector was fitted: what it said (`fingerprints.as_text`), and
    the version of the mark that it carried; 0: none."""

    id: str
    content: str
    at: int


def write_fitted(
    graph: Graph,
    run_id: str,
    entities: Sequence[Observed],
    rows: Mapping[str, NDArray[np.float32]],
    present: Masks,
    others_stay: bool = False,
) -> None:
    """Write vectors by property, each (n, d), of n entities; and take their marks away.

    Vectors of texts and pictures that are not given go, or, if `others_stay`, stay.

    `present` are masks (n,) by property, "embedding" among them. Who has none keeps what it has,
    and is noted as looked at.

    Raises:
        Superseded: `run_id` is not the current run, or a publish stands half-way.
    """
    for mine, given, absent in patterns(present, list(present)):
        with_embedding = "embedding" in given
        names = given if with_embedding else []
        # Whoever writes to several entities takes their locks in the order of their ids: two that
        # wait for each other cost one of them a second, until it tries again.
        mine = np.array(sorted(mine.tolist(), key=lambda place: entities[place].id), np.int64)
        columns = [graph.vectors(rows[name][mine]) for name in names]
        parameters = Rows(
            _row(entities[place]) | dict(zip(names, values, strict=True))
            for place, *values in zip(mine.tolist(), *columns, strict=True)
        )
        off = [name for name in absent if name != "structure_embedding"]
        stay = others_stay or not with_embedding
        text = cypher.write_fitted(names, [] if stay else off)
        done = graph.write(Statement(text, {"rows": parameters, "run": run_id}))
        if done.properties_set <= 1:  # nothing but the lock: refused, or the entities are gone
            refuse_other(graph, run_id)


def note_seen(graph: Graph, run_id: str, entities: Sequence[Observed]) -> None:
    """Entities keep the vectors that they have, or have none: note what they say, and take their
    marks away.

    Raises:
        Superseded: as `write_fitted`.
    """
    for start in range(0, len(entities), NOTED_AT_ONCE):
        part = entities[start : start + NOTED_AT_ONCE]
        write_fitted(graph, run_id, part, {}, {"embedding": np.zeros(len(part), bool)})


def restore(
    graph: Graph, artifact: Artifact, run_id: str, entities: Sequence[tuple[int, str]]
) -> None:
    """The artifact's vectors back onto nodes, (row, id) each; nothing is written, and nothing said,
    when `run_id` is not the current run any more or a publish stands half-way."""
    if not entities:
        return
    names = [name for name in cypher.INDEXES if name in artifact.names]
    present = {name: artifact.present(name) for name in names}
    size, ordered = batch_of(artifact, names), sorted(entities, key=lambda pair: pair[1])
    for start in range(0, len(ordered), size):
        at = np.array([row for row, _ in ordered[start : start + size]], np.int64)
        write_rows(
            graph,
            run_id,
            [name for _, name in ordered[start : start + size]],
            {name: artifact.pick(name, at) for name in names},
            {name: mask[at] for name, mask in present.items()},
            guarded=True,
        )


def refuse_other(graph: Graph, run_id: str) -> None:
    """Refuse to write vectors of a run that is not the current one, or while one is published.

    Raises:
        Superseded: it is so.
    """
    run = half_way(graph)
    if run is not None:
        raise Superseded(
            f"The publish of run {run} stands half-way; finish it with `kg publish --resume`, then "
            "give vectors to new entities."
        )
    now = current_run(graph)
    if now is None or now["id"] != run_id:
        raise Superseded(
            f"Run {run_id} is not the published one any more; give vectors to new entities again."
        )


def _row(entity: Observed) -> dict[str, Any]:
    return {"id": entity.id, "content": entity.content, "at": entity.at}
