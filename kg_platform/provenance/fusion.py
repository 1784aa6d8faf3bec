"""What an entity shows of what several sources say: pure functions, records in, an image out.

Records of the entity's own id go before those of ids that were merged into it, and then the newest
goes first. In that order a rule chooses for each property; `FusionRules` says which.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kg_platform.graph.kept import TAG, to_text
from kg_platform.provenance.images import (
    FUSED,
    EntityImage,
    Link,
    SourceRecord,
    of_record,
    records_of,
)

NEWEST, TRUSTED, FREQUENT, ALL = RULES = ("newest", "trusted", "frequent", "all")
LABEL, DESCRIPTION, ALIASES, TYPE, MEDIA = "label", "description", "aliases", "type", "media"


@dataclass(frozen=True)
class FusionRule:
    """How a conflict is decided; `sources` in order, the most trusted first, of `trusted`."""

    name: str = NEWEST
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class FusionRules:
    """The rule of each property that has one of its own, and of the others. Aliases and media of
    all sources are kept unless a rule of their own says otherwise."""

    default: FusionRule = FusionRule()
    properties: Mapping[str, FusionRule] = field(default_factory=dict)

    def of(self, name: str) -> FusionRule:
        if name in (ALIASES, MEDIA):
            return self.properties.get(name, FusionRule(ALL))
        return self.properties.get(name, self.default)


def said(image: EntityImage, entity: str, record: SourceRecord, rules: FusionRules) -> EntityImage:
    """The entity after a source has said something of it."""
    records = records_of(entity, image) | {record.id: record}
    return fused(entity, records, rules, image)


def unsaid(image: EntityImage, entity: str, record: str, rules: FusionRules) -> EntityImage | None:
    """The entity without this record; None: nobody describes it any more."""
    records = {key: one for key, one in image.records.items() if key != record}
    if not records:
        return None
    return fused(entity, records, rules, image)


def fused(
    entity: str, records: Mapping[str, SourceRecord], rules: FusionRules, image: EntityImage
) -> EntityImage:
    """The entity that these records describe, at least one; `image` is it as it was."""
    if len(records) == 1:
        (only,) = records.values()
        if only.original == entity:
            return of_record(only, image.mark)
    order = sorted(records.values(), key=lambda one: _place(entity, one))
    names = dict.fromkeys(key for one in order for key in one.properties)
    properties: dict[str, Any] = {}
    for name in names:
        if name != ALIASES:
            values = [(one.source, one.properties[name]) for one in order if name in one.properties]
            properties[name] = chosen(name, values, rules.of(name))
    if aliases := _aliases(entity, order, properties, rules):
        properties[ALIASES] = aliases
    properties["source"] = ranked([(o.source, o.source) for o in order], rules.default)[0][1]
    text = to_text([properties, sorted(records)])
    properties["content_hash"] = FUSED + hashlib.sha256(text.encode()).hexdigest()
    properties["updated_at"] = max((one.said_at for one in order), key=_moment)
    return replace(
        image,
        labels=_types(order, rules.of(TYPE)),
        properties=properties,
        media=_media(order, rules.of(MEDIA)),
        records=dict(records),
    )


def _place(entity: str, record: SourceRecord) -> tuple[Any, ...]:
    seconds, nanoseconds = _moment(record.said_at)
    return record.original != entity, -seconds, -nanoseconds, record.source, record.original


def _moment(kept: Any) -> tuple[int, int]:
    """Seconds and nanoseconds; something that no source of ours dated is the oldest."""
    fields = kept.get(TAG) if isinstance(kept, Mapping) else None
    return (fields[1], fields[2]) if fields and fields[0] == "zoned" else (0, 0)


def ranked(values: Sequence[tuple[str, Any]], rule: FusionRule) -> list[tuple[str, Any]]:
    """(source, value) pairs, the one that is shown first."""
    if rule.name == TRUSTED:
        rank = {source: number for number, source in enumerate(rule.sources)}
        return sorted(values, key=lambda pair: rank.get(pair[0], len(rank)))
    if rule.name == FREQUENT:
        counts = Counter(to_text(value) for _, value in values)
        return sorted(values, key=lambda pair: -counts[to_text(pair[1])])
    return list(values)


def chosen(name: str, values: Sequence[tuple[str, Any]], rule: FusionRule) -> Any:
    """What is shown of what sources say of a property, the newest first."""
    if rule.name != ALL or name == LABEL:
        return ranked(values, rule)[0][1]
    different = list({to_text(value): value for _, value in values}.values())
    if len(different) == 1:
        return different[0]
    if name == DESCRIPTION:
        return "\n\n".join(map(str, different))
    items = [i for value in different for i in (value if isinstance(value, list) else [value])]
    return _of_one_kind(list({to_text(item): item for item in items}.values()))


def _of_one_kind(items: list[Any]) -> list[Any]:
    """A list that the graph can store: numbers among decimals become such, other mixtures texts."""
    kinds = {item[TAG][0] if isinstance(item, Mapping) else type(item) for item in items}
    if len(kinds) < 2:
        return items
    if kinds == {int, float}:
        return [float(item) for item in items]
    return [item if isinstance(item, str) else _as_text(item) for item in items]


def _as_text(item: Any) -> str:
    return to_text(item[TAG][1:] if isinstance(item, Mapping) else item)


def _aliases(
    entity: str, order: Sequence[SourceRecord], properties: Mapping[str, Any], rules: FusionRules
) -> list[str]:
    rule = rules.of(ALIASES)
    given = [(one.source, one.properties[ALIASES]) for one in order if ALIASES in one.properties]
    names: list[str] = []
    if rule.name == ALL:
        names = [name for _, some in given for name in some]
    elif given:
        names = list(ranked(given, rule)[0][1])
    every_label = rules.of(LABEL).name == ALL
    labels = [
        one.properties[LABEL]
        for one in order
        if LABEL in one.properties and (every_label or one.original != entity)
    ]
    return [name for name in dict.fromkeys([*labels, *names]) if name != properties.get(LABEL)]


def _types(order: Sequence[SourceRecord], rule: FusionRule) -> tuple[str, ...]:
    given = [(one.source, one.type) for one in order if one.type]
    if not given:
        return ()
    if rule.name == ALL:
        return tuple(sorted({str(kind) for _, kind in given}))
    return (str(ranked(given, rule)[0][1]),)


def _media(order: Sequence[SourceRecord], rule: FusionRule) -> list[Link]:
    given = [(one.source, list(one.media)) for one in order if one.media]
    if rule.name != ALL:
        return ranked(given, rule)[0][1] if given else []
    kept: dict[tuple[str, str], Link] = {}
    ranks: Counter[str] = Counter()
    for digest, about in _by_rank(media for _, media in given):
        role = str(about.get("role") or "")
        if (digest, role) not in kept:
            kept[digest, role] = [digest, {**about, "rank": ranks[role]}]
            ranks[role] += 1
    return list(kept.values())


def _by_rank(media: Iterable[Sequence[Link]]) -> Iterable[Link]:
    rank: Callable[[Link], int] = lambda link: int(link[1].get("rank") or 0)  # noqa: E731
    for some in media:
        yield from sorted(some, key=rank)
