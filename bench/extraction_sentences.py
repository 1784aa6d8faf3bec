"""Sentences about the demo world, made openly: what each names and what it states.

Each template says which facts it states; one without facts names things and states none of the
world's relations, or denies it, asks it, or leaves it open. They were written before the patterns
were tried on them, in the words of encyclopedias, travel guides and news. Every other template
is for choosing, the others are for the report: `part_of`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from ingest.sources.demo.world import World

Part = Literal["choose", "report"]
Triple = tuple[str, str, str]

CAPITAL = (
    "{cap} is the capital of {c}.",
    "The capital of {c} is {cap}.",
    "{c}'s capital is {cap}, a city of many faces.",
    "{cap}, the capital and largest city of {c}, lies on a river.",
    "Travellers usually arrive in {cap}, the capital of {c}.",
    "{c} is governed from {cap}.",
    "The seat of government of {c} is {cap}.",
    "{cap} serves as the capital city of {c}.",
    "In {c}, the capital {cap} is home to most of the ministries.",
    "With {cap} as its capital, {c} has a lively centre.",
    "{c}, whose capital is {cap}, held elections last spring.",
    "{cap} has been the capital of {c} for many decades.",
    "The government of {c} sits in {cap}.",
    "Parliament meets in {cap}, the seat of government of {c}.",
    "{c} (capital: {cap}) sent a delegation.",
    "{c} made {cap} its capital after independence.",
)
BORDERS = (
    "{c} borders {n1}.",
    "{c} shares a border with {n1}.",
    "{c} is bordered by {n1} and {n2}.",
    "{c} has a long land frontier with {n1}.",
    "To the north, {c} is adjacent to {n1}.",
    "{n1} is a neighbour of {c}.",
    "The neighbours of {c} include {n1} and {n2}.",
    "{c} adjoins {n1} in the mountains.",
    "{c} has common borders with {n1}, and trade is brisk.",
    "{c}, which neighbours {n1}, exports fruit.",
    "The border between {c} and {n1} was closed for a week.",
    "{c} touches {n1} along a river.",
    "{c} and {n1} share a land border.",
    "Lorries queue at the frontier between {c} and {n1}.",
    "{c} lies next to {n1}.",
    "{c} is surrounded by {n1} and {n2}, among others.",
)
CURRENCY = (
    "The currency of {c} is the {cur}.",
    "{c} uses the {cur} as its currency.",
    "The {cur} is the official currency of {c}.",
    "In {c}, people pay with the {cur}.",
    "The {cur} is legal tender in {c}.",
    "Prices in {c} are quoted in {cur}.",
    "{c}'s money is the {cur}.",
    "The central bank of {c} issues the {cur}.",
    "Shops throughout {c} accept the {cur}.",
    "The monetary unit of {c} is the {cur}.",
    "Visitors to {c} should bring some {cur}, the local currency.",
    "{c} adopted the {cur} long ago.",
    "Wages in {c} are paid in {cur}.",
    "The {cur} circulates in {c}.",
)
LANGUAGE = (
    "{lang} is an official language of {c}.",
    "The official language of {c} is {lang}.",
    "{lang} is spoken in {c}.",
    "People in {c} speak {lang}.",
    "In {c}, {lang} is widely spoken.",
    "Most inhabitants of {c} speak {lang}.",
    "{c}'s official language is {lang}.",
    "Laws of {c} are published in {lang}, its official language.",
    "{lang} is one of the languages of {c}.",
    "Schoolchildren in {c} are taught in {lang}, the national language.",
    "{lang} is the mother tongue of many people in {c}.",
    "{lang} serves as the official tongue of {c}.",
    "The national language of {c}, {lang}, has many dialects.",
    "In the streets of {c} one hears {lang}.",
)
REGION = (
    "{c} is a country in {reg}.",
    "{c} lies in {reg}.",
    "{c} is located in {reg}.",
    "{c} is part of {reg}.",
    "{c} is one of the countries of {reg}.",
    "{c} belongs to {reg}.",
    "Among the states of {reg} is {c}.",
    "{c} can be found in {reg}.",
    "{reg} includes {c}.",
    "{c}, a state in {reg}, grows coffee.",
    "The {reg} country {c} won the match.",
    "{c} is situated in the continent of {reg}.",
)
SUBREGION = (
    "{c} is a country in {sub}.",
    "{c} lies in {sub}.",
    "{c} is located in {sub}, where summers are warm.",
    "{c} is part of {sub}.",
    "Geographers count {c} as part of {sub}.",
    "{c} belongs to {sub}.",
    "{sub} includes {c}.",
    "The United Nations groups {c} within {sub}.",
)
MIXED = (
    ("{c}, a country in {reg}, has {cap} as its capital.", ("reg", "cap")),
    ("The capital of {c} is {cap} and its currency is the {cur}.", ("cap", "cur")),
    ("{c} borders {n1}, and {cap} is its capital.", ("n1", "cap")),
    ("{c} lies in {sub}, borders {n1} and uses the {cur}.", ("sub", "n1", "cur")),
    ("{lang} is spoken in {c}, whose capital is {cap}.", ("lang", "cap")),
    ("{cap}, the capital of {c}, is not far from the border with {n1}.", ("cap", "n1")),
)
NOTHING = (
    "{c} does not border {o}.",
    "{c} has no border with {o}.",
    "{ocap} is not the capital of {c}.",
    "Is {ocap} the capital of {c}?",
    "{c} may one day share a border with {o}.",
    "If {c} bordered {o}, trade would be easier.",
    "It is a myth that {ocap} is the capital of {c}.",
    "The president of {c} visited {ocap} on Monday.",
    "{c} and {o} signed a treaty in {ocap}.",
    "{c} exports more to {o} than to {n1}.",
    "A plane from {ocap} landed in {c}.",
    "Tourists from {c} like to travel to {o}.",
    "{o} bought ships from {c} for several million {ocur}.",
    "The {ocur} rose after {c} changed its laws.",
    "Some claim that {c} uses the {ocur}.",
    "{ocap} was once the capital of {c}.",
    "{c} will adopt the {ocur} next year.",
    "A poet from {c} writes in {olang}.",
    "{olang} lessons are popular with tourists from {c}.",
    "{c} invested heavily in {oreg}.",
    "{c} is far from {oreg}.",
    "An embassy of {c} was opened in {ocap}, the largest city of the region.",
    "{c} beat {o} in the final in {ocap}.",
    "{c} wants to make {ocap} its capital.",
    "The ambassador of {c} to {o} resigned.",
    "Unlike {o}, {c} is not in {oreg}.",
    "No part of {c} lies in {oreg}.",
    "The former capital of {c} was {ocap}.",
    "{ocap} is larger than the capital of {c}.",
    "Several films about {c} were shot in {ocap} and in {o}.",
)
_OF = {
    "cap": ("c", "HAS_CAPITAL"),
    "cur": ("c", "CURRENCY"),
    "lang": ("c", "LANGUAGE"),
    "reg": ("c", "IN_REGION"),
    "sub": ("c", "IN_SUBREGION"),
    "n1": ("c", "BORDERS"),
    "n2": ("c", "BORDERS"),
}
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class MadeSentence:
    """A sentence, the ids that it names, and the facts that it states."""

    text: str
    entities: frozenset[str]
    facts: frozenset[Triple]


@dataclass(frozen=True)
class SentenceTemplate:
    """A template and the slots whose facts it states."""

    text: str
    states: tuple[str, ...]

    @property
    def slots(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_SLOT.findall(self.text)))


def templates() -> list[SentenceTemplate]:
    """All of them."""
    found = []
    plain = (CAPITAL, "cap"), (BORDERS, "n"), (CURRENCY, "cur"), (LANGUAGE, "lang"), \
        (REGION, "reg"), (SUBREGION, "sub")  # fmt: skip
    for texts, slot in plain:
        for text in texts:
            states = [one for one in dict.fromkeys(_SLOT.findall(text)) if one.startswith(slot)]
            found.append(SentenceTemplate(text, tuple(states)))
    found += [SentenceTemplate(text, states) for text, states in MIXED]
    found += [SentenceTemplate(text, ()) for text in NOTHING]
    return found


def part_of(part: Part) -> list[SentenceTemplate]:
    """Half of the templates: every other one."""
    return templates()[0 if part == "choose" else 1 :: 2]


def sentences_of(world: World, part: Part, count: int, seed: int) -> Iterator[MadeSentence]:
    """So many sentences, drawn by the seed: the template first, then who fills it."""
    draw = Random(f"{seed} {part}")
    graph = _Facts(world)
    chosen = part_of(part)
    made = 0
    while made < count:
        template = draw.choice(chosen)
        filled = graph.fill(template.slots, draw)
        if filled is None:
            continue
        text = _SLOT.sub(lambda m, f=filled: f[m[1]][1], template.text)  # type: ignore[misc]
        facts = frozenset((filled["c"][0], _OF[s][1], filled[s][0]) for s in template.states)
        yield MadeSentence(text, frozenset(one for one, _ in filled.values()), facts)
        made += 1


class _Facts:
    """The world by relation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tails: dict[tuple[str, str], list[str]] = {}
        for head, relation, tail in world.triples:
            self._tails.setdefault((head, relation), []).append(tail)
        self._of_type: dict[str, list[str]] = {}
        for row in world.entities.values():
            self._of_type.setdefault(row["type"], []).append(row["id"])
        self._countries = self._of_type["Country"]

    def fill(self, slots: Sequence[str], draw: Random) -> Mapping[str, tuple[str, str]] | None:
        """Slot -> id and words, or None: this country lacks something."""
        country = draw.choice(self._countries)
        found: dict[str, str] = {"c": country}
        for slot in slots:
            if slot == "c":
                continue
            one = self._one(country, slot, set(found.values()), draw)
            if one is None:
                return None
            found[slot] = one
        return {slot: (one, self._name(one, draw)) for slot, one in found.items() if slot in slots}

    def _one(self, country: str, slot: str, taken: set[str], draw: Random) -> str | None:
        if slot in _OF:
            there = self._tails.get((country, _OF[slot][1]), [])
        else:
            kind, relation = {
                "o": ("Country", "BORDERS"), "ocap": ("City", "HAS_CAPITAL"),
                "ocur": ("Currency", "CURRENCY"), "olang": ("Language", "LANGUAGE"),
                "oreg": ("Region", "IN_REGION"),
            }[slot]  # fmt: skip
            mine = self._tails.get((country, relation), [])
            there = [one for one in self._of_type[kind] if one not in mine]
        left = [one for one in there if one not in taken]
        return draw.choice(left) if left else None

    def _name(self, one: str, draw: Random) -> str:
        """Mostly the label; of a country now and then another name that is no code; of a currency
        as it is written within a sentence."""
        row = self._world.entities[one]
        label = str(row["label"])
        longer = [a for a in row.get("aliases", ()) if len(a) > 4 and a.isascii()]
        if row["type"] == "Country" and longer and draw.random() < 0.15:
            return str(draw.choice(longer))
        if row["type"] == "Currency" and " " not in label:
            return label.lower()
        return label
