"""The envelope of a change: one JSON object a message, versioned. Pure: an object in, a change out.

    {"kg": 1, "op": "put", "entity": {"id": "JPN", "type": "Country", "label": "Japan"}}
    {"kg": 1, "op": "delete", "relation": {"head": "JPN", "type": "borders", "tail": "KOR"}}

docs/streams.md explains it, and `json_schema` is what `kg follow --schema` prints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ingest.sources.entities import entity_of
from ingest.sources.media_refs import media_ref
from ingest.streams.changes import (
    EntityGone,
    EntityPut,
    MediaGone,
    MediaPut,
    RelationGone,
    RelationPut,
    StreamChange,
)
from ingest.validate import fit_media, id_problem, relation_type_problem
from kg_platform.records import Relation

VERSION = 1
KINDS = ("entity", "relation", "media")
_TOP = {"kg", "op", "version", "at", *KINDS}
_RELATION = {"head", "type", "tail", "properties"}
_MEDIA = {"entity", "path", "url", "bytes", "role", "rank", "caption", "from", "to", "sha256"}


class WrongMessage(ValueError):
    """A message that says nothing that can be done; `field`, and the text is the reason."""

    def __init__(self, field: str, reason: str, value: object = None) -> None:
        super().__init__(reason)
        self.field, self.value = field, value


def change_of(row: Mapping[str, Any], place: str, number: int) -> StreamChange:
    """The change that an envelope says; records in it say that they stand at `place`, `number`.

    Raises:
        WrongMessage: it is none, or of a version that is not known here.
    """
    version = row.get("kg")
    if version is None:
        raise WrongMessage("kg", "the message has no `kg`, the version of its envelope")
    if version != VERSION or isinstance(version, bool):
        raise WrongMessage("kg", f"this reads version {VERSION} of the envelope only", version)
    if unknown := [key for key in row if key not in _TOP]:
        raise WrongMessage(unknown[0], "the envelope has no such key", row[unknown[0]])
    kinds = [kind for kind in KINDS if kind in row]
    if len(kinds) != 1:
        raise WrongMessage("message", f"a message has one of {', '.join(KINDS)}")
    said = row[kinds[0]]
    if not isinstance(said, Mapping):
        raise WrongMessage(kinds[0], "this is an object", said)
    op = row.get("op")
    if op not in ("put", "delete"):
        raise WrongMessage("op", "an `op` is put or delete", op)
    counted = row.get("version")
    if counted is not None and (not isinstance(counted, int) or not -(2**63) <= counted < 2**63):
        raise WrongMessage("version", "a version is a whole number of at most 64 bits", counted)
    make = _ENTITY if kinds[0] == "entity" else _FACT if kinds[0] == "relation" else _PICTURE
    return make[op](dict(said), counted, place, number)


def entity_id(value: Any) -> str:
    """An id as the graph has it.

    Raises:
        WrongMessage: it is none.
    """
    given = str(value) if type(value) is int else value
    if reason := id_problem(given):
        raise WrongMessage("id", reason, value)
    return str(given)


def _put_entity(said: dict[str, Any], version: int | None, place: str, number: int) -> EntityPut:
    return EntityPut(entity_of(said, place, number), version)


def _delete_entity(
    said: dict[str, Any], version: int | None, place: str, number: int
) -> EntityGone:
    return EntityGone(entity_id(said.get("id")), version)


def _relation(said: dict[str, Any], place: str, number: int) -> Relation:
    if unknown := [key for key in said if key not in _RELATION]:
        raise WrongMessage(
            unknown[0], "a relation has no such key; its own values stand in `properties`"
        )
    properties = said.get("properties") or {}
    if not isinstance(properties, Mapping):
        raise WrongMessage("properties", "properties are an object", properties)
    kind = said.get("type")
    if not isinstance(kind, str):
        raise WrongMessage("type", "the type of a relation is text", kind)
    if reason := relation_type_problem(kind):
        raise WrongMessage("type", reason, kind)
    head, tail = entity_id(said.get("head")), entity_id(said.get("tail"))
    return Relation(head, kind, tail, dict(properties), place, number)


def _put_relation(
    said: dict[str, Any], version: int | None, place: str, number: int
) -> RelationPut:
    return RelationPut(_relation(said, place, number), version)


def _delete_relation(
    said: dict[str, Any], version: int | None, place: str, number: int
) -> RelationGone:
    one = _relation(said, place, number)
    return RelationGone((one.head, one.type, one.tail), version)


def _put_media(said: dict[str, Any], version: int | None, place: str, number: int) -> MediaPut:
    _check_media(said, version)
    entity = entity_id(said.pop("entity", None))
    said.pop("sha256", None)
    ref, reason = fit_media(media_ref(said, "image"))
    if ref is None:
        raise WrongMessage("media", reason)
    return MediaPut(entity, ref)


def _delete_media(said: dict[str, Any], version: int | None, place: str, number: int) -> MediaGone:
    _check_media(said, version)
    digest, role = said.get("sha256"), said.get("role")
    if digest is None and role is None:
        raise WrongMessage("media", "which media go is said by `sha256`, `role` or both")
    for name, value in (("sha256", digest), ("role", role)):
        if value is not None and not isinstance(value, str):
            raise WrongMessage(name, "this is text", value)
    return MediaGone(entity_id(said.get("entity")), digest, role)


def _check_media(said: Mapping[str, Any], version: int | None) -> None:
    if version is not None:
        raise WrongMessage("version", "media have no version; it is the entity's", version)
    if unknown := [key for key in said if key not in _MEDIA]:
        raise WrongMessage(unknown[0], "media have no such key")


_Make = Callable[[dict[str, Any], int | None, str, int], StreamChange]
_ENTITY: dict[str, _Make] = {"put": _put_entity, "delete": _delete_entity}
_FACT: dict[str, _Make] = {"put": _put_relation, "delete": _delete_relation}
_PICTURE: dict[str, _Make] = {"put": _put_media, "delete": _delete_media}


def json_schema() -> dict[str, Any]:
    """The JSON Schema of an envelope."""
    text, number = {"type": "string"}, {"type": ["string", "integer"]}
    scalar = {"type": ["string", "number", "boolean"]}
    value = {"anyOf": [scalar, {"type": "null"}, {"type": "array", "items": scalar}]}
    about: dict[str, Any] = {
        "path": {**text, "description": "From the folder that --media names."},
        "url": text,
        "bytes": {**text, "contentEncoding": "base64"},
        "role": text,
        "rank": {"type": "integer", "minimum": 0},
        "caption": text,
        "from": {"type": "number", "minimum": 0, "description": "Seconds."},
        "to": {"type": "number", "minimum": 0, "description": "Seconds."},
    }
    ref = {
        "type": "object",
        "properties": about,
        "oneOf": [{"required": [place]} for place in ("path", "url", "bytes")],
        "additionalProperties": False,
    }
    medium = {"anyOf": [text, ref, {"type": "array", "items": {"anyOf": [text, ref]}}]}
    entity = {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": number,
            "type": text,
            "label": number,
            "description": text,
            "aliases": {"anyOf": [text, {"type": "array", "items": number}]},
            **dict.fromkeys(("image", "images", "audio", "video", "document"), medium),
        },
        "additionalProperties": value,
    }
    relation = {
        "type": "object",
        "required": ["head", "type", "tail"],
        "properties": {
            "head": number,
            "type": text,
            "tail": number,
            "properties": {"type": "object", "additionalProperties": value},
        },
        "additionalProperties": False,
    }
    media = {
        "type": "object",
        "required": ["entity"],
        "properties": {
            "entity": number,
            **about,
            "sha256": text,
        },
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A message of kg follow",
        "type": "object",
        "required": ["kg", "op"],
        "properties": {
            "kg": {"const": VERSION, "description": "The version of this envelope."},
            "op": {"enum": ["put", "delete"]},
            "version": {
                "type": "integer",
                "description": "Grows with each change of one entity or relation; an older one "
                "that comes later is dropped.",
            },
            "at": {"description": "When it happened; nothing is decided by it."},
            "entity": entity,
            "relation": relation,
            "media": media,
        },
        "oneOf": [{"required": [kind]} for kind in KINDS],
        "additionalProperties": False,
    }
