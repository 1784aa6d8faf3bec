"""A mapping with its tables, as a source: its entities, each put together from its rows, and its
relations."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ingest.mapping.apply import ITEM, RowMaker
from ingest.mapping.document import MappingDocument, read_mapping
from ingest.mapping.expressions import Column, Expression, column_of
from ingest.mapping.functions import Unusable, text_of
from ingest.mapping.model import EntitySpec, LookupSpec, RelationSpec, TableSpec
from ingest.mapping.union import union
from ingest.sources.source import Record
from ingest.sources.staging import Staging
from ingest.sources.table import RowTable
from ingest.sources.tables import open_table
from kg_platform.errors import BadInput
from kg_platform.records import Entity, Rejection
from kg_platform.yaml_document import Place

MAX_LOOKUP = 1_000_000  # rows: they are held in memory
_FIELDS = tuple(field.name for field in fields(Entity))
_CLOSE = 3  # letters that may differ in a column's name that was meant


class MappedSource:
    """What a mapping makes of its tables. Tables are read once for entities, once for relations."""

    def __init__(self, document: MappingDocument, name: str | None = None) -> None:
        """
        Raises:
            BadInput: the mapping names what is not there; the message has the line.
        """
        mapping = document.mapping
        self.document = document
        self.name = name or mapping.source or _stem(document.path)
        self.folder = document.path.parent
        self._own_notes: list[str] = []
        self._lookup_notes: list[str] = []
        self._tables = {
            key: self._opened(key, spec, document) for key, spec in mapping.tables.items()
        }
        self._check()
        self._lookups = {key: self._lookup(key, spec) for key, spec in mapping.lookups.items()}

    @property
    def notes(self) -> Sequence[str]:
        read = [note for table in self._tables.values() for note in table.notes]
        return list(dict.fromkeys([*read, *self._lookup_notes, *self._own_notes]))

    def count(self) -> int:
        mapping = self.document.mapping
        return sum(
            self._tables[spec.from_].count() for spec in (*mapping.entities, *mapping.relations)
        )

    def records(self) -> Iterator[Record]:
        self._own_notes = []
        mapping = self.document.mapping
        with Staging() as staging:
            for record in self._read(mapping.entities):
                if isinstance(record, Entity):
                    key = record.id.encode("utf-8", "surrogatepass")
                    staging.add(key, _packed(record))
                else:
                    yield record
            for _, pieces in staging.groups():
                entity, refused = union([_unpacked(piece) for piece in pieces])
                yield entity
                yield from refused
        yield from self._read(mapping.relations)

    def _read(self, specs: Sequence[EntitySpec | RelationSpec]) -> Iterator[Record]:
        """Every record of these, each table read once; a row that cannot be read is refused only
        once."""
        for key in dict.fromkeys(spec.from_ for spec in specs):
            table = self._tables[key]
            makers = [
                RowMaker(spec, table.name, self._lookups, self.document.mapping.languages)
                for spec in specs
                if spec.from_ == key
            ]
            first_pass = isinstance(makers[0].spec, EntitySpec) or not any(
                spec.from_ == key for spec in self.document.mapping.entities
            )
            for number, row in table.rows():
                if isinstance(row, Rejection):
                    if first_pass:
                        yield row
                    continue
                for maker in makers:
                    yield from maker.of(number, row)
            self._say(table, makers)

    def _say(self, table: RowTable, makers: Sequence[RowMaker]) -> None:
        for maker in makers:
            made = "an entity" if isinstance(maker.spec, EntitySpec) else "a relation"
            for text, count in maker.missing.items():
                rows = "1 row has" if count == 1 else f"{count:,} rows have"
                self._own_notes.append(f"{table.name}: {rows} nothing for {text}, so not {made}.")
            if maker.left_out:
                rows = "1 row is" if maker.left_out == 1 else f"{maker.left_out:,} rows are"
                self._own_notes.append(f"{table.name}: {rows} left out of {made} by `where`.")

    def _opened(self, key: str, spec: TableSpec, document: MappingDocument) -> RowTable:
        try:
            return open_table(spec.location(), spec.options(), document.path.parent)
        except BadInput as error:
            raise document.mistake(("tables", key), str(error).rstrip(".")) from error

    def _check(self) -> None:
        """Everything that a mapping names is there."""
        mapping = self.document.mapping
        parts: Mapping[str, Sequence[EntitySpec | RelationSpec]] = {
            "entities": mapping.entities,
            "relations": mapping.relations,
        }
        for part, specs in parts.items():
            for at, spec in enumerate(specs):
                place: Place = (part, at)
                self._known_table(spec.from_, (*place, "from"))
                item = spec.each is not None
                if spec.each is not None:
                    self._known_column(column_of(spec.each), spec.from_, (*place, "each"), False)
                for step, expression in _expressions(spec):
                    where = (*place, *step)
                    for column in expression.columns():
                        self._known_column(column, spec.from_, where, item)
                    for name in expression.lookups():
                        if name not in mapping.lookups:
                            raise self.document.mistake(where, f"there is no lookup {name!r}")
        for key, lookup in mapping.lookups.items():
            if lookup.from_ is None:
                continue
            self._known_table(lookup.from_, ("lookups", key, "from"))
            for field, given in (("key", lookup.key), ("value", lookup.value)):
                assert given is not None  # the model sees to it
                where = ("lookups", key, field)
                for column in given.columns():
                    self._known_column(column, lookup.from_, where, False)
                if any(given.lookups()):
                    raise self.document.mistake(where, "a lookup cannot look in another one")

    def _known_table(self, key: str, place: Place) -> None:
        if key not in self._tables:
            names = ", ".join(self._tables)
            raise self.document.mistake(place, f"there is no table {key!r}; there are {names}")

    def _known_column(self, column: Column, key: str, place: Place, item: bool) -> None:
        columns = self._tables[key].columns()
        first = column.steps[0] if column.steps else column.name
        if column.name in columns or first in columns or (item and first == ITEM):
            return
        close = min(columns, key=lambda one: _distance(one, column.name), default="")
        meant = f"; {close!r} was meant?" if close and _near(close, column.name) else ""
        names = ", ".join(columns)
        raise self.document.mistake(
            place, f"{self._tables[key].name} has no column {column.name!r}{meant} (it has {names})"
        )

    def _lookup(self, key: str, spec: LookupSpec) -> Mapping[str, Any]:
        if spec.values is not None:
            return {text_of(one): value for one, value in spec.values.items()}
        assert spec.from_ is not None
        assert spec.key is not None
        assert spec.value is not None
        found: dict[str, Any] = {}
        unread = twice = 0
        for number, row in self._tables[spec.from_].rows():
            if isinstance(row, Rejection):
                unread += 1
                continue
            try:
                one, value = spec.key.of(row, {}), spec.value.of(row, {})
            except Unusable as error:
                raise self.document.mistake(
                    ("lookups", key), f"row {number} of {self._tables[spec.from_].name} {error}"
                ) from None
            if one is not None and value is not None:
                twice += found.setdefault(text_of(one), value) != value
            if len(found) > MAX_LOOKUP:
                raise self.document.mistake(
                    ("lookups", key), f"a lookup has at most {MAX_LOOKUP:,} values"
                )
        for count, what in (
            (unread, "of its rows cannot be read"),
            (twice, "of its rows give a key another value; the first stands"),
        ):
            if count:
                self._lookup_notes.append(f"Lookup {key}: {count:,} {what}.")
        return found


def open_mapping(path: Path, name: str | None = None) -> MappedSource:
    """The source that a mapping and its tables are.

    Raises:
        BadInput: it cannot be read, or names what is not there; the message has the line.
    """
    return MappedSource(read_mapping(path), name)


def _packed(entity: Entity) -> bytes:
    values = tuple(getattr(entity, name) for name in _FIELDS)  # quicker than a record by itself
    return pickle.dumps(values, pickle.HIGHEST_PROTOCOL)


def _unpacked(piece: bytes) -> Entity:
    return Entity(*pickle.loads(piece))


def _expressions(spec: EntitySpec | RelationSpec) -> Iterator[tuple[Place, Expression]]:
    """Every expression of an entry, and where it stands in it."""
    for at, condition in enumerate(spec.where):
        yield ("where", at, "value"), condition.value
    for name, expression in spec.properties.items():
        yield ("properties", name), expression
    if isinstance(spec, RelationSpec):
        yield from ((("head",), spec.head), (("type",), spec.type), (("tail",), spec.tail))
        return
    yield ("id",), spec.id
    if spec.type is not None:
        yield ("type",), spec.type
    for field in ("label", "description"):
        for language, expression in getattr(spec, field).items():
            yield (field, language) if language else (field,), expression
    for at, expression in enumerate(spec.aliases):
        yield ("aliases", at), expression
    for place, _, one in spec.all_media():
        for name, given in one.expressions().items():
            if given is not None:
                yield (*place, name), given


def _stem(path: Path) -> str:
    return path.resolve().parent.name if path.stem == "mapping" else path.stem


def _distance(one: str, other: str) -> int:
    from rapidfuzz.distance import OSA

    return int(OSA.distance(one.lower(), other.lower()))


def _near(one: str, other: str) -> bool:
    return _distance(one, other) <= min(_CLOSE, max(1, len(other) // 3))
