"""One row, and what a mapping makes of it: entities and relations, or why not. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ingest.mapping.expressions import Expression, Lookups, column_of
from ingest.mapping.functions import Unusable, text_of
from ingest.mapping.model import Condition, EntitySpec, RelationSpec
from ingest.sources.table import Fields
from kg_platform.records import Entity, FieldRejection, MediaRef, Rejection, Relation

ITEM = "item"
_SHOWN = 200
_OF_ROW = {"id", "head", "relation", "tail", "where"}  # without one of these there is no record


class RowReader:
    """A row's values for one part of a mapping; what cannot be used is refused by itself."""

    def __init__(self, place: str, number: int, row: Fields, lookups: Lookups) -> None:
        self._place, self._number = place, number
        self.row = row
        self._lookups = lookups
        self.refused: list[Rejection] = []

    def value(self, field: str, expression: Expression | None) -> Any:
        """Its value in this row; None where there is nothing, or nothing that can be used."""
        if expression is None:
            return None
        try:
            return expression.of(self.row, self._lookups)
        except Unusable as error:
            shown = ", ".join(
                "" if found is None else str(found)
                for found in (column.of(self.row) for column in expression.columns())
            )
            self.refuse(field, f"{expression.text} {error}", shown)
            return None

    def text(self, field: str, expression: Expression | None) -> str | None:
        """As text; of a list, the first."""
        value = self.value(field, expression)
        if isinstance(value, list):
            value = value[0] if value else None
        return None if value is None else self._as_text(field, value)

    def texts(self, field: str, expression: Expression | None) -> list[str]:
        """As texts: none, one, or those of a list."""
        value = self.value(field, expression)
        if value is None:
            return []
        items = value if isinstance(value, list) else [value]
        found = (self._as_text(field, item) for item in items if item is not None)
        return [text for text in found if text is not None]

    def number(self, field: str, expression: Expression | None) -> float | None:
        """As a number; what is none is refused."""
        value = self.text(field, expression)
        if value is None or not value.strip():
            return None
        try:
            return float(value)
        except ValueError:
            self.refuse(field, "this is a number", value)
            return None

    def properties(self, given: Mapping[str, Expression]) -> dict[str, Any]:
        """Values by name, as the graph takes them; what it cannot take `validate` refuses."""
        found = {}
        for name, expression in given.items():
            value = _storable(self.value(name, expression))
            if value is not None:
                found[name] = value
        return found

    def refuse(self, field: str, reason: str, value: str = "") -> None:
        kind = Rejection if field in _OF_ROW else FieldRejection
        self.refused.append(kind(self._place, self._number, field, reason, value[:_SHOWN]))

    def _as_text(self, field: str, value: Any) -> str | None:
        try:
            return text_of(value)
        except Unusable as error:
            self.refuse(field, f"the value {error}")
            return None


class RowMaker:
    """What one `entities` or `relations` entry makes of the rows of its table.

    `missing` counts rows that made nothing, as the text of the expression that was empty in them.
    """

    def __init__(
        self,
        spec: EntitySpec | RelationSpec,
        place: str,
        lookups: Lookups,
        languages: Sequence[str],
    ) -> None:
        self.spec = spec
        self.missing: Counter[str] = Counter()
        self.left_out = 0
        self._place = place
        self._lookups = lookups
        self._languages = languages
        self._each = column_of(spec.each) if spec.each else None

    def of(self, number: int, row: Fields) -> Iterator[Entity | Relation | Rejection]:
        """The records of a row."""
        for fields in self._rows(row):
            reader = RowReader(self._place, number, fields, self._lookups)
            if not all(_holds(condition, reader) for condition in self.spec.where):
                self.left_out += 1
                yield from reader.refused
                continue
            if isinstance(self.spec, EntitySpec):
                made: Iterable[Entity | Relation] = self._entities(self.spec, reader, number)
            else:
                made = self._relations(self.spec, reader, number)
            yield from made
            yield from reader.refused

    def _rows(self, row: Fields) -> Iterator[Fields]:
        if self._each is None:
            yield row
            return
        items = self._each.of(row)
        if items is None:
            return
        for item in items if isinstance(items, list) else [items]:
            yield {**row, ITEM: item}

    def _entities(self, spec: EntitySpec, reader: RowReader, number: int) -> Iterator[Entity]:
        ids = reader.texts("id", spec.id)
        if not ids:
            self._nothing(reader, spec.id)
            return
        label, others = self._in_languages("label", spec.label, reader)
        description, more = self._in_languages("description", spec.description, reader)
        aliases = [text for one in spec.aliases for text in reader.texts("aliases", one)]
        aliases += others.values()
        media = list(self._media(spec, reader))
        properties = reader.properties(spec.properties)
        properties |= {f"label_{language}": text for language, text in others.items() if language}
        properties |= {f"description_{language}": text for language, text in more.items()}
        for entity_id in ids:
            yield Entity(
                id=entity_id,
                type=reader.text("type", spec.type),
                label=label,
                description=description,
                aliases=tuple(dict.fromkeys(alias for alias in aliases if alias != label)),
                properties=properties,
                media=tuple(media),
                source=self._place,
                line=number,
            )

    def _media(self, spec: EntitySpec, reader: RowReader) -> Iterator[MediaRef]:
        own = 0  # those under `media` are ranked together, whatever their roles
        ranks: Counter[str] = Counter()
        for place, role, one in spec.all_media():
            field = role if role in ("audio", "video", "document") else "image"
            caption = reader.text("caption", one.caption) or ""
            start = reader.number(f"{field}.from", one.from_)
            end = reader.number(f"{field}.to", one.to)
            given = reader.number(f"{field}.rank", one.rank)
            for location in reader.texts(field, one.file):
                among_own = place[0] == "media"
                rank = own if among_own else ranks[role]
                own, ranks[role] = own + among_own, ranks[role] + 1
                said = rank if given is None else int(given) if given.is_integer() else given
                yield MediaRef(location, role, said, caption, start, end)  # type: ignore[arg-type]

    def _relations(self, spec: RelationSpec, reader: RowReader, number: int) -> Iterator[Relation]:
        heads = reader.texts("head", spec.head)
        types = reader.texts("relation", spec.type)
        tails = reader.texts("tail", spec.tail)
        for found, expression in ((heads, spec.head), (types, spec.type), (tails, spec.tail)):
            if not found:
                self._nothing(reader, expression)
                return
        properties = reader.properties(spec.properties)
        for head in heads:
            for kind in types:
                for tail in tails:
                    yield Relation(head, kind, tail, properties, self._place, number)

    def _nothing(self, reader: RowReader, expression: Expression) -> None:
        if not reader.refused:  # otherwise that says why
            self.missing[expression.text] += 1

    def _in_languages(
        self, field: str, given: Mapping[str, Expression], reader: RowReader
    ) -> tuple[str, dict[str, str]]:
        """The text in the language that comes first, and those of the others by language."""
        texts = {}
        for language, expression in given.items():
            if text := reader.text(field, expression):
                texts[language] = text
        order = [*(one for one in self._languages if one in texts), *texts]
        if not order:
            return "", {}
        chosen = order[0]
        return texts[chosen], {k: v for k, v in texts.items() if k != chosen and v != texts[chosen]}


def _holds(condition: Condition, reader: RowReader) -> bool:
    value = reader.value("where", condition.value)
    given = condition.model_fields_set
    if "present" in given and (value is not None) != condition.present:
        return False
    if "equals" in given and not _same(value, condition.equals):
        return False
    if "differs" in given and _same(value, condition.differs):
        return False
    if "one_of" in given and not any(_same(value, one) for one in condition.one_of or ()):
        return False
    if "none_of" in given and any(_same(value, one) for one in condition.none_of or ()):
        return False
    if "at_least" in given and not _in_order(condition.at_least, value):
        return False
    return not ("at_most" in given and not _in_order(value, condition.at_most))


def _same(value: Any, given: Any) -> bool:
    """Whether a field holds what a mapping says; `5` is the text of a cell and a number alike."""
    if isinstance(value, list):
        return any(_same(item, given) for item in value)
    if value is None or given is None:
        return value is given
    if isinstance(value, dict):
        return False
    return bool(value == given) or text_of(value) == text_of(given)


def _in_order(low: Any, high: Any) -> bool:
    if low is None or high is None:
        return False
    try:
        return bool(low <= high)
    except TypeError:
        pass
    try:  # a cell's text beside a number, a date beside its text
        if isinstance(low, int | float) or isinstance(high, int | float):
            return float(low) <= float(high)
        return text_of(low) <= text_of(high)
    except (TypeError, ValueError, OverflowError):  # a whole number of hundreds of digits
        return False


def _storable(value: Any) -> Any:
    """As the graph holds it: decimals as numbers, where none of their digits is lost."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            return float(value)
        if value == value.to_integral_value() and abs(value) < 2**63:
            return int(value)
        number = float(value)
        return number if Decimal(repr(number)) == value else str(value)
    if isinstance(value, list):
        items = [_storable(item) for item in value if item is not None]
        kinds = {type(item) for item in items}
        if len(kinds) > 1 and not kinds <= {int, float}:
            if kinds <= {str, int, float, bool, date, datetime}:
                return [text_of(item) for item in items]
            return items
        return items or None
    return value
