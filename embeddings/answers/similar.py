"""What is alike: nearest neighbours of an entity, a text or a file, from the vector indexes.

Scores are Neo4j's for cosine indexes: (1 + cosine) / 2, so 1 is the same direction and 0.5 nothing
in common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embeddings.features.encoders.readable import unreadable_query
from embeddings.publish import vector_indexes
from embeddings.publish.published import (
    Run,
    check_encoder,
    must_be_published,
    of_one_run,
    staged_name,
)
from kg_platform.browse import entities
from kg_platform.cypher import vectors as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph
from kg_platform.modality import BY_NAME, MODALITIES, TEXT, VIDEO, Modality

if TYPE_CHECKING:
    from embeddings.data.feature_matrix import Vectors
    from embeddings.features.encoders.protocols import PartsEncoder, Pixels, TextEncoder

# What a person types -> the property; the property's own name does as well.
WAYS = {
    "embedding": "embedding",
    "structure": "structure_embedding",
    **{one.name: one.vector for one in MODALITIES},
}
# With a type filter more are asked for than wanted; beyond this an index is the wrong tool.
MAX_REACH = 20_000


@dataclass(frozen=True)
class Neighbour:
    """An entity and how near it is."""

    id: str
    label: str
    type: str | None
    score: float


def similar_to_entity(
    graph: Graph, entity_id: str, k: int = 10, by: str = "embedding", type: str | None = None
) -> list[Neighbour]:
    """The `k` entities nearest to this one, itself left out. `type` keeps those with that label.

    Raises:
        NotFound: no such entity, or it has no such vector. BadInput: no such way to compare.
    """
    name = property_of(by)
    _positive(k)

    def ask(run: Run | None) -> list[Neighbour]:
        place = staged_name(run, name)
        rows = graph.read(Statement(cypher.ROW_VECTOR, {"id": entity_id, "property": place}))
        if not rows:
            row = entities.resolve(graph, entity_id)
            raise NotFound(
                f"No entity has the id {entity_id!r}; did you mean {row.id} ({row.label})?"
            )
        vector = rows[0]["vector"]
        if not vector:
            raise NotFound(_no_vector(graph, run, entity_id, name))
        return _nearest(graph, place, vector, k, type, without=entity_id)

    return of_one_run(graph, ask)


def similar_to_text(
    graph: Graph,
    text: str,
    k: int,
    encoder: TextEncoder,
    type: str | None = None,
    by: str = TEXT.name,
) -> list[Neighbour]:
    """The `k` entities whose texts mean most nearly this; `by` another modality: whose pictures
    show it, whose sounds sound like it.

    Media are compared with by the text side of the encoder they were encoded with
    (`load_text_side`).

    Raises:
        NotFound: no such vectors are published. BadInput: the text is empty, the encoder knows no
            piece of it, or the published vectors are of another encoder or revision.
    """
    if not text.strip():
        raise BadInput("There is no text to compare with; write a few words.")
    _positive(k)
    if by not in BY_NAME:
        raise BadInput(f"A text is compared by {either(BY_NAME)}, not by {by!r}.")
    if not encoder.readable([text])[0]:
        raise BadInput(unreadable_query(encoder.name))
    vector = encoder.encode_queries([text])[0].tolist()

    def ask(run: Run | None) -> list[Neighbour]:
        live = must_be_published(run)
        check_encoder(live, BY_NAME[by], encoder, other_side=by != TEXT.name)
        if pools_over_time(live, BY_NAME[by]):
            raise BadInput(
                f"The films of run {live['id']} were pooled over time, where no text is; embed "
                "with --video-pooling mean or attention to find them by text."
            )
        return _nearest(graph, staged_name(run, WAYS[by]), vector, k, type)

    return of_one_run(graph, ask)


def similar_to_medium(
    graph: Graph,
    modality: Modality,
    parts: Sequence[Pixels],
    k: int,
    encoder: PartsEncoder,
    type: str | None = None,
    pooled: Callable[[Run, Vectors], Vectors] | None = None,
) -> list[Neighbour]:
    """The `k` entities whose pictures, sounds or films are most like one, which is given as its
    parts are prepared for the encoder (`readers.py`). `pooled` makes one vector of those of a film
    as the run does that it gets, where it pools over time (`pools_over_time`).

    Raises:
        NotFound: no such vectors are published. BadInput: the published vectors are of another
            encoder or revision.
    """
    _positive(k)
    vectors = encoder.encode_prepared(parts)

    def ask(run: Run | None) -> list[Neighbour]:
        live = must_be_published(run)
        check_encoder(live, modality, encoder)
        if pooled is not None and pools_over_time(live, modality):
            vector = pooled(live, vectors)
        else:
            vector = vectors.mean(0)
        return _nearest(graph, staged_name(run, modality.vector), vector.tolist(), k, type)

    return of_one_run(graph, ask)


def pools_over_time(run: Run, modality: Modality) -> bool:
    """Whether the vectors of a modality are what the run's own network makes of films."""
    return modality is VIDEO and run.get("video_pooling") == "tcn"


def either(names: Iterable[str]) -> str:
    """Names as a choice in a sentence."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def _nearest(
    graph: Graph,
    name: str,
    vector: Sequence[float],
    k: int,
    type: str | None,
    without: str = "",
) -> list[Neighbour]:
    dimension = vector_indexes.dimension_of(graph, name)
    if dimension is None:
        raise NotFound(
            f"There is no vector index over {name}; `kg publish` makes it from the latest run."
        )
    if dimension != len(vector):
        raise BadInput(
            f"The index over {name} holds vectors of {dimension} numbers, not {len(vector)}; "
            "a publish may be under way, or be finished with `kg publish`."
        )
    reach = k + 1 if type is None else min(MAX_REACH, max(100, 10 * k))
    while True:
        parameters = {
            "index": cypher.INDEX_OF[name],
            "vector": list(vector),
            "reach": reach,
            "k": k,
            "type": type,
            "without": without,
        }
        rows = graph.read(Statement(cypher.NEAREST, parameters))
        found = [Neighbour(r["id"], r["label"], r["type"], r["score"]) for r in rows]
        if len(found) >= k or type is None or reach >= MAX_REACH:
            return found
        reach = min(MAX_REACH, reach * 8)


def property_of(by: str) -> str:
    """The vector property a person means by `by`. Raises: BadInput: there is no such way."""
    name = WAYS.get(by, by)
    if name not in cypher.INDEXES:
        raise BadInput(f"Entities are not compared by {by!r}; compare by {', '.join(WAYS)}.")
    return name


def _positive(k: int) -> None:
    if not 1 <= k <= MAX_REACH // 2:
        raise BadInput(f"Ask for 1 to {MAX_REACH // 2:,} neighbours, not {k}.")


def _no_vector(graph: Graph, run: Run | None, entity_id: str, name: str) -> str:
    def has(other: str) -> bool:
        parameters = {"id": entity_id, "property": staged_name(run, other)}
        return any(row["vector"] for row in graph.read(Statement(cypher.ROW_VECTOR, parameters)))

    there = [way for way, other in WAYS.items() if has(other)]
    if there:
        return (
            f"{entity_id} has no {name}: when the graph was embedded it had nothing to make one "
            f"from, or nothing that the encoder can read; compare by {' or '.join(there)}, or run "
            "`kg embed` again when that has changed."
        )
    return f"{entity_id} has no vectors yet; `kg embed` makes them."
