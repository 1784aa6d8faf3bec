"""From what is to what was, thing by thing: pure decisions; the graph is `undo`'s.

`before` and `after` are what a run found and left, `now` is what is there. Where somebody else has
changed the same thing since, what the run did to it is taken back as far as that leaves the other
change alone: by source, by property, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import Any, Generic, NamedTuple, TypeVar

from kg_platform.graph.kept import to_text
from kg_platform.provenance.fusion import FusionRules, fused
from kg_platform.provenance.images import EntityImage, SourceRecord, records_of
from kg_platform.provenance.relations import SAY, SOURCE, SOURCES, shown, statements_of

MIXED = "partly undone"  # the `content_hash` of content that no source has stated so
T = TypeVar("T")
Kept = dict[str, Any]


class Way(Enum):
    DONE = "as it was"
    WHOLE = "untouched since"
    PART = "partly"
    NONE = "touched since"


class GoingBack(NamedTuple, Generic[T]):
    """`target` is what it is to be; None: nothing, or of NONE and DONE, what it is. `why` says who
    is in the way."""

    way: Way
    target: T | None = None
    why: str = ""


def entity_back(
    entity: str,
    now: EntityImage | None,
    before: EntityImage | None,
    after: EntityImage | None,
    rules: FusionRules,
) -> GoingBack[EntityImage]:
    """How an entity goes back."""
    if (now is None) if before is None else _exactly(before, now):
        return GoingBack(Way.DONE)
    if (now is None) if after is None else after.same(now):
        return GoingBack(Way.WHOLE, before)
    if before is not None and before.same(now):
        return GoingBack(Way.DONE)
    if now is None:
        return GoingBack(Way.NONE, why="it is gone")
    if after is None:
        return GoingBack(Way.NONE, why="it is there again")
    if before is None and not now.complete and now.source == after.source:
        return GoingBack(Way.WHOLE, None)  # it was cut off before its media
    if not (now.records or after.records or (before and before.records)):
        if before is None:
            return GoingBack(Way.NONE, why=_who(now, after))
        target = _by_property(now, before, after)
    else:
        target = _by_source(entity, now, before, after, rules)
    why = _who(now, after)
    return GoingBack(Way.NONE, why=why) if target is None else GoingBack(Way.PART, target, why)


def relation_back(
    now: Kept | None, before: Kept | None, after: Kept | None, rules: FusionRules
) -> GoingBack[Kept]:
    """How a relation goes back."""
    if to_text(now) == to_text(before):
        return GoingBack(Way.DONE)
    if to_text(now) == to_text(after):
        return GoingBack(Way.WHOLE, before)
    if now is None:
        return GoingBack(Way.NONE, why="it is gone")
    if after is None:
        return GoingBack(Way.NONE, why="it is there again")
    if SOURCES in now or SOURCES in after or (before and SOURCES in before):
        was, left, is_now = (dict(statements_of(one or {})) for one in (before, after, now))
        going = _three_way(is_now, was, left)
        if going and to_text(going) != to_text(is_now):
            return GoingBack(Way.PART, shown(list(going.items()), rules), _what(now, after))
        return GoingBack(Way.NONE, why=_what(now, after))
    going = _three_way(now, before, after) if before is not None else now
    if to_text(going) == to_text(now):
        return GoingBack(Way.NONE, why=_what(now, after))
    return GoingBack(Way.PART, going, _what(now, after))


def _exactly(before: EntityImage, now: EntityImage | None) -> bool:
    """Also when it was written last; marks are looked at by themselves."""
    return (
        before.same(now)
        and now is not None
        and to_text(before.properties) == to_text(now.properties)
    )


def _by_property(now: EntityImage, before: EntityImage, after: EntityImage) -> EntityImage | None:
    properties = _three_way(now.properties, before.properties, after.properties)
    labels = before.labels if sorted(now.labels) == sorted(after.labels) else now.labels
    media = before.media if to_text(list(now.media)) == to_text(list(after.media)) else now.media
    for name in ("content_hash", "updated_at"):
        properties[name] = now.properties.get(name)
    target = replace(now, properties=properties, labels=labels, media=media)
    if target.same(now):
        return None
    return replace(target, properties={**properties, "content_hash": MIXED})


def _by_source(
    entity: str,
    now: EntityImage,
    before: EntityImage | None,
    after: EntityImage,
    rules: FusionRules,
) -> EntityImage | None:
    mine = records_of(entity, now)
    was, left = (records_of(entity, one) if one else {} for one in (before, after))
    going: dict[str, SourceRecord] = {}
    for key in {**was, **mine}:
        one, other = mine.get(key), left.get(key)
        untouched = other.same(one) if other else one is None
        chosen = was.get(key) if untouched else one
        if chosen is not None:
            going[key] = chosen
    if not going or to_text([r.as_json() for r in going.values()]) == to_text(
        [r.as_json() for r in mine.values()]
    ):
        return None
    return fused(entity, going, rules, now)


def _three_way(now: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> Kept:
    """`now` with what `after` made of `before` taken back, where it still stands."""
    going = dict(now)
    for key in {**before, **after}:
        if to_text(before.get(key)) == to_text(after.get(key)):
            continue
        if to_text(now.get(key)) != to_text(after.get(key)):
            continue
        if key in before:
            going[key] = before[key]
        else:
            going.pop(key, None)
    return going


def _who(now: EntityImage, after: EntityImage) -> str:
    sources = {one.source for one in now.records.values()} or {now.source}
    before = {one.source for one in after.records.values()} or {after.source}
    if others := sorted(sources - before):
        return f"{', '.join(others)} describes it as well"
    keys = [
        key
        for key in sorted({**now.properties, **after.properties})
        if key not in ("content_hash", "updated_at")
        and to_text(now.properties.get(key)) != to_text(after.properties.get(key))
    ]
    return f"changed since: {', '.join(keys or ['types, media or sources'])}"


def _what(now: Kept, after: Kept) -> str:
    keys = [
        key
        for key in sorted({**now, **after})
        if key != SAY and to_text(now.get(key)) != to_text(after.get(key))
    ]
    others = set(now.get(SOURCES) or [now.get(SOURCE)]) - set(
        after.get(SOURCES) or [after.get(SOURCE)]
    )
    if others:
        return f"{', '.join(sorted(map(str, others)))} states it as well"
    return f"changed since: {', '.join(keys)}"
