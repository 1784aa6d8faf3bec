"""What is alike: nearest neighbours of an entity, a text or a picture, from the vector indexes.

Scores are Neo4j's for cosine indexes: (1 + cosine) / 2, so 1 is the same direction and 0.5 nothing
in common.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from embeddings.features.encoders.load import space
from embeddings.publish import vector_indexes
from kg_platform.browse import entities
from kg_platform.cypher import vectors as cypher
from kg_platform.errors import BadInput, KgError, NotFound, QueryFailed
from kg_platform.graph.client import Graph, Statement

if TYPE_CHECKING:
    from PIL.Image import Image

    from embeddings.features.encoders.load import ImageEncoder, TextEncoder

T = TypeVar("T")
Encoder = TypeVar("Encoder")
Run = Mapping[str, Any]  # the properties of an (:EmbeddingRun)
TRIES = 5  # each publish moves the pointer twice

# What a person types -> the property; the property's own name does as well.
WAYS = {
    "embedding": "embedding",
    "structure": "structure_embedding",
    "text": "text_embedding",
    "image": "image_embedding",
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
        place = place_of(run, name)
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
    by: str = "text",
) -> list[Neighbour]:
    """The `k` entities whose texts mean most nearly this; `by` "image": whose pictures show it.

    Pictures are compared with by the text side of the encoder they were encoded with
    (`encoders.load_text_side`).

    Raises:
        NotFound: no such vectors are published. BadInput: the text is empty, or the published
            vectors are of another encoder or revision.
    """
    if not text.strip():
        raise BadInput("There is no text to compare with; write a few words.")
    _positive(k)
    if by not in _SOURCES:
        raise BadInput(f"A text is compared by text or image, not by {by!r}.")
    vector = encoder.encode_queries([text])[0].tolist()

    def ask(run: Run | None) -> list[Neighbour]:
        check_encoder(_published(run), by, encoder, other_side=by == "image")
        return _nearest(graph, place_of(run, WAYS[by]), vector, k, type)

    return of_one_run(graph, ask)


def similar_to_picture(
    graph: Graph, picture: Image, k: int, encoder: ImageEncoder, type: str | None = None
) -> list[Neighbour]:
    """The `k` entities whose pictures look most like this one (RGB, `pictures.decode_rgb`).

    Raises:
        NotFound: no picture vectors are published. BadInput: the published vectors are of another
            encoder or revision.
    """
    _positive(k)
    vector = encoder.encode([picture])[0].tolist()

    def ask(run: Run | None) -> list[Neighbour]:
        check_encoder(_published(run), "image", encoder)
        return _nearest(graph, place_of(run, "image_embedding"), vector, k, type)

    return of_one_run(graph, ask)


def published_run(graph: Graph) -> dict[str, Any]:
    """The properties of the current (:EmbeddingRun).

    Raises:
        NotFound: nothing is published.
    """
    return dict(_published(entities.current_run(graph)))


def of_one_run(graph: Graph, ask: Callable[[Run | None], T]) -> T:
    """The answer of `ask`, which gets the properties of the current run, from that run alone.

    Which run is current, and where its vectors stand, is looked at before and after: if a publish
    moved that meanwhile, the answer may be of two runs, or be an error, and is asked for again.
    """
    run = entities.current_run(graph)
    for _ in range(TRIES):
        try:
            answer: T | None = ask(run)
            failed = None
        except KgError as error:
            answer, failed = None, error
        after = entities.current_run(graph)
        if _pointer(after) == _pointer(run):
            if failed is not None:
                raise failed
            return cast(T, answer)
        run = after
    raise _too_fast()


def with_encoder(
    graph: Graph, modality: str, load: Callable[[str], Encoder], ask: Callable[[Encoder], T]
) -> T:
    """The answer of `ask`, which gets the published run's encoder of texts or pictures.

    Loading takes seconds; if another run with another encoder was published meanwhile, its encoder
    is loaded and asked with.
    """
    for _ in range(TRIES):
        run = published_run(graph)
        try:
            return ask(load(encoder_of(run, modality)))
        except BadInput:
            if published_run(graph)["id"] == run["id"]:
                raise
    raise _too_fast()


def _too_fast() -> QueryFailed:
    return QueryFailed("Publishes follow each other too fast to be read between; try again.")


def _pointer(run: Run | None) -> tuple[object, ...]:
    return () if run is None else (run["id"], run.get("serving") == "next", run.get("published_at"))


def place_of(run: Run | None, name: str) -> str:
    """The property where the vectors `name` of the current run stand."""
    return cypher.NEXT[name] if run is not None and run.get("serving") == "next" else name


def _published(run: Run | None) -> Run:
    if run is None:
        raise NotFound("No vectors are published in this graph yet; `kg embed` makes them.")
    return run


def encoder_of(run: Mapping[str, Any], modality: str) -> str:
    """Name of the encoder that made the published `text` or `image` vectors.

    Raises:
        NotFound: the run has none of this modality.
    """
    name = run.get(f"{modality}_encoder")
    if not name:
        raise NotFound(
            f"The published run {run['id']} has no {modality} vectors; "
            f"run `kg embed` on a graph that has {_SOURCES[modality]}."
        )
    return str(name)


def check_encoder(
    run: Mapping[str, Any],
    modality: str,
    encoder: TextEncoder | ImageEncoder,
    other_side: bool = False,
) -> None:
    """Refuse an encoder whose vectors do not live in the space of the published ones.

    How vectors were rounded does not matter. The text side of a picture encoder (`other_side`) has
    its own cut-off and pooling; the same weights are what puts it into the pictures' space.
    """
    published = (encoder_of(run, modality), str(run.get(f"{modality}_revision")))
    given = (encoder.name, encoder.revision)
    same = [(name, _weights(revision) if other_side else space(revision))
            for name, revision in (published, given)]  # fmt: skip
    if same[0] != same[1]:
        raise BadInput(
            f"The published {modality} vectors were made by {' revision '.join(published)}, this "
            f"is {' revision '.join(given)}; run `kg embed` again to compare with this one."
        )


def _weights(revision: str) -> str:
    return revision.partition("-")[0]


_SOURCES = {"text": "texts", "image": "pictures"}


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
        parameters = {"id": entity_id, "property": place_of(run, other)}
        return any(row["vector"] for row in graph.read(Statement(cypher.ROW_VECTOR, parameters)))

    there = [way for way, other in WAYS.items() if has(other)]
    if there:
        return (
            f"{entity_id} has no {name}: it had nothing to make one from when the graph was "
            f"embedded; compare by {' or '.join(there)}, or run `kg embed` again."
        )
    return f"{entity_id} has no vectors yet; `kg embed` makes them."
