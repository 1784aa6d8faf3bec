"""What each predicate means for an entity, decided once a predicate and kind of literal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ingest.sources.rdf.literals import XSD, Reader, reader
from ingest.sources.rdf.naming import IriNames
from ingest.sources.rdf.vocabulary import ALIASES, DESCRIPTIONS, FIRST, LABELS, REST, TYPE
from kg_platform.cypher.loading import (
    RESERVED,
    RESERVED_LABELS,
    RESERVED_TYPES,
    is_vector_property,
)

TYPE_IRI = "type_iri"  # the property that keeps which classes the type stands for
CLASS = -1  # in place of a slot's number: a class of the entity
_SPECIAL = -1  # in place of a relation's number: it may be something else
_OWN = RESERVED | {"label", "type", "description", "aliases", TYPE_IRI}


class Role(IntEnum):
    """What a literal is to its entity."""

    PROPERTY = 0
    LABEL = 1
    ALIAS = 2
    DESCRIPTION = 3


@dataclass(frozen=True, slots=True)
class Slot:
    """A predicate with one kind of literal. `rank` orders labels and descriptions, the best first;
    `ending` is what a name gets for a language that is not the preferred one. `is_plain`: any text
    will do, and is nothing but a text."""

    index: int
    predicate: str
    role: Role
    language: str
    rank: int
    ending: str
    read: Reader | None
    datatype: str
    is_plain: bool


class Meanings:
    """All slots and relations of a source, and what they are called."""

    def __init__(self, language: str) -> None:
        self._preferred = language.lower()
        self.known_slots: dict[tuple[str, str], Slot] = {}
        self.known_links: dict[str, int] = dict.fromkeys((TYPE, FIRST, REST), _SPECIAL)
        self._plain_links: dict[str, int] = {}
        self._endings: set[str] = set()
        self._classes: dict[str, None] = {}
        self.slots: list[Slot] = []
        self.links: list[str] = []
        self._keys = IriNames("Properties", self._keeps_key)
        self._types = IriNames("Relationship types", RESERVED_TYPES.__contains__)
        self._labels = IriNames("Types", RESERVED_LABELS.__contains__)

    def slot(self, predicate: str, kind: str) -> Slot:
        """What a literal of this predicate means. `kind`: "@" and a language, or a datatype."""
        return self.known_slots.get((predicate, kind)) or self._new_slot(predicate, kind)

    def link(self, predicate: str) -> int:
        """The number of the relation that this predicate makes; below 0 for those of RDF itself,
        which may be something else."""
        number = self.known_links.get(predicate)
        if number is None:
            number = self.known_links[predicate] = self.plain_link(predicate)
        return number

    def plain_link(self, predicate: str) -> int:
        """The number of the relation that this predicate makes, whichever it is."""
        number = self._plain_links.get(predicate)
        if number is None:
            number = self._plain_links[predicate] = len(self.links)
            self.links.append(predicate)
            self._types.ask(predicate)
        return number

    def is_a(self, iri: str) -> None:
        """Something has this class."""
        if iri not in self._classes:
            self._classes[iri] = None
            self._labels.ask(iri)

    def settle(self) -> list[str]:
        """Everything was seen: give names, and what a person should know of them."""
        notes: list[str] = []
        for names in (self._keys, self._types, self._labels):
            names.settle()
            notes += names.notes()
        return notes

    def key(self, slot: Slot) -> str:
        return self._keys.of(slot.predicate, slot.ending)

    def relation(self, number: int) -> str:
        return self._types.of(self.links[number])

    def type(self, iri: str) -> str:
        return self._labels.of(iri)

    def _new_slot(self, predicate: str, kind: str) -> Slot:
        language = kind[1:].lower() if kind.startswith("@") else ""
        role, rank = _role(predicate)
        preferred = self._preferred
        if language == preferred:
            far, ending = 0, ""
        elif language.split("-")[0] == preferred.split("-")[0]:
            far, ending = 1, ""
        elif not language:
            far, ending = 2, ""
        else:
            far, ending = 3, "_" + language.replace("-", "_")
            self._endings.add(ending)
        read = reader(kind) if role is Role.PROPERTY and not language else None
        slot = Slot(
            len(self.slots),
            predicate,
            role,
            language,
            far * 100 + rank,
            ending,
            read,
            kind.removeprefix(XSD),
            read is None and predicate != FIRST,
        )
        self.slots.append(slot)
        self.known_slots[predicate, kind] = slot
        if role is Role.PROPERTY:
            self._keys.ask(predicate, ending)
        return slot

    def _keeps_key(self, key: str) -> bool:
        if key in _OWN or is_vector_property(key):
            return True
        head = next((one for one in ("label", "description") if key.startswith(one)), "")
        return bool(head) and key.removeprefix(head) in self._endings


def _role(predicate: str) -> tuple[Role, int]:
    for role, known in (
        (Role.LABEL, LABELS), (Role.ALIAS, ALIASES), (Role.DESCRIPTION, DESCRIPTIONS)
    ):  # fmt: skip
        if predicate in known:
            return role, known.index(predicate)
    return Role.PROPERTY, 0
