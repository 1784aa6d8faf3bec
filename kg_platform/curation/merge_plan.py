"""What a merge of two entities changes, computed from what both are; nothing here does I/O.

Facts and media of the one that goes move to the one that is kept, with their properties. Where the
kept one has the same fact, it stays one: it gets the properties it lacks; if one of the two is from
a source and the other from a review, it is the source's. What lies between the two would be a loop
and goes. The label that goes becomes an alias; properties that are lacking are
filled; pictures come after the kept one's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kg_platform.cypher.changes import FACTS, TEXT, TEXT_PROPERTIES
from kg_platform.cypher.loading import RESERVED, is_vector_property
from kg_platform.cypher.reviewing import ACCEPTANCE, SOURCE
from kg_platform.modality import IMAGE, MEDIA_KINDS, OF_MEDIA

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class EntityState:
    """An entity as the graph has it."""

    id: str
    labels: tuple[str, ...]
    properties: Properties

    @property
    def types(self) -> set[str]:
        return set(self.labels) - {"Entity"}

    @property
    def label(self) -> str:
        return str(self.properties.get("label") or self.id)

    @property
    def aliases(self) -> list[str]:
        return list(self.properties.get("aliases") or ())


@dataclass(frozen=True)
class MergedFact:
    """A relationship of an entity: to `other`, the id of an entity or of `media`, of which `kind`
    is known while a merge is planned."""

    type: str
    outgoing: bool
    other: str
    media: bool
    properties: Properties
    kind: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Outcome:
    """What becomes of a relationship: `moved` to the kept entity as `became`; `absorbed` by a fact
    that it has; `dropped` as it lies between the two; or `filled`, one of the kept entity's that
    became `became`."""

    what: str
    fact: MergedFact
    became: MergedFact | None = None


@dataclass(frozen=True)
class MergePlan:
    """`before` and `after` are the kept entity's properties that change (those it lacked are not in
    `before`), `labels` those it gets; `stale` says why its vector is."""

    held: list[Outcome]
    before: dict[str, Any]
    after: dict[str, Any]
    labels: list[str]
    stale: list[str] = field(default_factory=list)

    def of(self, what: str) -> list[Outcome]:
        return [one for one in self.held if one.what == what]


def plan(
    kept: EntityState, gone: EntityState, facts: Sequence[MergedFact], others: Sequence[MergedFact]
) -> MergePlan:
    """Merge `gone`, with the relationships `others`, into `kept`, which has `facts`."""
    held = _held(kept.id, gone.id, facts, others)
    after = _after(kept, gone)
    before = {key: kept.properties[key] for key in after if key in kept.properties}
    labels = [] if kept.types else sorted(gone.types)
    return MergePlan(held, before, after, labels, _stale(held, after))


def _held(
    kept: str, gone: str, facts: Sequence[MergedFact], others: Sequence[MergedFact]
) -> list[Outcome]:
    there = {_key(fact): fact for fact in facts}
    now = dict(there)
    ranks = _last_ranks(facts)
    held: list[Outcome] = []
    for fact in sorted(others, key=_order):
        if fact.other == kept and not fact.media:
            held.append(Outcome("dropped", fact))
            continue
        other = kept if fact.other == gone and not fact.media else fact.other
        moved = replace(fact, other=other)
        twin = now.get(_key(moved))
        if twin is not None:
            joined = _joined(twin.properties, fact.properties)
            now[_key(moved)] = replace(twin, properties=joined)
            held.append(Outcome("absorbed", fact))
            continue
        if fact.media:
            role = str(fact.properties.get("role") or "")
            ranks[role] = ranks.get(role, -1) + 1
            moved = replace(moved, properties={**fact.properties, "rank": ranks[role]})
        held.append(Outcome("moved", fact, moved))
    held += [Outcome("filled", one, now[key]) for key, one in there.items() if one != now[key]]
    return held


def _joined(kept: Properties, gone: Properties) -> dict[str, Any]:
    """What a fact says that both have. If it is a source's, undoing its acceptance must not take
    it away: nothing of the acceptance is left."""
    first, second = (gone, kept) if _accepted(kept) and not _accepted(gone) else (kept, gone)
    more = set(second) - ACCEPTANCE if _accepted(second) else set(second)
    return {**{key: second[key] for key in more}, **first}


def _accepted(properties: Properties) -> bool:
    return properties.get("source") == SOURCE


def _stale(held: Sequence[Outcome], after: Properties) -> list[str]:
    """What of the kept entity its vector was made of and is another now."""
    ends = any(one.what in ("moved", "dropped") and not one.fact.media for one in held)
    media = [
        (one.fact.properties if one.what == "filled" else {}, one.became)
        for one in held
        if one.became is not None and one.fact.media
    ]
    told = any(
        (old.get("caption") or "") != (now.properties.get("caption") or "") for old, now in media
    )
    placed = {
        now.kind or IMAGE.name
        for old, now in media
        if old.get("rank") != now.properties.get("rank")
    }
    return [
        reason
        for reason, changed in (
            (FACTS, ends),
            (TEXT, told or placed - MEDIA_KINDS or after.keys() & set(TEXT_PROPERTIES)),
            *((one.item, placed.intersection(one.media)) for one in OF_MEDIA),
        )
        if changed
    ]


def _after(kept: EntityState, gone: EntityState) -> dict[str, Any]:
    after = {
        key: value
        for key, value in gone.properties.items()
        if key not in kept.properties
        and key not in RESERVED
        and key != "aliases"
        and not is_vector_property(key)
    }
    label = str(after.get("label") or kept.label)
    named = [*kept.aliases, gone.label, *gone.aliases]
    aliases = [name for name in dict.fromkeys(named) if name != label]
    if aliases != kept.aliases:
        after["aliases"] = aliases
    return after


def _key(fact: MergedFact) -> tuple[Any, ...]:
    # A medium may be an entity's flag and its map, and have several parts that are meant.
    names = ("role", "start_seconds", "end_seconds") if fact.media else ()
    own = tuple(fact.properties.get(name) for name in names)
    return fact.type, fact.outgoing, fact.other, fact.media, *own


def _last_ranks(facts: Sequence[MergedFact]) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for fact in facts:
        if fact.media:
            role = str(fact.properties.get("role") or "")
            ranks[role] = max(ranks.get(role, -1), int(fact.properties.get("rank") or 0))
    return ranks


def _order(fact: MergedFact) -> tuple[Any, ...]:
    rank = fact.properties.get("rank") if fact.media else 0
    return fact.media, fact.type, int(rank or 0), not fact.outgoing, fact.other
