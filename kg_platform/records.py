"""The frozen records that cross a border: what sources yield, what is loaded, what is refused."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

# Property values Neo4j can store: scalars and flat lists of scalars of one kind. Days, times and
# durations become Neo4j's own; a time with an offset is of another kind than one without.
Temporal = date | datetime | time | timedelta
Scalar = str | int | float | bool | Temporal
PropertyValue = (
    Scalar
    | list[str]
    | list[int]
    | list[float]
    | list[bool]
    | list[date]
    | list[datetime]
    | list[time]
    | list[timedelta]
)


_HELD = re.compile(r"[^/]+:[0-9a-f]{64}")  # earlier versions named it after any role


class HeldMedium(str):
    """A location that has its bytes with it: of a medium that is in a table, and in no file. It is
    named after what it holds, so that the same medium has the same name. `kind`: what its table
    says that it is, image, audio, video or document."""

    data: bytes
    kind: str

    @classmethod
    def of(cls, data: bytes, kind: str = "image") -> HeldMedium:
        """What is neither audio, video nor document counts as an image."""
        known = kind if kind in ("audio", "video", "document") else "image"
        named = "picture" if known == "image" else known
        made = cls(f"{named}:{hashlib.sha256(data).hexdigest()}")
        made.data, made.kind = data, known
        return made

    @staticmethod
    def is_name(location: str) -> bool:
        """Whether a location that was written down is the name of one, now without its bytes."""
        return _HELD.fullmatch(location) is not None


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A picture, sound, film or text file an entity points at, before its bytes are stored.

    `location` is a path relative to the source's folder, a web address, or a `HeldMedium`. `role`
    says what it is to the entity ("image", "audio", "flag", ...; that of a text file is always
    "document"), `rank` orders media of one role,
    0 first. `start` and `end`, in seconds, are the part of a recording that is meant.
    """

    location: str
    role: str = "image"
    rank: int = 0
    caption: str = ""
    start: float | None = None
    end: float | None = None

    @property
    def is_address(self) -> bool:
        """Whether it is on the web."""
        return not isinstance(self.location, HeldMedium) and "://" in self.location

    @property
    def field(self) -> str:
        """What rejections call it."""
        return self.role if self.role in ("audio", "video", "document") else "image"

    def about(self) -> dict[str, Any]:
        """The properties of the entity's reference to it."""
        given = {"caption": self.caption, "start_seconds": self.start, "end_seconds": self.end}
        more = {name: value for name, value in given.items() if value not in ("", None)}
        return {"role": self.role, "rank": self.rank, **more}


# The `likeness` of a medium that shows nothing; no picture that shows something has this hash.
NO_LIKENESS = "0" * 16
# What not every medium has, and of what type each is.
FIGURES: Mapping[str, type] = {
    "duration": float,
    "rate": int,
    "channels": int,
    "codec": str,
    "frame_rate": float,
    "likeness": str,
    "characters": int,
    "pages": int,
    "texts": list,
}


@dataclass(frozen=True, slots=True)
class Media:
    """Stored bytes, as the graph refers to them. `id` is the SHA-256 of the bytes, in hex; `kind`
    is image, audio, video or document, by what they are. The figures are those of
    `kg_platform.media.described`; None: it has none such."""

    id: str
    kind: str
    mime: str
    uri: str
    size: int
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    rate: int | None = None
    channels: int | None = None
    codec: str | None = None
    frame_rate: float | None = None
    likeness: str | None = None
    characters: int | None = None
    pages: int | None = None
    texts: tuple[str, ...] | None = None

    def about(self) -> dict[str, Any]:
        """The properties of its node, but for its id."""
        own = {name: getattr(self, name) for name in ("kind", "mime", "uri", "size")}
        own |= {"width": self.width, "height": self.height}
        more = {name: getattr(self, name) for name in FIGURES}
        given = {name: value for name, value in more.items() if value is not None}
        if self.texts is not None:
            given["texts"] = list(self.texts)
        return own | given


@dataclass(frozen=True, slots=True)
class Entity:
    """One node. `id` is the key people and programs use; `type` becomes a second label."""

    id: str
    type: str | None = None
    label: str = ""
    description: str = ""
    aliases: tuple[str, ...] = ()
    properties: Mapping[str, PropertyValue] = field(default_factory=dict)
    media: tuple[MediaRef, ...] = ()
    source: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """One fact: (head, type, tail), a relationship of that type between two entities."""

    head: str
    type: str
    tail: str
    properties: Mapping[str, PropertyValue] = field(default_factory=dict)
    source: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was not loaded: where it stands, which field is wrong, and why."""

    source: str
    line: int | None
    field: str
    reason: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class FieldRejection(Rejection):
    """Only this field was left out: what the row says otherwise was loaded."""


@dataclass(frozen=True, slots=True)
class MediumRejection(FieldRejection):
    """A medium that an entity names and that could not be had; it may be had another time. `gone`:
    there is nothing any more where it was."""

    entity: str = ""
    ref: MediaRef = MediaRef("")
    gone: bool = False
