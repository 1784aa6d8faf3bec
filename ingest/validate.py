"""Is this record fit for the graph? Pure functions: a record in, a record and its Rejections out.

A bad id rejects the row. Any other bad field is rejected by itself: it is left out and the entity
still loads, because every fact about an entity that is not there would be lost with it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from kg_platform.cypher.loading import (
    RESERVED,
    RESERVED_LABELS,
    RESERVED_TYPES,
    is_vector_property,
)
from kg_platform.cypher.names import quote
from kg_platform.errors import BadInput
from kg_platform.provenance.relations import SAY, SOURCES
from kg_platform.records import Entity, MediaRef, PropertyValue, Rejection, Relation

# Neo4j indexes at most about 8,100 bytes of one value, and the id is indexed.
MAX_ID_BYTES = 8_000
_SHOWN = 200

NUL = "holds a NUL character"
SURROGATE = "holds half of a character (a lone surrogate)"
KEPT = "the platform keeps this property itself; rename it"
PLAIN = "a property is text, a number, true, false, a date or time, or a list of one of these"
OFFSET = "the offset of a time is whole seconds and at most 18 hours"

_MEDIUM = (
    "path or web address of {}, or an object with one of path, url and bytes (in base64), and "
    "role, caption, rank, from, to"
)
PLACES = {
    "image": "an image is the " + _MEDIUM.format("a picture"),
    "audio": "an audio is the " + _MEDIUM.format("a recording"),
    "video": "a video is the " + _MEDIUM.format("a film"),
    "document": (
        "a document is the path or web address of a text file, or an object with one of path, url "
        "and bytes (in base64), and caption, rank; its role is always `document`"
    ),
}

_WITH_OFFSET = (datetime, time)
_KINDS = frozenset({str, int, float, bool, date, datetime, time, timedelta})
_MAX_OFFSET = timedelta(hours=18)
_ONE = {"aliases": "an alias"} | {f"{kind}.caption": "a caption" for kind in PLACES}


class Checked(NamedTuple):
    """What is left of an entity (None: nothing), and what was refused of it."""

    entity: Entity | None
    rejections: list[Rejection]


def check_entity(record: Entity) -> Checked:
    """The entity with every value fit to store; `id` as text, `label` filled in."""
    refused: list[Rejection] = []

    def refuse(field: str, reason: str, value: object = "") -> None:
        refused.append(Rejection(record.source, record.line, field, reason, shown(value)))

    given: Any = record.id
    if type(given) is int:
        given = _digits(given)
    if reason := id_problem(given):
        refuse("id", reason, given)
        return Checked(None, refused)

    kind: Any = record.type
    if kind is not None and (reason := type_problem(kind)):
        refuse("type", reason, kind)
        kind = None
    entity = Entity(
        id=given,
        type=kind,
        label=_label(record.label, refuse) or given,
        description=_text("description", record.description, refuse),
        aliases=_aliases(record.aliases, refuse),
        properties=_properties(dict(record.properties), refuse),
        media=tuple(fit for m in record.media if (fit := _media(m, refuse))),
        source=record.source,
        line=record.line,
    )
    return Checked(entity, refused)


def check_relation(record: Relation) -> list[Rejection]:
    """Why the relation cannot be stored; empty when it can. Whether its ends exist is not asked."""
    if not (
        record.properties
        or id_problem(record.head)
        or relation_type_problem(record.type)
        or id_problem(record.tail)
    ):
        return []  # nearly all of them
    found: list[tuple[str, str | None, object]] = [
        ("head", id_problem(record.head), record.head),
        ("relation", relation_type_problem(record.type), record.type),
        ("tail", id_problem(record.tail), record.tail),
    ]
    found += [
        (k, _of_relation(k) or property_problem(k, v), v) for k, v in record.properties.items()
    ]
    return [
        Rejection(record.source, record.line, field, reason, shown(value))
        for field, reason, value in found
        if reason
    ]


def _of_relation(key: str) -> str | None:
    return KEPT if key in (SOURCES, SAY) else None


def id_problem(value: Any) -> str | None:
    """Why `value` is no id. Any text is one: quotes, newlines, emoji, up to MAX_ID_BYTES."""
    if value is None:
        return "the id is missing"
    if type(value) is int:
        return "an id is text; write this number as text"
    if not isinstance(value, str):
        return "an id is text or a whole number"
    if not value.strip():
        return "the id is empty"
    if problem := text_problem(value):
        return f"the id {problem}"
    if _too_long(value):
        return f"the id is longer than {MAX_ID_BYTES:,} bytes"
    return None


def _digits(value: int) -> str | int:
    """A whole number as text; as it is, where it has more digits than Python writes."""
    try:
        return str(value)
    except ValueError:
        return value


def _too_long(text: str) -> bool:
    return len(text) > MAX_ID_BYTES // 4 and len(text.encode()) > MAX_ID_BYTES


def text_problem(text: str) -> str | None:
    """Why a text cannot be stored, as the end of a sentence."""
    if "\x00" in text:
        return NUL
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return SURROGATE
    return None


def type_problem(value: Any) -> str | None:
    """Why `value` cannot be an entity's type."""
    if not isinstance(value, str):
        return "a type is text"
    if value in RESERVED_LABELS:
        return "the platform uses this label itself; choose another type"
    return _name_problem(value)


@lru_cache(maxsize=10_000)
def relation_type_problem(value: str) -> str | None:
    """Why `value` cannot be a relationship type."""
    if value in RESERVED_TYPES:
        return "the platform uses this relationship type itself; choose another"
    return _name_problem(value)


@lru_cache(maxsize=10_000)
def key_problem(key: str) -> str | None:
    """Why `key` cannot be a property key of a source."""
    if key in RESERVED or is_vector_property(key):
        return KEPT
    if key in ("label", "type", "description", "aliases"):
        return "this name has a meaning of its own; rename it"
    return _name_problem(key)


def property_problem(key: str, value: Any) -> str | None:
    """Why a property cannot be stored; None when it can."""
    return key_problem(key) or _value_problem(value)


def _name_problem(name: str) -> str | None:
    if problem := text_problem(name):
        return f"the name {problem}"
    try:
        quote(name)
    except BadInput:
        return "a name is not empty and at most 1,000 bytes long"
    return None


def _value_problem(value: Any) -> str | None:
    kind = type(value)
    if kind is str:
        problem = text_problem(value)
        return f"the text {problem}" if problem else None
    if kind is bool:
        return None
    if kind is int:
        fits = -(2**63) <= value < 2**63
        return None if fits else "a whole number has at most 64 bits; write it as text"
    if kind is float:
        return None if math.isfinite(value) else "a number is finite, not NaN or infinite"
    if kind is list:
        kinds = {type(item) for item in value}
        if not kinds <= _KINDS:
            return PLAIN
        if len(kinds) > 1 and kinds != {int, float}:
            return "the items of a list are all of one kind"
        if kinds & {datetime, time} and len({item.tzinfo is None for item in value}) > 1:
            return "the times of a list have all an offset, or none has"
        return next((p for item in value if (p := _value_problem(item))), None)
    if kind in _WITH_OFFSET:
        return _offset_problem(value)
    return None if kind in _KINDS else PLAIN


def _offset_problem(value: datetime | time) -> str | None:
    offset = value.utcoffset()
    if offset is None:  # a zone that needs the day to know, such as a clock's, has none
        return None if value.tzinfo is None else OFFSET
    return None if abs(offset) <= _MAX_OFFSET and not offset.microseconds else OFFSET


_Refuse = Callable[[str, str, object], None]


def _properties(properties: dict[str, Any], refuse: _Refuse) -> dict[str, PropertyValue]:
    kept: dict[str, PropertyValue] = {}
    for key, value in properties.items():
        if value is None:
            continue
        if problem := property_problem(key, value):
            refuse(key, problem, value)
        elif type(value) is list and len({type(item) for item in value}) > 1:
            kept[key] = [float(item) for item in value]  # whole numbers among decimals
        else:
            kept[key] = value
    return kept


def _text(field: str, value: Any, refuse: _Refuse) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        refuse(field, f"{_ONE.get(field, f'a {field}')} is text", value)
        return ""
    if problem := text_problem(value):
        refuse(field, f"the text {problem}", value)
        return ""
    return value


def _name(field: str, value: Any, refuse: _Refuse) -> str:
    """A name as text: numbers are written as JSON writes them, and a blank one is none."""
    if type(value) is int:
        value = _digits(value)
    elif type(value) is float and math.isfinite(value):
        value = shown(value)
    text = _text(field, value, refuse)
    return text if text.strip() else ""


def _label(value: Any, refuse: _Refuse) -> str:
    text = _name("label", value, refuse)
    if _too_long(text):  # labels are indexed, too
        refuse("label", f"a label is at most {MAX_ID_BYTES:,} bytes long", text)
        return ""
    return text


def _aliases(value: Any, refuse: _Refuse) -> tuple[str, ...]:
    if value is None:
        return ()
    items = [value] if isinstance(value, str | int | float) else value
    if not isinstance(items, list | tuple):
        refuse("aliases", "aliases are a list of texts", value)
        return ()
    return tuple(dict.fromkeys(a for item in items if (a := _name("aliases", item, refuse))))


def fit_media(ref: MediaRef) -> tuple[MediaRef | None, str]:
    """A medium on its own, fit to be stored; or None, and why it is not, all of it."""
    refused: list[str] = []

    def refuse(field: str, reason: str, value: object = "") -> None:
        refused.append(reason)

    fit = _media(ref, refuse)
    return (None, refused[0]) if refused else (fit, "")


def _media(ref: MediaRef, refuse: _Refuse) -> MediaRef | None:
    """The reference with what of it can be kept; None without a place."""
    location: Any = ref.location
    if not isinstance(location, str) or not location:
        refuse(ref.field, PLACES[ref.field], location)
        return None
    if problem := text_problem(location):
        refuse(ref.field, f"the path {problem}", location)
        return None
    role: Any = ref.role
    if not isinstance(role, str) or not role or text_problem(role):
        refuse(f"{ref.field}.role", "the role of a medium is text", role)
        return None
    rank: Any = ref.rank
    if type(rank) is not int or not 0 <= rank < 2**31:
        refuse(f"{ref.field}.rank", "a rank is a whole number from 0 on", rank)
        rank = 0
    start, end = (_second(ref, name, refuse) for name in ("start", "end"))
    if start is not None and end is not None and end <= start:
        refuse(f"{ref.field}.to", "the end of a part comes after its beginning", end)
        end = None
    if (start is None) is not (ref.start is None) or (end is None) is not (ref.end is None):
        start = end = None  # nobody knows which part is meant: all of it
    caption = _text(f"{ref.field}.caption", ref.caption, refuse)
    if (rank, caption, start, end) == (ref.rank, ref.caption, ref.start, ref.end):
        return ref
    return replace(ref, rank=rank, caption=caption, start=start, end=end)


def _second(ref: MediaRef, name: str, refuse: _Refuse) -> float | None:
    value: Any = getattr(ref, name)
    if value is None:
        return None
    if type(value) in (int, float) and 0 <= value < 2**53:  # neither NaN nor infinite is
        return float(value)
    said = "from" if name == "start" else "to"
    refuse(f"{ref.field}.{said}", "the part of a recording is in seconds, 0 or more", value)
    return None


def shown(value: object) -> str:
    """A value as a Rejection keeps it: short, and text that every ledger can store."""
    text = value if isinstance(value, str) else _literal(value)
    text = text[:_SHOWN].replace("\x00", "\\0")
    return text.encode("utf-8", "backslashreplace").decode()


def _literal(value: object) -> str:
    """As JSON writes it; what JSON does not know is what a program's own source brought."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError):  # whole numbers of thousands of digits
        return "(cannot be shown)"
