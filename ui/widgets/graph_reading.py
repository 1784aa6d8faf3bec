"""What the graph page draws: a part of the graph, what is proposed in it, and its colours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import streamlit as st

from kg_platform.browse.neighbourhood import Edge, Neighbourhood, neighbourhood
from kg_platform.browse.paths import ShortestPaths, shortest_paths
from kg_platform.errors import KgError, MigrationError
from kg_platform.ledger.review_rows import Candidate, ReviewRow
from ui import resources
from ui.components.graph_view import DrawnGraph
from ui.language import say
from ui.widgets.graph_address import GraphAddress

if TYPE_CHECKING:  # what learns is loaded when it is asked
    from embeddings.answers.scored_entities import ScoredEntities
    from embeddings.data.artifact import Artifact

ITEMS = 20  # open review items of each entity that is expanded
CENTRES = 20  # entities whose review items are looked for outside of what is drawn
ANSWERS = 5  # of the model to a question
KEPT = 20  # answers of the model in a session
_LATER = "graph_later"


@dataclass(frozen=True)
class ProposedLink:
    """A fact that somebody may accept: `item` is its number in review, None where the model was
    asked just now."""

    head: str
    relation: str
    tail: str
    probability: float | None
    score: float
    run: str
    item: int | None = None

    @property
    def candidate(self) -> Candidate:
        return Candidate(
            "link", self.head, self.relation, self.tail, self.probability, self.score, {}
        )


@st.cache_data(ttl=resources.FRESH, show_spinner=False)
def part(
    expanded: tuple[str, ...],
    beside: tuple[str, ...],
    without: tuple[str, ...],
    without_relations: tuple[str, ...],
    limit: int,
    facts: tuple[Edge, ...],
) -> Neighbourhood:
    return neighbourhood(
        resources.graph(),
        expanded,
        beside,
        limit=limit,
        without=without,
        without_relations=without_relations,
        facts=facts,
    )


@st.cache_data(ttl=resources.FRESH, show_spinner=False)
def paths(one: str, other: str) -> ShortestPaths:
    most = resources.settings().query_timeout
    return shortest_paths(resources.graph(), one, other, seconds=most)


def proposed_to(expanded: Sequence[str]) -> list[ProposedLink]:
    """Open review items that touch these."""
    try:
        rows = resources.ledger().reviews.touching(expanded[:CENTRES], ITEMS)
    except MigrationError:  # no command has written to this platform yet
        return []
    return _links(rows)


def proposed_among(ids: Sequence[str]) -> list[ProposedLink]:
    """Open review items between these."""
    try:
        rows = resources.ledger().reviews.between(ids)
    except MigrationError:
        return []
    return _links(rows)


def _links(rows: Sequence[ReviewRow]) -> list[ProposedLink]:
    return [
        ProposedLink(*row.ends, row.probability, row.score, row.run_id, row.id)
        for row in rows
        if row.is_fact
    ]


def answers(entity: str, relation: str, heads: bool) -> list[ProposedLink]:
    """What the live model names first at the open end of a question, and the graph does not have.

    Raises:
        NotFound: it knows no such entity or relation, or nothing is published.
    """
    from embeddings.answers.predict import predict_heads, predict_tails

    artifact, space, run = _model()
    ask = predict_heads if heads else predict_tails
    found = ask(artifact, resources.graph(), entity, relation, ANSWERS, None, space)
    return [
        ProposedLink(
            *((one.id, relation, entity) if heads else (entity, relation, one.id)),
            one.probability,
            one.score,
            run,
        )
        for one in found
    ]


def _model() -> tuple[Artifact, ScoredEntities, str]:
    from embeddings.publish.published import published_run

    run = published_run(resources.graph())
    artifact, space = _loaded(_state(run))
    return artifact, space, str(run["id"])


def _state(run: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What the model's answers hang on."""
    parts = ("id", "published_at", "provisional")
    return () if run is None else tuple(str(run.get(part)) for part in parts)


@st.cache_resource(max_entries=1, show_spinner=False)
def _loaded(state: tuple[str, ...]) -> tuple[Artifact, ScoredEntities]:
    from embeddings.answers.scored_entities import open_scored
    from embeddings.publish.live_artifact import open_published

    graph = resources.graph()
    artifact = open_published(graph, resources.settings().artifacts_dir)
    return artifact, open_scored(artifact, graph)


def surprises(edges: Sequence[Edge]) -> dict[tuple[str, str, str], float]:
    """How much each fact surprises the live model.

    Raises:
        NotFound: nothing is published, or its artifact is not here.
    """
    from embeddings.answers.surprise import surprise

    artifact, space, _ = _model()
    facts = [(edge.head, edge.relation, edge.tail) for edge in edges]
    return surprise(space, artifact.relation_types, facts)


T = TypeVar("T")


class FoundLater:
    """What takes seconds, because the model is loaded or asked: the page is drawn without it, then
    it is found out, then the page is drawn again. What is published next is asked again, and so
    is what raised an error, when the page is drawn once more."""

    def __init__(self) -> None:
        self._found: dict[Hashable, Any] = st.session_state.setdefault(_LATER, {})
        self._waiting: dict[Hashable, Callable[[], Any]] = {}
        self._raised: dict[Hashable, KgError] = {}  # now: asking for it again would never end
        self._state = _state(resources.current_run())

    def get(self, question: Hashable, find: Callable[[], T]) -> T | None:
        """What was found out; None where that is yet to be done.

        Raises:
            KgError: what finding it out raised.
        """
        key = (self._state, question)
        if isinstance(self._found.get(key), KgError):
            self._raised[key] = self._found.pop(key)
        if key in self._raised:
            raise self._raised[key]
        if key not in self._found:
            self._waiting[key] = find
            return None
        return cast(T, self._found[key])

    def find(self) -> None:
        """At the end of a page: find out what it waits for, and begin anew."""
        if not self._waiting:
            return
        with st.spinner(say("Asking the model …")):
            for key, find in self._waiting.items():
                while len(self._found) >= KEPT:
                    del self._found[next(iter(self._found))]
                try:
                    self._found[key] = find()
                except KgError as error:
                    self._found[key] = error
        st.rerun()

    @staticmethod
    def forget() -> None:
        """Something changed: all is found out again."""
        st.session_state.pop(_LATER, None)


@dataclass(frozen=True)
class Colours:
    """A number of each entity and fact that has one, and what it is called."""

    nodes: Mapping[str, float]
    edges: Mapping[Edge, float]
    scale: Mapping[str, Any]


def colours(found: Neighbourhood, address: GraphAddress, later: FoundLater) -> Colours | None:
    """What the entities and facts are coloured by; None where the model is yet to be asked.

    Raises:
        NotFound: surprise is of a model, and nothing is published.
    """
    ids = [row.id for row in found.nodes]
    if address.colour == "community":
        from kg_platform.browse.communities import communities

        return Colours(communities(ids, found.edges), {}, {})
    if address.colour == "similarity":
        from embeddings.answers.nearness import nearness

        to = like(found, address)
        near = nearness(resources.graph(), to, ids) if to else {}
        others = [value for id, value in near.items() if id != to]
        labels = {row.id: row.label for row in found.nodes}
        name = say("Similarity to {name}", name=labels.get(to, to)[:40])
        return Colours(near, {}, _scale(name, min(others), max(others)) if others else {})
    if address.colour == "surprise":
        by_fact = later.get(("surprise", found.edges), lambda: surprises(found.edges))
        if by_fact is None:
            return None
        edges = {Edge(*fact): value for fact, value in by_fact.items()}
        of_node: dict[str, list[float]] = defaultdict(list)
        for edge, value in edges.items():
            of_node[edge.head].append(value)
            of_node[edge.tail].append(value)
        nodes = {id: sum(values) / len(values) for id, values in of_node.items()}
        most = max([*edges.values(), 0.01])
        return Colours(nodes, edges, _scale(say("Surprise"), 0.0, most) if edges else {})
    return Colours({}, {}, {})


def like(found: Neighbourhood, address: GraphAddress) -> str:
    """Whom similarity is to: the one that was chosen, else the first that is expanded or drawn."""
    if address.like:
        return address.like
    first = next(iter(found.expanded), "")
    return first or (found.nodes[0].id if found.nodes else "")


def _scale(name: str, low: float, high: float) -> dict[str, Any]:
    return {"name": name, "low": low, "high": high}


def drawn(
    found: Neighbourhood,
    address: GraphAddress,
    links: Sequence[ProposedLink],
    by: Colours,
    way: frozenset[Edge],
    can_undo: bool,
) -> DrawnGraph:
    """All of it as the component takes it."""
    pinned = set(address.pinned)
    nodes = []
    for row in found.nodes:
        told = found.expanded.get(row.id)
        nodes.append(
            {
                "id": row.id,
                "label": row.label[:200],
                "type": row.type,
                "degree": found.degrees.get(row.id),
                "picture": row.picture,
                "shown": told.shown if told else None,
                "total": told.total if told else None,
                "pinned": row.id in pinned,
                "value": by.nodes.get(row.id),
            }
        )
    edges = [
        {
            "head": edge.head,
            "relation": edge.relation,
            "tail": edge.tail,
            "value": by.edges.get(edge),
            "way": edge in way,
        }
        for edge in found.edges
    ]
    predicted = [
        {
            "head": one.head,
            "relation": one.relation,
            "tail": one.tail,
            "probability": one.probability,
        }
        for one in links
    ]
    relations = {edge.relation for edge in found.edges}
    relations |= {kind.relation for told in found.expanded.values() for kind in told.relations}
    return DrawnGraph(
        nodes,
        edges,
        predicted,
        sorted(relations),
        address.types_off,
        address.relations_off,
        address.colour,
        by.scale,
        can_undo,
    )
