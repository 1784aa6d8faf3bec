"""Look around in the graph: overview, one entity's page, its facts, finding entities by words.

Used by the command line and the explorer alike. Everything here only reads. All text comes from
the graph and is hostile: show it, never render it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kg_platform.browse import tallies
from kg_platform.browse.tallies import FactCount
from kg_platform.cypher import browse as cypher
from kg_platform.cypher import words
from kg_platform.cypher.changes import CONTENT, STALE, STALE_AT
from kg_platform.cypher.statement import Statement
from kg_platform.cypher.vectors import (
    FILTERS,
    PROVISIONAL,
    PROVISIONAL_HEAD,
    STAGED,
    STAGED_RUN,
)
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph
from kg_platform.graph.plain import plain

# Properties that are shown in places of their own, not in the list of own properties.
_KNOWN = {"id", "label", "description", "aliases", "source", "content_hash", "updated_at"}
_RUN = "embedding_run"
_NAMED = 20  # entities of one label that a sentence names
ORDERED = 2_000  # facts of one relation that are put in the order of their labels


@dataclass(frozen=True)
class EntityRow:
    """An entity as a list shows it. `picture` is the SHA-256 of its first picture, or of the film
    or sound that stands for it, if any."""

    id: str
    label: str
    type: str | None = None
    description: str = ""
    picture: str | None = None


@dataclass(frozen=True)
class Fact:
    """One relationship of an entity, and who is at its other end.

    `outgoing`: (this) -[relation]-> (entity); otherwise the other way round.
    """

    relation: str
    outgoing: bool
    entity: EntityRow
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class MediaRow:
    """A stored medium of an entity; `id` is the SHA-256 the media store keeps its bytes under, and
    `start` and `end` are the seconds of the part that is meant."""

    id: str
    kind: str
    mime: str
    uri: str
    size: int | None
    width: int | None
    height: int | None
    role: str
    rank: int
    caption: str
    duration: float | None = None
    rate: int | None = None
    channels: int | None = None
    codec: str | None = None
    frame_rate: float | None = None
    start: float | None = None
    end: float | None = None
    characters: int | None = None
    pages: int | None = None


@dataclass(frozen=True)
class SourceStatement:
    """What one source says of an entity, under the id `original`, which may have been merged."""

    source: str
    original: str
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class EntityPage:
    """Everything a page about one entity shows.

    `neighbours` holds the first facts only; `fact_counts` counts all of them by relation.
    `media` are the first `cypher.browse.MOST_MEDIA`. `vectors` maps a vector property to its number
    of dimensions; `stale` is why they are of what the entity said before (new, text, picture,
    sound, film, facts), `provisional`, that they were fitted after training. `statements` are what
    each source says where several do, the newest first.
    """

    id: str
    label: str
    type: str | None
    description: str
    aliases: list[str]
    source: str
    properties: dict[str, Any]
    media: list[MediaRow]
    neighbours: list[Fact]
    fact_counts: list[FactCount]
    vectors: dict[str, int]
    embedding_run: str | None
    picture: str | None
    stale: tuple[str, ...] = ()
    provisional: bool = False
    statements: tuple[SourceStatement, ...] = ()

    def said(self) -> list[tuple[str, Any, tuple[str, ...]]]:
        """Of what several sources say: (property, value, the sources that say so), by property, and
        of one property the newest first."""
        found: dict[tuple[str, str], tuple[Any, list[str]]] = {}
        for one in self.statements:
            for name, value in one.properties.items():
                found.setdefault((name, repr(value)), (value, []))[1].append(one.source)
        rows = [(n, value, tuple(dict.fromkeys(who))) for (n, _), (value, who) in found.items()]
        return sorted(rows, key=lambda row: row[0])

    @property
    def facts(self) -> int:
        return sum(c.count for c in self.fact_counts)


@dataclass(frozen=True)
class Overview:
    """What is in the graph. `embedded` counts entities with a vector of the current run."""

    entities: int
    relations: int
    media: int
    by_type: dict[str, int]
    by_relation: dict[str, int]
    embedded: int
    current_run: dict[str, Any] | None


def overview(graph: Graph) -> Overview:
    """Counts of the whole graph; a scan, about a second for a million relationships."""
    by_relation = {r["relation"]: r["count"] for r in _read(graph, cypher.COUNT_BY_RELATION)}
    by_type = {r["type"]: r["count"] for r in _read(graph, cypher.COUNT_BY_TYPE)}
    run = current_run(graph)
    embedded = _count(graph, cypher.COUNT_EMBEDDED, run=run["id"]) if run else 0
    return Overview(
        entities=_count(graph, cypher.COUNT_ENTITIES),
        relations=sum(by_relation.values()),
        media=_count(graph, cypher.COUNT_MEDIA),
        by_type=by_type,
        by_relation=by_relation,
        embedded=embedded,
        current_run=run,
    )


def current_run(graph: Graph) -> dict[str, Any] | None:
    """The properties of the (:EmbeddingRun) whose vectors are published, or None."""
    rows = _read(graph, cypher.CURRENT_RUN)
    return plain(rows[0]["run"]) if rows else None


def embedding_runs(graph: Graph) -> list[dict[str, Any]]:
    """The properties of every (:EmbeddingRun), the one published last first."""
    return [plain(row["run"]) for row in _read(graph, cypher.EMBEDDING_RUNS)]


def types_of(graph: Graph, ids: Sequence[str]) -> dict[str, str]:
    """The type of each of these entities that is there and has one."""
    rows = _read(graph, cypher.TYPES_OF, ids=list(ids))
    return {str(row["id"]): str(row["type"]) for row in rows if row["type"]}


def known(graph: Graph, ids: Sequence[str]) -> list[str]:
    """Those of these ids that entities have, in their order."""
    there = {row["id"] for row in _read(graph, cypher.TYPES_OF, ids=list(ids))}
    return [one for one in ids if one in there]


def entity(graph: Graph, entity_id: str, facts: int = 100) -> EntityPage:
    """The page of the entity with exactly this id, with its first `facts` facts.

    Raises:
        NotFound: there is none; the sentence names close matches.
    """
    found = _read(graph, cypher.ENTITY, id=entity_id)
    if not found:
        raise NotFound(_nobody(graph, entity_id))
    row = found[0]
    stored: dict[str, Any] = plain(row["properties"])
    # In a graph that was adopted the owner has names of ours as well: what is theirs is shown.
    names = graph.vocabulary
    theirs = {key: stored[key] for key in names.owners(stored)} if names.prefix else {}
    properties = names.turned({k: v for k, v in stored.items() if k not in theirs})
    vectors = {k: len(v) for k, v in properties.items() if is_vector(k, v)}
    hidden = {*_KNOWN, _RUN, STAGED_RUN, *STAGED.values(), STALE, STALE_AT, CONTENT, PROVISIONAL}
    hidden |= {PROVISIONAL_HEAD, *FILTERS}
    if tallies.is_hub(graph, entity_id):
        counts = tallies.of_hub(graph, entity_id)
        first = _of_hub(graph, entity_id, counts, None, facts, 0)
    else:
        counts = tallies.of_few(graph, entity_id)
        every = {"relation": None, "outgoing": None, "limit": facts, "offset": 0}
        first = _facts(graph, cypher.FACTS, id=entity_id, **every)
    return EntityPage(
        id=row["id"],
        label=row["label"],
        type=row["type"],
        description=row["description"],
        aliases=list(properties.get("aliases") or []),
        source=str(properties.get("source") or ""),
        properties={
            key: value
            for key, value in sorted((theirs if names.prefix else properties).items())
            if names.prefix or (key not in hidden and key not in vectors)
        },
        media=[MediaRow(**r) for r in _read(graph, cypher.ENTITY_MEDIA, id=entity_id)],
        neighbours=first,
        fact_counts=counts,
        vectors=vectors,
        embedding_run=properties.get(_RUN),
        picture=row["picture"],
        stale=tuple(map(str, properties.get(STALE) or ())),
        provisional=bool(properties.get(PROVISIONAL)),
        statements=tuple(_statement(r) for r in _read(graph, cypher.STATEMENTS, id=entity_id)),
    )


def _statement(row: Mapping[str, Any]) -> SourceStatement:
    own = {"id", "source", "content_hash", "updated_at"}
    properties = {k: plain(v) for k, v in row["properties"].items() if k not in own}
    return SourceStatement(row["source"], row["original"], properties)


def neighbours(
    graph: Graph,
    entity_id: str,
    relation: str | None = None,
    outgoing: bool | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[Fact]:
    """Facts of an entity, outgoing first, then by relation and label; [] for an unknown id.

    Of one relation and direction with more than `ORDERED` facts, and of a hub, they come as they
    are stored: only those that are given back are read.
    """
    if relation is None and tallies.is_hub(graph, entity_id):
        kinds = tallies.of_hub(graph, entity_id)
        return _of_hub(graph, entity_id, kinds, outgoing, limit, offset)
    if relation is not None and outgoing is not None:
        kind = FactCount(relation, outgoing, tallies.count_of(graph, entity_id, relation, outgoing))
        return _of_kind(graph, entity_id, kind, limit, offset)
    given = {"relation": relation, "outgoing": outgoing, "limit": limit, "offset": offset}
    return _facts(graph, cypher.FACTS, id=entity_id, **given)


def _of_hub(
    graph: Graph,
    entity_id: str,
    kinds: Sequence[FactCount],
    outgoing: bool | None,
    limit: int,
    offset: int,
) -> list[Fact]:
    found: list[Fact] = []
    for kind in kinds:
        if len(found) >= limit:
            break
        if outgoing in (None, kind.outgoing):
            if offset < kind.count:
                found += _of_kind(graph, entity_id, kind, limit - len(found), offset)
            offset = max(0, offset - kind.count)
    return found


def _of_kind(graph: Graph, entity_id: str, kind: FactCount, limit: int, offset: int) -> list[Fact]:
    text = cypher.facts_of(kind.relation, kind.outgoing, kind.count <= ORDERED)
    return _facts(graph, text, id=entity_id, limit=limit, offset=offset)


def _facts(graph: Graph, text: str, **given: Any) -> list[Fact]:
    if not given["limit"]:
        return []
    rows = _read(graph, text, **given)
    return [Fact(r["relation"], r["outgoing"], _row(r), plain(r["properties"])) for r in rows]


def find(
    graph: Graph, text: str = "", type: str | None = None, limit: int = 50, offset: int = 0
) -> list[EntityRow]:
    """Entities by id, beginning of the id, or words of label, aliases and description.

    With no text: all entities in id order. `type` keeps those with that label.
    """
    text = text.strip()
    if not text:
        listed = _read(graph, cypher.LIST, type=type, limit=limit, offset=offset)
        return [_row(r) for r in listed]
    ids = _ranked(graph, text, words.all_words(text), type, offset + limit)[offset:]
    there = rows(graph, ids)
    return [there[id] for id in ids if id in there]


def rows(graph: Graph, ids: Sequence[str]) -> dict[str, EntityRow]:
    """The rows of these ids; ids that are not in the graph are left out."""
    return {r["id"]: _row(r) for r in _read(graph, cypher.ROWS, ids=list(ids))}


def resolve(graph: Graph, name: str) -> EntityRow:
    """The entity with this id, or else the only one with this label.

    The label as it is typed goes first, in any Unicode normal form; then case does not matter.

    Raises:
        BadInput: several entities have this label, or the name is blank. NotFound: none has this id
            or label.
    """
    by_id = rows(graph, [name])
    if by_id:
        return by_id[name]
    if not name.strip():
        raise BadInput(f"The name is blank; give an entity's id or label: {_some(graph)}")
    limit = _NAMED + 1
    called = _read(graph, cypher.EXACTLY_CALLED, forms=words.forms(name), limit=limit) or _read(
        graph,
        cypher.CALLED,
        text=name.strip(),
        phrase=words.label_phrase(name, graph.vocabulary.name("label")),
        limit=limit,
    )
    if len(called) == 1:
        return _row(called[0])
    if called:
        several = ", ".join(_name(_row(row)) for row in called[:_NAMED])
        more = " and more" if len(called) > _NAMED else ""
        raise BadInput(f"Several entities are called {_short(name)}: {several}{more}; give the id.")
    raise NotFound(_nobody(graph, name))


def called_like_the_id(graph: Graph, entity_id: str) -> str | None:
    """A sentence that names the other entities whose label is this id; None: there is none.

    An id is a sure name: who types it gets its entity, and learns of the others here.
    """
    others = _read(graph, cypher.EXACTLY_CALLED, forms=words.forms(entity_id), limit=_NAMED + 1)
    names = [_name(_row(row)) for row in others if row["id"] != entity_id][:_NAMED]
    if not names:
        return None
    return f"{_short(entity_id)} is this entity's id; called so as well: {', '.join(names)}."


def is_vector(key: str, value: Any) -> bool:
    """Is this property one of the vectors that publishing writes?"""
    return (
        (key == "embedding" or key.endswith("_embedding"))
        and isinstance(value, list)
        and bool(value)
        and isinstance(value[0], float)
    )


def close_matches(graph: Graph, text: str, limit: int = 5) -> list[EntityRow]:
    """Entities whose id begins alike, or whose label is spelled nearly so."""
    text = text.strip()
    if not text:
        return []
    by_case = rows(graph, [text.upper(), text.lower(), text.title()])
    found = _ranked(graph, text[:200], words.similar_words(text), None, limit)
    return list((by_case | rows(graph, found)).values())[:limit]


def _nobody(graph: Graph, name: str) -> str:
    for gone in _read(graph, cypher.GONE, id=name):
        if gone["into"]:
            return f"{_short(name)} was merged into {_short(gone['into'])}; ask for that one."
        return (
            f"The entity {_short(name)} is gone from the graph since {gone['day']}; load it again "
            "to have it back."
        )
    close = close_matches(graph, name)
    hint = "did you mean " + ", ".join(_name(row) for row in close) + "?" if close else _some(graph)
    return f"No entity has the id or label {_short(name)}; {hint}"


def _some(graph: Graph) -> str:
    id, label = map(graph.vocabulary.text, ("«id»", "«label»"))
    return f'`kg query "MATCH (n:Entity) RETURN n.{id}, n.{label} LIMIT 20"` shows some there are.'


def _name(row: EntityRow) -> str:
    inside = row.label if row.label != row.id else (row.type or "")
    return f"{_short(row.id, quoted=False)} ({_short(inside, quoted=False)})" if inside else row.id


def _short(text: str, limit: int = 60, quoted: bool = True) -> str:
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    shown = repr(cut)
    return shown if quoted else shown[1:-1]


def _ranked(graph: Graph, text: str, query: list[str], type: str | None, reach: int) -> list[str]:
    """The ids of the first `reach` entities that `text` names, or that the query finds, the best
    first."""
    found = _read(
        graph,
        cypher.FIND,
        text=text,
        forms=words.forms(text),
        cased=words.cased(text),
        phrase=words.label_phrase(text, graph.vocabulary.name("label")),
        words=query,
        type=type,
        reach=reach,
    )
    # Sorting keeps the index's own order, so that a page goes on where the last one ended.
    ids = [str(row["id"]) for row in sorted(found, key=lambda row: int(row["rank"]))]
    return list(dict.fromkeys(ids))[:reach]


def _row(row: Mapping[str, Any]) -> EntityRow:
    return EntityRow(row["id"], row["label"], row["type"], row["description"], row["picture"])


def _read(graph: Graph, statement: str, /, **parameters: Any) -> list[dict[str, Any]]:
    return graph.read(Statement(statement, parameters))


def _count(graph: Graph, statement: str, /, **parameters: Any) -> int:
    return int(_read(graph, statement, **parameters)[0]["count"])
