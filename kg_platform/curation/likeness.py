"""How much two entities look like one, from what the graph says of both; nothing here does I/O.

    score = damp * mean of what is known of
        names    0.45   the most similar of their labels and aliases (rapidfuzz's ratio, normalised)
        text     0.25   cosine of the text vectors
        fused    0.15   cosine of the published vectors
        shared   0.15   neighbours by the same relation, as a share of those of the one with fewer

    damp = 0.5 where they are directly linked (what is linked is mostly two)
         * 0.5 where the numbers in their labels differ (Apollo 11, Apollo 12)
         * 1 - c / (2 (c + e)) with c own properties that differ and e that agree

The weights are chosen, not learnt: the score is an order, not a probability.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WEIGHTS = {"names": 0.45, "text": 0.25, "fused": 0.15, "shared": 0.15}
NAMES = 8  # at most so many names of an entity are compared
NAME_CHARACTERS = 200
CLOSE = 0.01  # numbers that differ by less than this share agree
# Not an entity's own properties: they say nothing of whether two are one.
NEUTRAL = frozenset(
    {"id", "label", "aliases", "description", "source", "content_hash", "updated_at"}
)


@dataclass(frozen=True)
class Likeness:
    """A score in 0..1, and what it is made of, for people: (what, words)."""

    score: float
    grounds: list[tuple[str, str]]


def likeness(pair: Mapping[str, Any]) -> Likeness:
    """`pair` is a row of `cypher.reviewing.PAIRS`."""
    mine = [pair["one_label"], *pair["one_aliases"]]
    theirs = [pair["other_label"], *pair["other_aliases"]]
    least = min(pair["one_facts"], pair["other_facts"])
    shared = list(pair["shared"])
    parts: dict[str, float | None] = {
        "names": names(mine, theirs),
        "text": pair["text"],
        "fused": pair["fused"],
        "shared": min(1.0, len(shared) / least) if least else None,
    }
    known = {name: max(0.0, value) for name, value in parts.items() if value is not None}
    total = sum(WEIGHTS[name] for name in known)
    score = sum(WEIGHTS[name] * value for name, value in known.items()) / total
    grounds = [(name, f"{value:.2f}") for name, value in known.items()]
    if shared:
        some = ", ".join(map(str, shared[:5])) + (", …" if len(shared) > 5 else "")
        grounds.append(("neighbours of both", some))
    if pair["linked"]:
        score *= 0.5
        grounds.append(("linked", "there is a relation between them, which halves the score"))
    if _numbers(pair["one_label"]) != _numbers(pair["other_label"]):
        score *= 0.5
        grounds.append(("numbers", "their labels have different ones, which halves the score"))
    agree, differ = compared(pair["both"])
    if differ:
        score *= 1 - len(differ) / (2 * (len(differ) + len(agree)))
        grounds.append(("differ in", ", ".join(differ)))
    if agree:
        grounds.append(("agree in", ", ".join(agree)))
    return Likeness(min(1.0, score), grounds)


def names(mine: Sequence[str], theirs: Sequence[str]) -> float:
    """The similarity of the two most similar names, 0..1; the order of words does not matter."""
    from rapidfuzz import fuzz  # late: most commands compare no names

    ours, others = ({_normal(name) for name in each[:NAMES]} for each in (mine, theirs))
    alike = [
        ratio(a, b) for a in ours for b in others for ratio in (fuzz.ratio, fuzz.token_sort_ratio)
    ]
    return max(alike, default=0.0) / 100


def compared(both: Sequence[Sequence[Any]]) -> tuple[list[str], list[str]]:
    """Own properties that both have, [key, one, other]: those that agree, and those that differ."""
    agree: list[str] = []
    differ: list[str] = []
    for key, one, other in both:
        if key not in NEUTRAL:
            (agree if _agrees(one, other) else differ).append(str(key))
    return sorted(agree), sorted(differ)


def _agrees(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return _normal(one) == _normal(other)
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= CLOSE * max(abs(one), abs(other))
    return bool(one == other)


def _normal(text: str) -> str:
    """Lower case, without accents and punctuation."""
    plain = unicodedata.normalize("NFKD", str(text)[:NAME_CHARACTERS].casefold())
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", letters))


def _numbers(text: str) -> list[str]:
    return sorted(re.findall(r"\d+", str(text)))
