"""Find entities by words, spelling forgiven, and narrow them down by what they are like.

One count of the graph (`census`) answers how many there are of everything a facet offers, whatever
was chosen of the others; a page of entities is a statement of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from kg_platform.browse.entities import EntityRow
from kg_platform.cypher import finding as cypher
from kg_platform.cypher import words
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph

FEW = 10  # with fewer matches, what is spelled nearly so is offered too
FACETS = ("types", "sources", "has", "states", "degrees", "runs")
_CHOICES = {
    "has": (cypher.TEXT, *cypher.MEDIA),
    "states": cypher.STATES,
    "degrees": tuple(cypher.DEGREES),
}


@dataclass(frozen=True)
class Sought:
    """What is looked for. Of each facet one of the values must hold; none means any.

    `types` are labels ("" for none), `has` is among text, image, audio and video, `states` (of
    vectors) among fresh, stale, provisional and none, `degrees` among the keys of
    `cypher.finding.DEGREES`. `order` is match, name or degree.

    Raises:
        BadInput: a value is none of its facet's.
    """

    text: str = ""
    types: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    degrees: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    order: str = cypher.BY_MATCH

    def __post_init__(self) -> None:
        for name, known in {**_CHOICES, "order": cypher.ORDERS}.items():
            given = getattr(self, name)
            for value in (given,) if isinstance(given, str) else given:
                if value not in known:
                    raise BadInput(f"{name} is one of {', '.join(known)}, not {value!r}.")

    @property
    def chosen(self) -> int:
        """How many values of facets were chosen."""
        return sum(len(getattr(self, name)) for name in FACETS)


@dataclass(frozen=True)
class Cell:
    """Entities that are alike in every facet, and how many they are. `vectors` are names of vector
    properties, as the platform calls them; `text` is a description, `said` any words at all."""

    types: tuple[str, ...]
    source: str
    media: tuple[str, ...]
    vectors: frozenset[str]
    text: bool
    said: bool
    stale: bool
    provisional: bool
    run: str
    degree: str
    count: int

    def values(self, facet: str) -> tuple[str, ...]:
        """What a facet says of them."""
        match facet:
            case "types":
                return self.types or ("",)
            case "sources":
                return (self.source,)
            case "has":
                return (*((cypher.TEXT,) if self.text else ()), *self.media)
            case "states":
                return tuple(self._states())
            case "degrees":
                return (self.degree,)
            case _:
                return (self.run,)

    def _states(self) -> Iterator[str]:
        there = "embedding" in self.vectors
        if there and not self.stale and not self.provisional:
            yield cypher.FRESH
        if there and self.stale:
            yield cypher.STALE
        if self.provisional:
            yield cypher.PROVISIONAL
        if not there:
            yield cypher.NONE


@dataclass(frozen=True)
class Census:
    """How many entities there are of each kind, among those that some words name or among all.

    `near`: so few are written as the words are that those spelled nearly so are among them.
    """

    cells: tuple[Cell, ...] = field(repr=False)
    near: bool = False

    @cached_property
    def entities(self) -> int:
        return sum(cell.count for cell in self.cells)

    def total(self, wanted: Sought) -> int:
        return sum(cell.count for cell in self._fitting(wanted))

    def facet(self, name: str, wanted: Sought) -> dict[str, int]:
        """Value -> how many entities have it, of those that the other facets let through; by
        count, or in their own order where they have one. What was chosen is there with 0 too."""
        nothing: dict[str, Any] = {name: ()}
        others = replace(wanted, **nothing)
        found = Counter[str]()
        for cell in self._fitting(others):
            for value in cell.values(name):
                found[value] += cell.count
        for value in getattr(wanted, name):
            found.setdefault(value, 0)
        if name in _CHOICES:
            return {value: found[value] for value in _CHOICES[name] if value in found}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def _fitting(self, wanted: Sought) -> Iterable[Cell]:
        asked = [(name, set(getattr(wanted, name))) for name in FACETS if getattr(wanted, name)]
        return (
            cell
            for cell in self.cells
            if all(not values.isdisjoint(cell.values(name)) for name, values in asked)
        )


@dataclass(frozen=True)
class Hit:
    """An entity on a page of what was found; `near`: it is only spelled nearly as was asked."""

    entity: EntityRow
    near: bool = False


def census(graph: Graph, text: str = "") -> Census:
    """Count what is there, or what the words name: a scan, about a second for 100,000 entities."""
    found = _census(graph, text, near=False)
    if text.strip() and found.entities < FEW:
        return _census(graph, text, near=True)
    return found


def page(
    graph: Graph, wanted: Sought, limit: int = 30, offset: int = 0, near: bool = False
) -> list[Hit]:
    """Entities that fit, the best first (without words: by id). `near` is what `Census` said."""
    by_words = bool(wanted.text.strip())
    text = cypher.entities(by_words)
    text += cypher.condition(wanted.types, wanted.has, wanted.states, wanted.degrees)
    given = {
        **(_words(graph, wanted.text, near) if by_words else {}),
        "sources": list(wanted.sources),
        "runs": list(wanted.runs),
        "limit": limit,
        "offset": offset,
    }
    rows = graph.read(Statement(text + cypher.page(wanted.order, by_words), given))
    return [
        Hit(
            EntityRow(row["id"], row["label"], row["type"], row["description"], row["picture"]),
            near=row["rank"] == 5,
        )
        for row in rows
    ]


def _census(graph: Graph, text: str, near: bool) -> Census:
    by_words = bool(text.strip())
    given = _words(graph, text, near) if by_words else {}
    rows = graph.read(Statement(cypher.entities(by_words) + cypher.CENSUS, given))
    turned = graph.vocabulary.turned_name
    return Census(tuple(_cell(row, turned) for row in rows), near)


def _cell(row: Mapping[str, Any], turned: Any) -> Cell:
    vectors = frozenset(turned(name) for name in row["vectors"])
    types, media = tuple(sorted(row["types"])), tuple(row["media"])
    return Cell(**{**row, "types": types, "media": media, "vectors": vectors})


def _words(graph: Graph, text: str, near: bool) -> dict[str, Sequence[Any]]:
    typed = text.strip()
    return {
        "text": typed,
        "forms": words.forms(typed),
        "cased": words.cased(typed),
        "phrase": words.label_phrase(typed, graph.vocabulary.name("label")),
        "words": words.all_words(typed),
        "near": words.forgiving_words(typed) if near else [],
    }
