"""What is live now, and answers that are of one run alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from embeddings.features.encoders.protocols import vector_space
from kg_platform.browse import entities
from kg_platform.cypher import vectors as cypher
from kg_platform.errors import BadInput, KgError, NotFound, QueryFailed
from kg_platform.graph.client import Graph
from kg_platform.modality import Modality

if TYPE_CHECKING:
    from embeddings.features.encoders.protocols import NamedEncoder

T = TypeVar("T")
Encoder = TypeVar("Encoder")
Run = Mapping[str, Any]  # the properties of an (:EmbeddingRun)
TRIES = 7  # each publish moves the pointer three times


def published_run(graph: Graph) -> dict[str, Any]:
    """The properties of the current (:EmbeddingRun).

    Raises:
        NotFound: nothing is published.
    """
    return dict(must_be_published(entities.current_run(graph)))


def of_one_run(graph: Graph, ask: Callable[[Run | None], T]) -> T:
    """The answer of `ask`, which gets the properties of the current run, from that run alone.

    Which run is current, where its vectors stand, and whether its index can be filtered, is looked
    at before and after: if a publish moved that meanwhile, the answer may be of two runs, or be an
    error, and is asked for again.
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
    graph: Graph, modality: Modality, load: Callable[[str], Encoder], ask: Callable[[Encoder], T]
) -> T:
    """The answer of `ask`, which gets the published run's encoder of a modality.

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
    if run is None:
        return ()
    filtered = run.get("kinds") is not None
    return run["id"], run.get("serving") == "next", run.get("published_at"), filtered


def staged_name(run: Run | None, name: str) -> str:
    """The property where the vectors `name` of the current run stand."""
    return cypher.STAGED[name] if run is not None and run.get("serving") == "next" else name


def must_be_published(run: Run | None) -> Run:
    if run is None:
        raise NotFound("No vectors are published in this graph yet; `kg embed` makes them.")
    return run


def encoder_of(run: Mapping[str, Any], modality: Modality) -> str:
    """Name of the encoder that made the published vectors of a modality.

    Raises:
        NotFound: the run has none of this modality.
    """
    name = run.get(modality.setting)
    if not name:
        raise NotFound(
            f"The published run {run['id']} has no {modality.name} vectors; "
            f"run `kg embed` on a graph that has {modality.items}."
        )
    return str(name)


def check_encoder(
    run: Mapping[str, Any],
    modality: Modality,
    encoder: NamedEncoder,
    other_side: bool = False,
) -> None:
    """Refuse an encoder whose vectors do not live in the space of the published ones.

    How vectors were rounded does not matter. The text side of a picture encoder (`other_side`) has
    its own cut-off and pooling; the same weights are what puts it into the pictures' space.
    """
    published = (encoder_of(run, modality), str(run.get(modality.revision)))
    given = (encoder.name, encoder.revision)
    same = [(name, _weights(revision) if other_side else vector_space(revision))
            for name, revision in (published, given)]  # fmt: skip
    if same[0] != same[1]:
        raise BadInput(
            f"The published {modality.name} vectors were made by {' revision '.join(published)}, "
            f"this is {' revision '.join(given)}; run `kg embed` again to compare with this one."
        )


def _weights(revision: str) -> str:
    return revision.partition("-")[0]
