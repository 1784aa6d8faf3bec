"""What a message of a stream says: changes of entities, relations and media, in plain records."""

from __future__ import annotations

from dataclasses import dataclass

from kg_platform.records import Entity, MediaRef, Relation

Triple = tuple[str, str, str]  # head, type, tail


@dataclass(frozen=True, slots=True)
class EntityPut:
    """The entity is as this says, all of it. Of `kept` properties the value that is there stays."""

    entity: Entity
    version: int | None = None
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EntityGone:
    """The source says nothing of the entity any more, nor of its relations."""

    id: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class RelationPut:
    relation: Relation
    version: int | None = None


@dataclass(frozen=True, slots=True)
class RelationGone:
    triple: Triple
    version: int | None = None


@dataclass(frozen=True, slots=True)
class MediaPut:
    """One medium of an entity, beside those that it has."""

    entity: str
    ref: MediaRef


@dataclass(frozen=True, slots=True)
class MediaGone:
    """Media of an entity by SHA-256, by role, or both; what other sources say of it stays."""

    entity: str
    digest: str | None = None
    role: str | None = None


StreamChange = EntityPut | EntityGone | RelationPut | RelationGone | MediaPut | MediaGone
