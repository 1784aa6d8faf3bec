"""What was said of one entity, put together."""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

from ingest.sources.rdf.blank import BLANK
from ingest.sources.rdf.meaning import CLASS, TYPE_IRI, Meanings, Role
from ingest.sources.rdf.naming import listed, readable
from ingest.sources.rdf.vocabulary import GENERIC
from kg_platform.records import Entity


class Assembly:
    """Entities of pieces that `Intake` staged."""

    def __init__(self, meanings: Meanings, places: Sequence[str]) -> None:
        self._meanings = meanings
        self._places = places
        self._keys = [
            meanings.key(slot) if slot.role is Role.PROPERTY else "" for slot in meanings.slots
        ]
        self._mixed: set[str] = set()

    def entity(self, iri: str, pieces: Sequence[bytes]) -> Entity:
        """The entity, from all lists [file, slot, value, ...] about it."""
        slots, keys = self._meanings.slots, self._keys
        values: dict[str, list[Any]] = {}
        named: list[tuple[int, str, str]] = []
        told: list[tuple[int, str, str]] = []
        aliases: list[str] = []
        classes: list[str] = []
        lists: set[str] = set()
        file: int | None = None
        for piece in pieces:
            each = iter(marshal.loads(piece))
            place = next(each)
            file = place if file is None else file
            for index, value in zip(each, each, strict=True):
                if index < 0:
                    if index == CLASS:
                        classes.append(value)
                    else:
                        lists.add(keys[value])
                        values.setdefault(keys[value], [])
                    continue
                slot = slots[index]
                if slot.role is Role.PROPERTY:
                    if slot.read is not None and type(value) is str:
                        value = slot.read(value).value
                    key = keys[index]
                    if key in values:
                        values[key].append(value)
                    else:
                        values[key] = [value]
                elif slot.role is Role.LABEL:
                    named.append((slot.rank, slot.ending, value))
                elif slot.role is Role.ALIAS:
                    aliases.append(value)
                else:
                    told.append((slot.rank, slot.ending, value))
        properties: dict[str, Any] = {
            key: self._value(key, found, key in lists) for key, found in values.items()
        }
        if classes:
            classes = list(dict.fromkeys(classes))
            properties[TYPE_IRI] = classes[0] if len(classes) == 1 else classes
        return Entity(
            id=iri,
            type=self._type(classes),
            label=_label(named, aliases, properties) or _fallback(iri),
            description=_description(told, properties),
            aliases=tuple(aliases),
            properties=properties,
            source=self._places[file or 0],
        )

    def told(self) -> Iterator[str]:
        """A sentence where values were of several kinds."""
        if self._mixed:
            yield (
                f"{listed(self._mixed)}: where an entity has values of several kinds, "
                "all of them are kept as text."
            )

    def _type(self, classes: Sequence[str]) -> str | None:
        """The first class that says something."""
        found = next((one for one in classes if one not in GENERIC), None)
        return self._meanings.type(found or classes[0]) if classes else None

    def _value(self, key: str, found: list[Any], is_list: bool) -> Any:
        """One value as it is, several as a list of one kind: a fact that stands twice is one."""
        if len(found) == 1 and not is_list:
            return found[0]
        if not is_list:
            found = [value for _, value in dict.fromkeys((type(value), value) for value in found)]
            if len(found) == 1:
                return found[0]
        kinds = {_kind(value) for value in found}
        if len(kinds) > 1:
            if kinds == {int, float}:
                return [float(value) for value in found]
            self._mixed.add(key)
            return [_text(value) for value in found]
        return found


def _kind(value: Any) -> object:
    return (
        (type(value), value.tzinfo is None) if isinstance(value, datetime | time) else type(value)
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _label(
    named: list[tuple[int, str, str]], aliases: list[str], properties: dict[str, Any]
) -> str:
    """The best name; the others become aliases, and the first of each other language `label_de`."""
    if not named:
        return ""
    named.sort(key=_rank)
    label = named[0][2]
    for _, ending, text in named:
        if ending:
            properties.setdefault(f"label{ending}", text)
        if text != label:
            aliases.append(text)
    return label


def _description(told: list[tuple[int, str, str]], properties: dict[str, Any]) -> str:
    """What is told in the preferred language or in none, with an empty line between; other
    languages become `description_de`, and the first of them stands in where there is nothing."""
    by_ending: dict[str, dict[str, None]] = {}
    for _, ending, text in sorted(told, key=_rank):
        by_ending.setdefault(ending, {})[text] = None
    texts = {ending: "\n\n".join(each) for ending, each in by_ending.items()}
    ours = texts.pop("", None)
    properties.update((f"description{ending}", text) for ending, text in texts.items())
    return ours if ours is not None else next(iter(texts.values()), "")


def _rank(said: tuple[int, str, str]) -> int:
    return said[0]


def _fallback(iri: str) -> str:
    return iri if iri.startswith(BLANK) else readable(iri)
