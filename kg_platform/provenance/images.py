"""An entity at one moment: what it shows, and what each source says of it; nothing here does I/O.

Values are kept ones (`kg_platform.graph.kept`), so an image is JSON, and two are equal where their
text is. An entity that one source describes has no records: what it shows is what that source says.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kg_platform.cypher.changes import TEXT, TEXT_PROPERTIES
from kg_platform.graph.kept import from_text, to_text
from kg_platform.modality import IMAGE, MEDIA_KINDS, OF_MEDIA

Kept = dict[str, Any]
# A medium of an entity: its id, and the properties of the reference.
Link = list[Any]

FUSED = "fused:"  # how the `content_hash` of an entity begins that shows what several records say
WRITTEN = ("updated_at", "content_hash")  # follow from the rest
_LONG = 2_000  # bytes of an id of a record that stays readable


def record_id(source: str, original: str) -> str:
    """The id of what `source` says of its `original` id."""
    text = to_text([source, original])
    return text if len(text.encode()) <= _LONG else hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class SourceRecord:
    """What one source says of one of its ids: `original`, which may have been merged since."""

    source: str
    original: str
    type: str | None
    properties: Mapping[str, Any]
    media: Sequence[Link]
    content_hash: str | None
    said_at: Any  # a kept time

    @property
    def id(self) -> str:
        return record_id(self.source, self.original)

    def as_json(self) -> Kept:
        return {
            "source": self.source,
            "original": self.original,
            "type": self.type,
            "properties": dict(self.properties),
            "media": list(self.media),
            "content_hash": self.content_hash,
            "said_at": self.said_at,
        }

    def same(self, other: SourceRecord | None) -> bool:
        """Whether both say the same, whenever they said it."""
        if other is None:
            return False
        mine, theirs = (
            to_text([one.type, one.properties, _in_order(one.media)]) for one in (self, other)
        )
        return mine == theirs


@dataclass(frozen=True)
class EntityImage:
    """`labels` without `Entity`, `properties` without the id and without vectors; `mark` is why and
    since when the vector is stale, and of which run it is; `vectors` are kept of what goes."""

    labels: tuple[str, ...]
    properties: Mapping[str, Any]
    media: Sequence[Link] = ()
    records: Mapping[str, SourceRecord] = field(default_factory=dict)
    mark: Mapping[str, Any] = field(default_factory=dict)
    vectors: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str:
        return str(self.properties.get("source") or "")

    @property
    def complete(self) -> bool:
        """Whether somebody describes it: otherwise it was made for a relation, or cut off."""
        return self.properties.get("content_hash") is not None

    def text(self) -> str:
        return to_text(
            {
                "labels": sorted(self.labels),
                "properties": self.properties,
                "media": self.media,
                "records": {key: one.as_json() for key, one in self.records.items()},
                "mark": self.mark,
                "vectors": self.vectors,
            }
        )

    def content(self) -> Kept:
        """What a person could change of it: equal content is the same entity."""
        return {
            "labels": sorted(self.labels),
            "properties": {k: v for k, v in self.properties.items() if k not in WRITTEN},
            "media": _in_order(self.media),
            "records": {
                key: [one.type, one.properties, _in_order(one.media)]
                for key, one in self.records.items()
            },
        }

    def same(self, other: EntityImage | None) -> bool:
        return other is not None and to_text(self.content()) == to_text(other.content())

    def as_record(self, entity: str) -> SourceRecord:
        """What its one source says of it."""
        own = {"source", *WRITTEN}
        return SourceRecord(
            source=self.source,
            original=entity,
            type=min(self.labels, default=None),
            properties={k: v for k, v in self.properties.items() if k not in own},
            media=self.media,
            content_hash=self.properties.get("content_hash"),
            said_at=self.properties.get("updated_at"),
        )


def records_of(entity: str, image: EntityImage) -> dict[str, SourceRecord]:
    """What is said of an entity, by records' ids. Without records it shows what its one source says
    of its own id; nobody has described one that is not complete."""
    if image.records or not image.complete:
        return dict(image.records)
    only = image.as_record(entity)
    return {only.id: only}


def of_record(record: SourceRecord, mark: Mapping[str, Any]) -> EntityImage:
    """The entity that one source describes."""
    properties = {
        **record.properties,
        "source": record.source,
        "content_hash": record.content_hash,
        "updated_at": record.said_at,
    }
    return EntityImage((record.type,) if record.type else (), properties, record.media, mark=mark)


def image_of(text: str | None) -> EntityImage | None:
    """What `EntityImage.text` wrote."""
    if text is None:
        return None
    found = from_text(text)
    records = {key: SourceRecord(**one) for key, one in found.get("records", {}).items()}
    return EntityImage(
        labels=tuple(found["labels"]),
        properties=found["properties"],
        media=found.get("media", ()),
        records=records,
        mark=found.get("mark", {}),
        vectors=found.get("vectors", {}),
    )


def with_mark(image: EntityImage, reasons: Sequence[str], at: Any) -> EntityImage:
    """Marked as stale for these reasons, at this kept time; who is marked as new stays so."""
    if not reasons:
        return image
    before = list(image.mark.get("stale") or ())
    new = before[:1] == ["new"]
    stale = before if new else before + [r for r in reasons if r not in before]
    return replace(image, mark={**image.mark, "stale": stale, "stale_at": at})


def reasons(before: EntityImage, after: EntityImage, kinds: Mapping[str, str]) -> list[str]:
    """Why a vector of the first is not one of the second. `kinds` are those of the `other_media`;
    one that is not known is taken for a picture."""
    words = [[i.properties.get(k) for k in TEXT_PROPERTIES] for i in (before, after)]
    captions = [[place[-1] for place in _places(i) if place[-1]] for i in (before, after)]
    changed = {kinds.get(digest, IMAGE.name) for digest in other_media(before, after)}
    told = to_text(words[0]) != to_text(words[1]) or captions[0] != captions[1]
    found = [TEXT] if told or changed - MEDIA_KINDS else []  # what documents say is text
    return found + [one.item for one in OF_MEDIA if changed.intersection(one.media)]


def other_media(before: EntityImage, after: EntityImage) -> set[str]:
    """Media of one of the two that the other does not have, or has at another place, or another
    part of."""
    places = [Counter(place[:-1] for place in _places(i)) for i in (before, after)]
    differing = (places[0] - places[1]) + (places[1] - places[0])
    return {digest for _, digest, *_ in differing}


def _places(image: EntityImage) -> list[tuple[int, str, float, float, str]]:
    """Rank, medium, beginning and end of the part that is meant, and caption."""
    found = []
    for digest, about in image.media:
        start, end = about.get("start_seconds"), about.get("end_seconds")
        part = float(start or 0), -1.0 if end is None else float(end)
        caption = str(about.get("caption") or "")
        found.append((int(about.get("rank") or 0), str(digest), *part, caption))
    return sorted(found)


def _in_order(media: Sequence[Link]) -> list[Link]:
    return sorted(([digest, dict(about)] for digest, about in media), key=to_text)
