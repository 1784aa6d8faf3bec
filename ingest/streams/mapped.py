"""Other people's messages as changes, by a mapping.yaml: a message is a row of a table of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ingest.mapping.apply import RowMaker
from ingest.mapping.document import MappingDocument
from ingest.mapping.functions import text_of
from ingest.mapping.model import EntitySpec, RelationSpec, TableSpec
from ingest.mapping.union import union
from ingest.streams.changes import EntityGone, EntityPut, RelationGone, RelationPut, StreamChange
from ingest.streams.debezium import UNAVAILABLE, RowChange, key_row, row_change
from ingest.streams.envelope import WrongMessage, entity_id
from ingest.streams.feed import StreamMessage
from ingest.streams.reading import row_of
from ingest.validate import check_relation
from kg_platform.records import Entity, FieldRejection, Relation

_TEXTS = ("label", "description")


class MappedReader:
    """A mapping, for messages. A row that is new or changed puts what the mapping makes of it, and
    takes back what it made of the row before; one that goes takes back all."""

    def __init__(self, document: MappingDocument) -> None:
        """
        Raises:
            BadInput: the mapping names what it has not, or looks in a table.
        """
        self._mapping = mapping = document.mapping
        self._lookups: dict[str, Mapping[str, Any]] = {}
        for key, lookup in mapping.lookups.items():
            if lookup.values is None:
                raise document.mistake(
                    ("lookups", key), "a lookup of a stream has `values`, and no table"
                )
            self._lookups[key] = {text_of(one): value for one, value in lookup.values.items()}
        for part in ("entities", "relations"):
            for at, spec in enumerate(getattr(mapping, part)):
                if spec.from_ not in mapping.tables:
                    names = ", ".join(mapping.tables)
                    raise document.mistake(
                        (part, at, "from"), f"there is no table {spec.from_!r}; there are {names}"
                    )

    def changes(self, message: StreamMessage) -> Sequence[StreamChange]:
        row = row_of(message.value)
        if row is None:
            return self._gone(message)
        change = row_change(row)
        if change is None:
            return []
        table = self._table(change, message)
        after = self._made(table, change.after, message) if change.after is not None else []
        if change.before is None:
            return after
        before = change.before if change.after is not None or change.before else _key(message)
        was = self._made(table, before or {}, message, strict=False)
        return [*_taken_back(was, after), *after]

    def table_of(self, name: str) -> TableSpec:
        """How the table is to be read that a file of this name holds.

        Raises:
            WrongMessage: the mapping has several, and none of that name.
        """
        return self._mapping.tables[self._named(name)]

    def _gone(self, message: StreamMessage) -> list[StreamChange]:
        """A key without a value: what is left of a row that went."""
        row = _key(message)
        if row is None:
            return []
        table = self._named(message.part.name)
        return list(_taken_back(self._made(table, row, message, strict=False), []))

    def _table(self, change: RowChange, message: StreamMessage) -> str:
        if change.table is not None:
            for key, spec in self._mapping.tables.items():
                if change.table in (key, spec.table):
                    return key
        return self._named(message.part.name)

    def _named(self, name: str) -> str:
        """The table that a partition (`shop.films/0`) or a file (`films.csv`) is named after."""
        tables, whole = self._mapping.tables, name.partition("/")[0]
        for one in (whole, whole.rpartition(".")[2], whole.partition(".")[0]):
            if one in tables:
                return one
        if len(tables) == 1:
            return next(iter(tables))
        raise WrongMessage(
            "message", f"which of the mapping's tables ({', '.join(tables)}) it is of is not said"
        )

    def _made(
        self, table: str, row: Mapping[str, Any], message: StreamMessage, strict: bool = True
    ) -> list[StreamChange]:
        """What the mapping makes of a row of a table; `strict`: what it refuses is told."""
        place, number = message.part.name, message.offset
        entities: dict[str, list[Entity]] = {}
        relations: list[Relation] = []
        specs: tuple[EntitySpec | RelationSpec, ...] = (
            *self._mapping.entities,
            *self._mapping.relations,
        )
        for spec in specs:
            if spec.from_ != table:
                continue
            maker = RowMaker(spec, place, self._lookups, self._mapping.languages)
            for record in maker.of(number, row):
                if isinstance(record, Entity):
                    entities.setdefault(entity_id(record.id), []).append(record)
                elif isinstance(record, Relation):
                    relations.append(record)
                elif strict and not isinstance(record, FieldRejection):
                    raise WrongMessage(record.field, record.reason, record.value)
        return [
            *(_put(union(said)[0]) for said in entities.values()),
            *(RelationPut(one) for one in relations),
        ]


def _put(entity: Entity) -> EntityPut:
    """The entity; what of it the database did not send stays as it is."""
    kept = [name for name in _TEXTS if UNAVAILABLE in str(getattr(entity, name) or "")]
    label = "" if "label" in kept else entity.label
    description = "" if "description" in kept else entity.description
    entity = replace(entity, label=label, description=description)
    own = [name for name, value in entity.properties.items() if UNAVAILABLE in str(value)]
    properties = {k: v for k, v in entity.properties.items() if k not in own}
    return EntityPut(replace(entity, properties=properties), kept=(*kept, *own))


def _taken_back(
    before: Sequence[StreamChange], after: Sequence[StreamChange]
) -> Iterator[StreamChange]:
    """What was made of a row and is not any more; relations first. What could never be written is
    not there."""
    stays = {_about(one) for one in after}
    for one in before:
        if isinstance(one, RelationPut) and _about(one) not in stays:
            fact = one.relation
            if not check_relation(replace(fact, properties={})):
                yield RelationGone((fact.head, fact.type, fact.tail))
    for one in before:
        if isinstance(one, EntityPut) and _about(one) not in stays:
            yield EntityGone(entity_id(one.entity.id))


def _about(change: StreamChange) -> tuple[str, ...]:
    if isinstance(change, EntityPut):
        return (entity_id(change.entity.id),)
    assert isinstance(change, RelationPut)
    return (change.relation.head, change.relation.type, change.relation.tail)


def _key(message: StreamMessage) -> Mapping[str, Any] | None:
    """The columns that a message's key has."""
    try:
        key = json.loads(message.key or b"null")
    except (ValueError, RecursionError):
        return None
    return key_row(key) if isinstance(key, Mapping) else None
