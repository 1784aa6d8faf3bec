"""A small world of people, books and countries for tests of reading, without a graph."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.extraction.names.meaning import Meant, SelfDescription
from ingest.extraction.names.name_index import NamedThing, NameIndex
from ingest.extraction.names.relation_types import RelationTypes
from ingest.extraction.patterns.pattern import Pattern
from ingest.extraction.patterns.templates import default_patterns
from ingest.extraction.rules import PatternModel
from ingest.extraction.sentences import PlacedSentence
from ingest.extraction.stated import FoundInSentence
from kg_platform.documents.passages import TextPlace

THINGS = (
    NamedThing("FRA", "France", ("法国", "FR"), "Country"),
    NamedThing("DEU", "Germany", ("德国", "Deutschland"), "Country"),
    NamedThing("ESP", "Spain", ("西班牙",), "Country"),
    NamedThing("JPN", "Japan", ("日本",), "Country"),
    NamedThing("LUX", "Luxembourg", ("卢森堡",), "Country"),
    NamedThing("JAM", "Jamaica", ("牙买加",), "Country"),
    NamedThing("NFK", "Norfolk Island", (), "Country"),
    NamedThing("paris", "Paris", ("巴黎",), "City"),
    NamedThing("berlin", "Berlin", ("柏林",), "City"),
    NamedThing("tokyo", "Tokyo", ("东京",), "City"),
    NamedThing("lux", "Luxembourg", ("卢森堡市",), "City"),
    NamedThing("kingston-jam", "Kingston", (), "City"),
    NamedThing("kingston-nfk", "Kingston", (), "City"),
    NamedThing("eur", "Euro", ("欧元", "EUR"), "Currency"),
    NamedThing("jpy", "Japanese yen", ("日元", "yen"), "Currency"),
    NamedThing("fr", "French", ("法语", "is"), "Language"),
    NamedThing("de", "German", ("德语",), "Language"),
    NamedThing("ja", "Japanese", ("日语",), "Language"),
    NamedThing("europe", "Europe", ("欧洲",), "Region"),
    NamedThing("asia", "Asia", ("亚洲",), "Region"),
    NamedThing("ann", "Ann Meyer", (), "Person"),
    NamedThing("luxun", "Lu Xun", ("鲁迅",), "Person"),
    NamedThing("diary", "Diary of a Madman", ("狂人日记",), "Book"),
    NamedThing("shaoxing", "Shaoxing", ("绍兴",), "City"),
)
ENDS = (
    ("HAS_CAPITAL", "Country", "City"),
    ("BORDERS", "Country", "Country"),
    ("CURRENCY", "Country", "Currency"),
    ("LANGUAGE", "Country", "Language"),
    ("IN_REGION", "Country", "Region"),
    ("BORN_IN", "Person", "City"),
    ("WRITTEN_BY", "Book", "Person"),
)
SAID = {
    "kingston-jam": "Kingston is the harbour of Jamaica.",
    "kingston-nfk": "Kingston is a village of Norfolk Island.",
}
TYPES = RelationTypes.of(ENDS)


def describe(ids: Sequence[str], /) -> dict[str, SelfDescription]:
    return {one: SelfDescription(SAID.get(one, "")) for one in ids}


def reader(
    patterns: Sequence[Pattern] | None = None,
    *,
    new: bool = True,
    meant: Meant | None = None,
    things: Sequence[NamedThing] = THINGS,
) -> PatternModel:
    given = default_patterns(TYPES.ends) if patterns is None else patterns
    return PatternModel(
        NameIndex(sorted(things, key=lambda one: one.id)),
        TYPES,
        given,
        meant or Meant(describe),
        new=new,
    )


def sentence(text: str, entity: str | None = None) -> PlacedSentence:
    return PlacedSentence(text, TextPlace("a.txt", line=1, entity=entity))


def triples(found: FoundInSentence) -> set[tuple[str, str, str]]:
    return {fact.ends for fact in found.facts}
