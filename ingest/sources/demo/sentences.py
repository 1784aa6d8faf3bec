"""A country's facts as sentences, for people and for text search.

A sentence is only written when the data says so. "Kingdom" and "republic" come from the country's
official name; "island" from an empty list of land neighbours (a list that is not there says
nothing). Languages, currencies, capital and neighbours are left to the graph: a model that guesses
relations must not find them in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# The word in an official name -> what it tells.
_FORMS = {
    "Kingdom": "a kingdom, that is a monarchy",
    "Principality": "a principality, that is a monarchy ruled by a prince",
    "Grand Duchy": "a grand duchy, that is a monarchy",
    "Sultanate": "a sultanate, that is a monarchy ruled by a sultan",
    "Republic": "a republic",
    "Commonwealth": "",
    "Federation": "a federation",
    "Confederation": "a confederation",
    "Union": "",
    "State": "",
    "States": "a federation of states",
}
_FORM = re.compile(rf"\b({'|'.join(_FORMS)})\b")
_TROPIC = 23.44  # degrees
_POLAR = 60.0  # degrees; further north or south it is cold


def one_line(value: object) -> str:
    """A string on one line, bare of spaces and direction marks around it; '' for anything else."""
    return " ".join(value.split()).strip("\u200e\u200f ") if isinstance(value, str) else ""


def official_name(record: Mapping[str, Any]) -> str:
    """The official English name, when one of the spellings shows it by its form of state."""
    for given in (*(record.get("altSpellings") or ()), record.get("name")):
        spelling = one_line(given)
        # "Korea, Republic of" is a name turned around; a "Region of the Republic" is not one.
        if _FORM.search(spelling) and not re.search(r",|\bRegion\b|^the\b|Virgin", spelling):
            return spelling
    return ""


def describe(record: Mapping[str, Any]) -> str:
    """Sentences about a country in countryinfo's form; '' when nothing is known but its name."""
    name = one_line(record["name"])
    told = [
        _place(name, record),
        _state(name, record),
        _coast(record),
        _climate(record),
        _people(record),
    ]
    return " ".join(sentence for sentence in told if sentence)


def _place(name: str, record: Mapping[str, Any]) -> str:
    region = one_line(record.get("region"))
    part = one_line(record.get("intermediateregion")) or one_line(record.get("subregion"))
    if not region:
        return ""
    where = region if part in ("", region) else f"{part}, {region}"
    native = one_line(record.get("nativeName"))
    also = f" ({native})" if native and native != name else ""
    return f"{name}{also} lies in {where}."


def _state(name: str, record: Mapping[str, Any]) -> str:
    official = official_name(record)
    found = _FORM.search(official)
    if found is None:
        return ""
    forms = [_FORMS[word] for word in _FORM.findall(official) if _FORMS[word]]
    form = forms[0] if forms else ""
    if official == name:
        return f"It is {form}." if form else ""
    return f"Its official name is {official}{form and ': '}{form}."


def _coast(record: Mapping[str, Any]) -> str:
    borders = record.get("borders")
    if borders is None:
        return ""
    if not borders:
        return "It is an island or a group of islands, without land borders."
    count = len(borders)
    return f"It has land borders with {count} {'neighbour' if count == 1 else 'neighbours'}."


def _climate(record: Mapping[str, Any]) -> str:
    position: Any = record.get("latlng") or ()
    if len(position) != 2 or not isinstance(position[0], int | float):
        return ""
    latitude = float(position[0])
    half = "north" if latitude >= 0 else "south"
    if abs(latitude) < _TROPIC:
        return f"It lies in the tropics, {half} of the equator."
    if abs(latitude) > _POLAR:
        return f"It lies in the far {half}."
    return f"It lies in the {half}ern temperate zone."


def _people(record: Mapping[str, Any]) -> str:
    people, area = record.get("population"), record.get("area")
    demonym = one_line(record.get("demonym")).replace(",", " or ")
    called = f", called {demonym}," if demonym else ""
    if not isinstance(people, int | float) or people <= 0:
        return ""
    told = f"About {_about(people)} people{called} live there"
    if not isinstance(area, int | float) or area <= 0:
        return f"{told}."
    size = _first(area, (1_000, "very small"), (50_000, "small"), (500_000, "medium-sized"),
                  (2_000_000, "large"), (float("inf"), "very large"))  # fmt: skip
    crowd = _first(people / area, (5, "almost empty"), (50, "sparsely populated"),
                   (200, "moderately populated"), (float("inf"), "densely populated"))  # fmt: skip
    return f"{told}. It is {size} ({area:,.10g} km²) and {crowd}."


def _first(value: float, *steps: tuple[float, str]) -> str:
    return next(word for limit, word in steps if value < limit)


def _about(people: float) -> str:
    """A number as one says it: two digits that count.

    >>> _about(127_080_000), _about(56), _about(12_345)
    ('130 million', '56', '12,000')
    """
    if people < 100:
        return f"{people:.0f}"
    rounded = float(f"{people:.2g}")
    if rounded >= 1e9:
        return f"{rounded / 1e9:g} billion"
    return f"{rounded / 1e6:g} million" if rounded >= 1e6 else f"{rounded:,.0f}"
