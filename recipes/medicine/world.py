"""The invented world of medicine as tables, as two registries would hand them out.

`build` makes it of a seed and knows no files; `write` puts it into a folder. What is true beside
what the tables state is in `held_out`: indications that the European registry is not told.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from recipes.medicine.pills import draw_pill
from recipes.tables import (
    Fact,
    Row,
    write_csv,
    write_document,
    write_facts,
    write_lines,
    write_parquet,
)

SEED = 20
HELD_OUT = 12
IN_A_CLASS = 5
TRIALS, CASES = 260, 180
_WORDS = Path(__file__).with_name("words.toml")


@dataclass
class Drug:
    """What is true of a drug, whoever writes it down. `number` is the European one, `ndc` the
    American; None where that registry does not have it."""

    inn: str
    stem: str
    area: str
    acts: str
    class_name: str
    target: str
    treats: list[str]
    effects: list[str]
    colour: str
    form: str
    weight: float
    approved: date
    substance: str
    number: str | None = None
    ndc: str | None = None
    told: list[str] = field(default_factory=list)  # indications that the registry is told


@dataclass(frozen=True)
class Medicine:
    """`same` are the pairs that are one drug: the European id and the American one."""

    tables: Mapping[str, Sequence[Row]]
    colours: Mapping[str, tuple[str, str]]  # picture's path -> colour, form
    held_out: Sequence[Fact]
    same: Sequence[tuple[str, str]]


def build(seed: int = SEED) -> Medicine:
    """The tables by their names. The same seed gives the same rows."""
    chance = random.Random(seed)
    words = tomllib.loads(_WORDS.read_text(encoding="utf-8"))
    codes = {
        name: f"C{at:02}"
        for at, name in enumerate(
            (name for area in words["areas"] for name in area["conditions"]), 1
        )
    }
    drugs = _drugs(words, chance)
    held_out = _hold_out([one for one in drugs if one.number], codes, chance)
    known = [one for one in drugs if one.number]
    pictures = {f"pills/{one.number}.png": (one.colour, one.form) for one in known}
    labels, effects = _american(drugs, words, chance)
    tables = {
        "registry_eu": [_european(one, codes, words, chance) for one in known],
        "conditions": _conditions(words, codes),
        "targets": _targets(words),
        "trials": _trials(known, codes, chance),
        "cases": _cases(known, codes, chance),
        "labels_us": labels,
        "side_effects": effects,
    }
    same = [(f"eu/{one.number}", f"us/{one.ndc}") for one in known if one.ndc]
    return Medicine(tables, pictures, held_out, same)


def write(folder: Path) -> None:
    """Every table in a form of its own, and the pictures, into an empty folder."""
    world = build()
    tables = world.tables
    write_csv(folder / "registry_eu.csv", tables["registry_eu"], ";")
    write_csv(folder / "conditions.csv", tables["conditions"])
    write_csv(folder / "side_effects.csv", tables["side_effects"])
    write_parquet(folder / "targets.parquet", tables["targets"])
    write_lines(folder / "trials.jsonl", tables["trials"])
    write_lines(folder / "cases.jsonl", tables["cases"])
    document = {"release": "2026-01", "labels": tables["labels_us"]}
    write_document(folder / "labels_us.json", document)
    (folder / "pills").mkdir()
    for path, (colour, form) in world.colours.items():
        draw_pill(folder / path, colour, form)
    write_facts(folder / "held_out.tsv", world.held_out)


def _drugs(words: Mapping[str, Any], chance: random.Random) -> list[Drug]:
    found: list[Drug] = []
    for area in words["areas"]:
        for kind in area["classes"]:
            for start in chance.sample(words["starts"], IN_A_CLASS):
                treats = [at for at in kind["treats"] if chance.random() < 0.85]
                effects = [one for one in kind["effects"] if chance.random() < 0.85]
                number = len(found) + 1
                one = Drug(
                    inn=(start + kind["stem"]).capitalize(),
                    stem=kind["stem"],
                    area=area["name"],
                    acts=kind["acts"],
                    class_name=kind["name"],
                    target=kind["target"],
                    treats=[area["conditions"][at] for at in treats or kind["treats"][:1]],
                    effects=effects or kind["effects"][:1],
                    colour=kind["colour"],
                    form=chance.choice(words["forms"]),
                    weight=round(chance.uniform(220, 780), 2),
                    approved=date(1994, 1, 1) + timedelta(days=chance.randrange(11_000)),
                    substance=f"SUB{chance.randrange(10**6):06}",
                )
                where = chance.random()
                if where < 0.85:
                    one.number = f"EU{number:04}"
                if where < 0.68 or where >= 0.85:
                    one.ndc = f"{number + 50:04}-{chance.randrange(10_000):04}"
                found.append(one)
    return found


def _hold_out(drugs: Sequence[Drug], codes: Mapping[str, str], chance: random.Random) -> list[Fact]:
    """Indications that are kept back, at most one a drug, which keeps another one."""
    for one in drugs:
        one.told = list(one.treats)
    several = [one for one in drugs if len(one.treats) > 1]
    facts: list[Fact] = []
    for one in chance.sample(several, HELD_OUT):
        gone = one.treats[-1]
        one.told.remove(gone)
        facts.append((f"eu/{one.number}", "TREATS", f"condition/{codes[gone]}"))
    return facts


def _european(
    one: Drug, codes: Mapping[str, str], words: Mapping[str, Any], chance: random.Random
) -> Row:
    brand = chance.choice(words["starts"]).capitalize() + chance.choice(("dur", "lix", "ma", "xan"))
    return {
        "number": one.number,
        "inn": one.inn,
        "brand": brand,
        "summary": f"{one.inn}, class {one.class_name}. It {one.acts}. Given as a {one.form}.",
        "substance": one.substance if chance.random() < 0.5 else "",
        "weight": f"{one.weight:.2f}".replace(".", ","),
        "approved": one.approved.strftime("%d.%m.%Y"),
        "form": one.form,
        "target": one.target,
        "indications": "|".join(codes[name] for name in one.told),
        "picture": f"pills/{one.number}.png",
    }


def _american(
    drugs: Sequence[Drug], words: Mapping[str, Any], chance: random.Random
) -> tuple[list[Row], list[Row]]:
    labels: list[Row] = []
    effects: list[Row] = []
    for one in drugs:
        if one.ndc is None:
            continue
        maker = chance.choice(words["makers"])
        generic = american_name(one.inn, chance)
        name = f"{generic} {chance.choice(words['salts'])}".upper()
        labels.append(
            {
                "ndc": one.ndc,
                "name": name,
                "generic": generic if chance.random() < 0.85 else "",
                "substance": one.substance if chance.random() < 0.7 else "",
                "weight": round(one.weight + chance.choice((-0.01, 0.0, 0.0, 0.02)), 2),
                "approved": (one.approved + timedelta(days=chance.randrange(-90, 400))).isoformat(),
                "form": one.form.upper(),
                "maker": {"name": maker, "state": "NJ" if len(maker) % 2 else "MA"},
                "text": f"{name.title()}, {one.form}s for oral use or as directed. Mechanism of "
                f"action: it {one.acts}. Class: {one.class_name.lower()}.",
            }
        )
        for effect in one.effects:
            percent = round(chance.uniform(1, 18), 1)
            effects.append({"ndc": one.ndc, "effect": effect, "percent": percent})
    return labels, effects


def american_name(inn: str, chance: random.Random) -> str:
    """The name as the other registry spells it: some letters otherwise, or two of them turned."""
    name = inn
    if chance.random() < 0.4:
        name = name.replace("x", "ks", 1).replace("q", "k", 1).replace("ine", "in", 1)
    if chance.random() < 0.15:
        at = chance.randrange(1, len(name) - 2)
        name = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return name


def _conditions(words: Mapping[str, Any], codes: Mapping[str, str]) -> list[Row]:
    return [
        {
            "code": codes[name],
            "name": name,
            "area": area["name"],
            "about": f"{name}, a condition of {area['organ']}.",
        }
        for area in words["areas"]
        for name in area["conditions"]
    ]


def _targets(words: Mapping[str, Any]) -> list[Row]:
    acts = {kind["target"]: kind["acts"] for area in words["areas"] for kind in area["classes"]}
    return [
        {
            "symbol": symbol,
            "about": f"{symbol}, a protein of {area['organ']}. A drug that aims at it "
            f"{acts[symbol]}.",
        }
        for area in words["areas"]
        for symbol in area["targets"]
    ]


def _trials(drugs: Sequence[Drug], codes: Mapping[str, str], chance: random.Random) -> list[Row]:
    rows = []
    for at in range(1, TRIALS + 1):
        one = chance.choice(drugs)
        condition = chance.choice(one.told)
        people = chance.randrange(40, 2_400)
        end = chance.choice(("fewer attacks", "a longer life", "fewer days in hospital"))
        rows.append(
            {
                "id": f"T{at:04}",
                "title": f"{one.inn} in {condition.lower()}, trial {at}",
                "phase": chance.choice((1, 2, 2, 3, 3, 4)),
                "people": people,
                "begun": str(date(2004, 1, 1) + timedelta(days=chance.randrange(7_600))),
                "drug": one.number,
                "condition": codes[condition],
                "summary": f"{people} people with {condition.lower()} got {one.inn} or a placebo; "
                f"looked for was {end}.",
            }
        )
    return rows


def _cases(drugs: Sequence[Drug], codes: Mapping[str, str], chance: random.Random) -> list[Row]:
    rows = []
    for at in range(1, CASES + 1):
        taken = chance.sample(drugs, chance.choice((1, 1, 2)))
        conditions = [chance.choice(one.told) for one in taken]
        low = chance.randrange(18, 85) // 10 * 10
        felt = chance.choice([*taken[0].effects, "nothing unwanted"]).lower()
        rows.append(
            {
                "id": f"{at:04}",
                "age": f"{low} to {low + 9}",
                "sex": chance.choice("fm"),
                "conditions": [codes[name] for name in dict.fromkeys(conditions)],
                "drugs": [one.number for one in taken],
                "note": f"Treated for {' and '.join(dict.fromkeys(conditions)).lower()}; "
                f"reported was {felt}.",
            }
        )
    return rows
