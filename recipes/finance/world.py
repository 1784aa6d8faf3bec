"""The invented world of finance as tables, as a register and an office of sanctions hand them out.

`build` makes it of a seed and knows no files; `write` puts it into a folder. What is true beside
what the tables state is in `held_out`: holdings that the register is not told of.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from recipes.tables import (
    Fact,
    Row,
    write_csv,
    write_document,
    write_facts,
    write_lines,
    write_parquet,
)

SEED = 8
HELD_OUT = 10
GROUPS, LONE = 20, 40  # groups of companies, and companies that belong to none
_WORDS = Path(__file__).with_name("words.toml")


@dataclass(frozen=True)
class Company:
    number: str
    stem: str  # what a group's companies are called alike
    full: str
    short: str
    country: str
    sector: str
    founded: int
    address: str
    tax_number: str
    group: int | None
    holding: bool


@dataclass(frozen=True)
class Person:
    number: str
    first: Sequence[str]  # spellings; the register writes the first
    last: Sequence[str]
    born: date
    country: str


@dataclass(frozen=True)
class Finance:
    """`same` are the pairs that are one: the register's id and the list's."""

    tables: Mapping[str, Sequence[Row]]
    held_out: Sequence[Fact]
    same: Sequence[tuple[str, str]]


def build(seed: int = SEED) -> Finance:
    """The tables by their names. The same seed gives the same rows."""
    chance = random.Random(seed)
    words = tomllib.loads(_WORDS.read_text(encoding="utf-8"))
    companies = _companies(words, chance)
    people = _people(words, chance)
    owned, held_out = _ownership(companies, chance)
    officers = _officers(companies, people, chance)
    known = {row["person_id"] for row in officers}
    entries, same = _sanctions(
        companies, [one for one in people if one.number in known], words, chance
    )
    tables = {
        "companies": [_registered(one, words) for one in companies],
        "officers": officers,
        "sectors": [
            {
                "code": one["code"],
                "name": one["name"],
                "about": f"{one['name']}: a company of this sector {one['does']}.",
            }
            for one in words["sectors"]
        ],
        "ownership": owned,
        "filings": _filings(companies, words, chance),
        "instruments": _instruments(companies, words, chance),
        "payments": _payments(companies, words, chance),
        "sanctions": entries,
    }
    return Finance(tables, held_out, same)


def write(folder: Path) -> None:
    """Every table in a form of its own, into an empty folder."""
    world = build()
    tables = world.tables
    write_csv(folder / "companies.csv", tables["companies"])
    write_csv(folder / "officers.csv", tables["officers"], ";")
    write_csv(folder / "sectors.csv", tables["sectors"])
    write_csv(folder / "instruments.csv", tables["instruments"])
    write_parquet(folder / "ownership.parquet", tables["ownership"])
    write_parquet(folder / "payments.parquet", tables["payments"])
    write_lines(folder / "filings.jsonl", tables["filings"])
    document = {"list": {"published": "2026-01-15", "entries": tables["sanctions"]}}
    write_document(folder / "sanctions.json", document)
    write_facts(folder / "held_out.tsv", world.held_out)


def _companies(words: Mapping[str, Any], chance: random.Random) -> list[Company]:
    """Groups, of which each has a holding, companies that are called like it, and one that is
    called and housed as if it did not belong to it."""
    found: list[Company] = []

    def add(
        stem: str, name: str, street: str, sector: Row, place: Row, group: int | None, holding: bool
    ) -> None:
        found.append(
            Company(
                number=f"{place['code']}{len(found) + 100_001}",
                stem=stem,
                full=f"{name} {place['form']}",
                short=f"{name} {place['short']}",
                country=place["code"],
                sector=sector["code"],
                founded=chance.randrange(1958, 2021),
                address=street,
                tax_number=f"{chance.randrange(10**9):09}",
                group=group,
                holding=holding,
            )
        )

    def alone(sector: Row, group: int | None) -> None:
        stem = "".join(chance.sample(words["syllables"], 3)).title()
        street = f"{chance.randrange(1, 200)} {chance.choice(words['names'])} Road"
        name = f"{stem} {chance.choice(words['second'])}"
        add(stem, name, street, sector, chance.choice(words["countries"]), group, False)

    for group, stem in enumerate(chance.sample(words["names"], GROUPS)):
        home = chance.choice(words["countries"])
        sectors = chance.sample(words["sectors"], 2)
        street = f"{chance.randrange(1, 200)} {chance.choice(words['names'])} Street"
        add(stem, f"{stem} Holding", street, sectors[0], home, group, True)
        for at in range(1, chance.randrange(4, 7)):
            sector = sectors[at % 2]
            place = home if chance.random() < 0.7 else chance.choice(words["countries"])
            name = f"{stem} {sector['name']}" + (f" {at}" if at > 2 else "")
            add(stem, name, street, sector, place, group, False)
        alone(chance.choice(sectors), group)
    for _ in range(LONE):
        alone(chance.choice(words["sectors"]), None)
    return found


def _people(words: Mapping[str, Any], chance: random.Random) -> list[Person]:
    pairs = [(first, last) for first in words["people_first"] for last in words["people_last"]]
    chosen = chance.sample(pairs, 110)
    codes = [one["code"] for one in words["countries"]]
    return [
        Person(
            f"P{at:04}",
            first,
            last,
            date(1944, 1, 1) + timedelta(days=chance.randrange(19_000)),
            chance.choice(codes),
        )
        for at, (first, last) in enumerate(chosen, 1)
    ]


def _registered(one: Company, words: Mapping[str, Any]) -> Row:
    does = next(s["does"] for s in words["sectors"] if s["code"] == one.sector)
    held = " It holds shares of others." if one.holding else ""
    return {
        "number": one.number,
        "name": one.short,
        "country": one.country,
        "sector": one.sector,
        "founded": one.founded,
        "address": one.address,
        "tax_number": one.tax_number,
        "purpose": f"{one.stem} {does}.{held}",
    }


def _officers(
    companies: Sequence[Company], people: Sequence[Person], chance: random.Random
) -> list[Row]:
    """Two people direct most of a group's companies."""
    rows = []
    free = list(people)
    chance.shuffle(free)
    boards = {group: [free.pop(), free.pop()] for group in range(GROUPS)}
    for one in companies:
        board = boards[one.group] if one.group is not None else [chance.choice(free)]
        if one.group is not None and chance.random() < 0.3:
            board = [board[0], chance.choice(free)]
        for person in board:
            rows.append(
                {
                    "person_id": person.number,
                    "first": person.first[0],
                    "last": person.last[0],
                    "born": person.born.isoformat(),
                    "country": person.country,
                    "company": one.number,
                    "since": chance.randrange(max(one.founded, 1990), 2024),
                }
            )
    return rows


def _ownership(companies: Sequence[Company], chance: random.Random) -> tuple[list[Row], list[Fact]]:
    """Each holding owns its group; some of it the register is not told."""
    holdings = {one.group: one for one in companies if one.holding}
    pairs = [
        (holdings[one.group], one) for one in companies if one.group is not None and not one.holding
    ]
    names = {holding.group: holding.stem for holding in holdings.values()}
    apart = [one for _, one in pairs if one.stem != names[one.group]]
    hidden = set(chance.sample(apart, HELD_OUT))
    rows = [
        {"owner": holding.number, "owned": one.number, "share": chance.randrange(51, 101)}
        for holding, one in pairs
        if one not in hidden
    ]
    facts = [
        (f"company/{holding.number}", "OWNS", f"company/{one.number}")
        for holding, one in pairs
        if one in hidden
    ]
    return rows, facts


def _filings(
    companies: Sequence[Company], words: Mapping[str, Any], chance: random.Random
) -> list[Row]:
    names = {one["code"]: one["name"].lower() for one in words["sectors"]}
    rows = []
    for one in companies:
        for year in chance.sample((2022, 2023, 2024, 2025), 2):
            went = chance.choice(("grew", "fell", "stayed as it was"))
            risk = chance.choice(("freight rates", "interest rates", "export permits", "weather"))
            rows.append(
                {
                    "company": one.number,
                    "year": year,
                    "revenue": chance.randrange(1, 900) * 100_000,
                    "text": f"Revenue in {names[one.sector]} {went} in {year}. The board of "
                    f"{one.short} sees {risk} as its main risk.",
                }
            )
    return rows


def _instruments(
    companies: Sequence[Company], words: Mapping[str, Any], chance: random.Random
) -> list[Row]:
    rows = []
    for one in companies:
        if not one.holding and chance.random() < 0.85:
            continue
        kind = chance.choice(("share", "bond"))
        rows.append(
            {
                "isin": f"{one.country}{chance.randrange(10**10):010}",
                "name": f"{one.stem} {kind}",
                "kind": kind,
                "issuer": one.number,
                "exchange": chance.choice(words["exchanges"]),
            }
        )
    return rows


def _payments(
    companies: Sequence[Company], words: Mapping[str, Any], chance: random.Random
) -> list[Row]:
    """The largest of each pair: within a group, and to sectors that a sector buys from."""
    buys = {one["code"]: one["buys"] for one in words["sectors"]}
    pairs: dict[tuple[str, str], str] = {}
    for payer in companies:
        family = [one for one in companies if one.group == payer.group and one is not payer]
        if payer.group is not None:
            pairs[payer.number, chance.choice(family).number] = "loan within the group"
        sellers = [one for one in companies if one.sector in buys[payer.sector]]
        for one in chance.sample(sellers, 2):
            if one is not payer:
                pairs[payer.number, one.number] = "goods and services"
    return [
        {
            "payer": payer,
            "payee": payee,
            "amount": chance.randrange(10, 4_000) * 1_000,
            "day": date(2025, 1, 1) + timedelta(days=chance.randrange(365)),
            "purpose": purpose,
        }
        for (payer, payee), purpose in pairs.items()
    ]


def _sanctions(
    companies: Sequence[Company],
    people: Sequence[Person],
    words: Mapping[str, Any],
    chance: random.Random,
) -> tuple[list[Row], list[tuple[str, str]]]:
    """Entries of the list, in which every third stands for nobody of the register."""
    entries: list[Row] = []
    same: list[tuple[str, str]] = []

    def add(kind: str, names: Sequence[str], details: Row, known: str | None) -> None:
        reference = f"L{len(entries) + 1:03}"
        if known is not None:
            same.append((known, f"listed/{reference}"))
        programme = chance.choice(words["programmes"])
        since = date(2015, 1, 1) + timedelta(days=chance.randrange(4_000))
        entries.append(
            {
                "reference": reference,
                "kind": kind,
                "names": [{"written": name} for name in names],
                "details": details,
                "programme": programme,
                "since": since.isoformat(),
                "reason": f"Listed for {programme.lower()}, decided on {since:%d %B %Y}.",
            }
        )

    for one in chance.sample(list(people), 24):
        other = f"{one.first[1]} {one.last[1]}"
        if chance.random() < 0.4:
            other = f"{one.last[2].upper()}, {one.first[0]}"
        more = [f"{one.first[2]} {one.last[2]}"] if chance.random() < 0.5 else []
        born = one.born.isoformat() if chance.random() < 0.8 else None
        add(
            "person", [other, *more], {"born": born, "country": one.country}, f"person/{one.number}"
        )
    for firm in chance.sample(list(companies), 14):
        details: Row = {"founded": firm.founded, "country": firm.country, "tax_number": None}
        if chance.random() < 0.4:
            details["tax_number"] = firm.tax_number
        name = firm.full.upper() if chance.random() < 0.5 else firm.full.replace("v", "w", 1)
        add("company", [name], details, f"company/{firm.number}")
    for at in range(16):
        first, last = chance.choice(words["people_first"]), chance.choice(words["people_last"])
        born = f"{1925 + at}-06-{at + 1:02}"  # before anybody of the register
        country = chance.choice(words["countries"])["code"]
        add("person", [f"{first[0]} {last[0]}"], {"born": born, "country": country}, None)
    return entries, same
