"""The demo world: the countries of the PyPI package `countryinfo`, as entities and triples.

`build` turns country records into rows and knows no files; `write_demo_world` puts them, with the
flags, into a source folder like anyone else's, which `kg ingest` then reads. The same data gives
the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ingest.sources.demo.flags import flags, flags_version
from ingest.sources.demo.sentences import describe, official_name, one_line
from kg_platform import atomic
from kg_platform.errors import BadInput
from kg_platform.settings import Settings

SOURCE = "demo"
_NAMES = Path(__file__).with_name("names.toml")
_STAMP = "made_from.json"
_CODE = ("world.py", "sentences.py", "flags.py", "names.toml")

Row = dict[str, Any]
Triple = tuple[str, str, str]


@dataclass(frozen=True)
class Names:
    """What `names.toml` says: names of codes, and corrections."""

    languages: Mapping[str, str]
    currencies: Mapping[str, str]
    language_corrections: Mapping[str, str] = field(default_factory=dict)
    dissolved: frozenset[str] = frozenset()
    not_currencies: frozenset[str] = frozenset()


def read_names() -> Names:
    rows = tomllib.loads(_NAMES.read_text(encoding="utf-8"))
    return Names(
        languages=rows["languages"],
        currencies=rows["currencies"],
        language_corrections=rows["language_corrections"],
        dissolved=frozenset(rows["dissolved"]),
        not_currencies=frozenset(rows["not_currencies"]),
    )


@dataclass
class World:
    """Entities by id and triples, in the order they are written. Both ends of a triple exist."""

    entities: dict[str, Row] = field(default_factory=dict)
    triples: dict[Triple, None] = field(default_factory=dict)

    def add(self, type_: str, id_: str, label: str, **more: Any) -> str:
        """An entity, unless it is there already; its id."""
        self.entities.setdefault(id_, {"id": id_, "type": type_, "label": label, **more})
        return id_

    def link(self, head: str, relation: str, tail: str) -> None:
        self.triples[head, relation, tail] = None


def countries() -> list[Mapping[str, Any]]:
    """What countryinfo knows, as it is."""
    from countryinfo import CountryInfo

    return list(CountryInfo.all().values())


def build(records: Iterable[Mapping[str, Any]], names: Names) -> World:
    """Country records as a world.

    Args:
        records: mappings in countryinfo's form; only `name` and `ISO.alpha3` are needed. Several
            with one code are one country: the first one's facts win, the others fill its gaps.
    """
    merged = _by_code(records, names.dissolved)
    code_of = {one_line(r["ISO"].get("alpha2")): code for code, r in merged.items()}
    world = World()
    for code, record in merged.items():
        world.add("Country", code, one_line(record["name"]), **_country(code, record))
    for code, record in merged.items():
        _places(world, code, record)
        _codes(world, code, record, names)
        for given in record.get("borders") or ():
            neighbour = code_of.get(one_line(given), given)  # one is given as an alpha-2 code
            if neighbour in merged and neighbour != code:
                world.link(code, "BORDERS", neighbour)
    return world


def write_demo_world(
    settings: Settings, on_progress: Callable[[int, int], None] | None = None
) -> Path:
    """Make the source folder KG_HOME/demo, unless it is there and made from the same things.

    Args:
        on_progress: called with (flags drawn, flags there are).

    Raises:
        ServerError: the flags are not in the cache and cannot be fetched.
        BadInput: the folder cannot be written.
    """
    folder = settings.home / "demo"
    made_from = _made_from()
    stamp = folder / _STAMP
    try:
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == made_from:
            return folder
        world = build(countries(), read_names())
        codes = {row["alpha2"].lower() for row in world.entities.values() if row.get("alpha2")}
        pictures = flags(settings, codes, on_progress)
        with atomic.folder(folder) as made:
            write(world, pictures, made)
            (made / _STAMP).write_text(made_from, encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"The demo world cannot be written to {folder}: {error.strerror or error}."
        ) from error
    return folder


def write(world: World, pictures: Mapping[str, bytes], folder: Path) -> None:
    """`entities.jsonl`, `triples.tsv` and `flags/<alpha-2>.png` into an empty folder.

    Args:
        pictures: PNG bytes by alpha-2 code in lower case.
    """
    (folder / "flags").mkdir()
    for code, data in sorted(pictures.items()):
        (folder / "flags" / f"{code}.png").write_bytes(data)
    with (folder / "entities.jsonl").open("w", encoding="utf-8", newline="\n") as lines:
        for row in world.entities.values():
            code = str(row.get("alpha2", "")).lower()
            shown = {**row, "image": f"flags/{code}.png"} if code in pictures else row
            lines.write(json.dumps(shown, ensure_ascii=False) + "\n")
    with (folder / "triples.tsv").open("w", encoding="utf-8", newline="\n") as lines:
        lines.write("head\trelation\ttail\n")
        lines.writelines("\t".join(triple) + "\n" for triple in world.triples)


def _by_code(
    records: Iterable[Mapping[str, Any]], dissolved: frozenset[str]
) -> dict[str, Mapping[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for record in records:
        code = one_line((record.get("ISO") or {}).get("alpha3"))
        named = re.fullmatch(r"[A-Z]{3}", code) and one_line(record.get("name"))
        if not named or code in dissolved:
            continue
        known = merged.setdefault(code, dict(record))
        for name, value in record.items():
            # No land neighbours is a fact, no provinces is a gap.
            if known.get(name) in (None, "") or (name == "provinces" and not known[name]):
                known[name] = value
    return dict(sorted(merged.items()))


def _country(code: str, record: Mapping[str, Any]) -> Row:
    native, official = one_line(record.get("nativeName")), official_name(record)
    spellings = [native, official, *map(one_line, record.get("altSpellings") or ())]
    label = one_line(record["name"])
    latitude, longitude = _position(record.get("latlng"))
    row = {
        "description": describe(record),
        "aliases": [s for s in dict.fromkeys(spellings) if s and s not in (label, code)],
        "alpha2": one_line((record.get("ISO") or {}).get("alpha2")),
        "official_name": official if official != label else "",
        "native_name": native,
        "demonym": one_line(record.get("demonym")),
        "population": record.get("population"),
        "area": _number(record.get("area")),
        "latitude": latitude,
        "longitude": longitude,
        "calling_codes": [one_line(c) for c in record.get("callingCodes") or ()],
        "top_level_domains": [one_line(t) for t in record.get("tld") or ()],
        # Names are all that is known of provinces: as entities, most of the world would be names.
        "provinces": sorted({one_line(p) for p in record.get("provinces") or ()} - {""}),
    }
    return {name: value for name, value in row.items() if value not in (None, "", [])}


def _places(world: World, code: str, record: Mapping[str, Any]) -> None:
    """Where it is and where it is governed from: region, subregion, capital."""
    label = one_line(record["name"])
    region = one_line(record.get("region"))
    # The middle level, where there is one, says more: Caribbean rather than Latin America.
    subregion = one_line(record.get("intermediateregion")) or one_line(record.get("subregion"))
    if region:
        world.add("Region", f"region:{slug(region)}", region)
        world.link(code, "IN_REGION", f"region:{slug(region)}")
    if subregion:
        part = world.add("Subregion", f"subregion:{slug(subregion)}", subregion)
        world.link(code, "IN_SUBREGION", part)
        if region:
            world.link(part, "PART_OF", f"region:{slug(region)}")
    capital = record.get("capital")
    city = one_line(capital[0] if isinstance(capital, list) and capital else capital)
    if city:
        latitude, longitude = _position(record.get("capital_latlng"))
        position = {"latitude": latitude, "longitude": longitude} if latitude is not None else {}
        id_ = f"city:{code}:{slug(city)}"
        world.add("City", id_, city, description=f"The capital of {label}.", **position)
        world.link(code, "HAS_CAPITAL", id_)


def _codes(world: World, code: str, record: Mapping[str, Any], names: Names) -> None:
    """What is spoken and paid with there."""
    for given in map(one_line, record.get("languages") or ()):
        language = names.language_corrections.get(given, given)
        if language:
            label = names.languages.get(language, language)
            id_ = world.add("Language", f"language:{slug(language)}", label, aliases=[language])
            world.link(code, "LANGUAGE", id_)
    for money in map(one_line, record.get("currencies") or ()):
        if money and money not in names.not_currencies:
            label = names.currencies.get(money, money)
            id_ = world.add("Currency", f"currency:{slug(money).upper()}", label, aliases=[money])
            world.link(code, "CURRENCY", id_)


def slug(name: str) -> str:
    """A name as part of an id: lower case, without accents, everything else a hyphen.

    >>> slug("Côte d'Or"), slug("東京")
    ('cote-d-or', '東京')
    """
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", bare).casefold()).strip("-")
    return words or hashlib.sha256(name.encode()).hexdigest()[:6]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _position(value: object) -> tuple[float | None, float | None]:
    """Latitude and longitude in degrees, or two times None."""
    if not isinstance(value, list) or len(value) != 2:
        return None, None
    latitude, longitude = _number(value[0]), _number(value[1])
    return (latitude, longitude) if None not in (latitude, longitude) else (None, None)


def _made_from() -> str:
    """What the folder's contents depend on, as one line of JSON."""
    code = hashlib.sha256()
    for name in _CODE:
        code.update(Path(__file__).with_name(name).read_bytes())
    made_from = {
        "countryinfo": version("countryinfo"),
        "flags": flags_version(),
        "code": code.hexdigest(),
    }
    return json.dumps(made_from)
