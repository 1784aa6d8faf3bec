"""What decisions teach: probabilities corrected by them, who agrees, and what a threshold brings.

**Correction.** A probability of a proposed fact is first measured on facts that were held out
(`lower_bound`): what is true and nobody wrote down counts as wrong there, so it is too low by an
amount that only people know. With b its log odds, what was accepted and rejected is taken as drawn
from

    p = sigmoid(b + all + own[relation])    all ~ N(0, ALL^2), own ~ N(0, OWN^2)

and the likeliest `all` and `own` correct every open item: nothing where nobody has decided, a
relation's own experience where there is much of it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from kg_platform.errors import LedgerError
from kg_platform.ledger.review_rows import DecidedRow
from kg_platform.ledger.reviews import Reviews

ALL, OWN = 3.0, 1.0  # in log odds: how far off bounds are, and relations from one another
ROUNDS = 50
STEP = 2.0  # of a Newton step, at most
CLOSE = 1e-6
SEEN = 0.005  # a probability is shown in whole percents
FARTHEST = 1e-6  # a probability is never nearer to 0 or 1
THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(20))
MODEL = "the model"


@dataclass(frozen=True)
class Correction:
    """What is added to log odds: `all`, and `own` of a relation. `decisions` it was learnt from."""

    all: float
    own: Mapping[str, float]
    decisions: int

    def corrected(self, relation: str, bound: float) -> float:
        """The probability of a fact of this relation with this lower bound."""
        return _sigmoid(_log_odds(bound) + self.all + self.own.get(relation, 0.0))


def correction(rows: Iterable[tuple[str, float, bool]]) -> Correction:
    """(relation, lower bound, accepted) of decided facts -> the likeliest correction.

    Newton's steps, over `all` and each `own` in turn: the function is concave.
    """
    by: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for relation, bound, accepted in rows:
        by[relation].append((_log_odds(bound), accepted))
    every, own = 0.0, dict.fromkeys(by, 0.0)
    for _ in range(ROUNDS):
        before = every
        slope, curve = -every / ALL**2, 1 / ALL**2
        for relation, given in by.items():
            first, second = _slopes(given, every + own[relation])
            slope, curve = slope + first, curve + second
        every += _step(slope, curve)
        moved = abs(every - before)
        for relation, given in by.items():
            first, second = _slopes(given, every + own[relation])
            step = _step(first - own[relation] / OWN**2, second + 1 / OWN**2)
            own[relation] += step
            moved = max(moved, abs(step))
        if moved < CLOSE:
            break
    return Correction(every, own, sum(map(len, by.values())))


def learn(reviews: Reviews) -> Correction:
    """Correct the probabilities of all open facts by what was decided so far, where that can be
    seen."""
    found = correction(
        (row.relation, row.lower_bound, row.status == "accepted")
        for row in reviews.verdicts()
        if row.lower_bound is not None and row.status in ("accepted", "rejected")
    )
    fresh = []
    for item, relation, bound, shown in reviews.bounds():
        chance = found.corrected(relation, bound)
        if abs(chance - shown) >= SEEN:
            fresh.append((item, bound, chance))
    reviews.correct(fresh)
    return found


def learn_if_possible(reviews: Reviews) -> None:
    """After decisions, which stand whether or not it can be learnt from them now: whoever learns
    next learns from all."""
    with suppress(LedgerError):
        learn(reviews)


@dataclass(frozen=True)
class RelationExperience:
    """Decisions on items of a kind and relation; `expected` is the mean probability that the
    decided ones were shown with, None where none had one."""

    kind: str
    relation: str
    accepted: int
    rejected: int
    expected: float | None

    @property
    def rate(self) -> float:
        return self.accepted / (self.accepted + self.rejected)


@dataclass(frozen=True)
class ThresholdShare:
    """Of what was decided with at least this probability: how many, and how many accepted."""

    at_least: float
    decided: int
    accepted: int

    @property
    def share(self) -> float | None:
        return self.accepted / self.decided if self.decided else None


@dataclass(frozen=True)
class Agreement:
    """How often two decided alike, of the items on which both said something. The model says yes
    from a half on."""

    one: str
    other: str
    both: int
    same: int


@dataclass(frozen=True)
class Experience:
    """What was learnt from decisions, for a person who chooses a threshold. `error` is the expected
    calibration error of the shown probabilities against decisions, in ten bins; None without."""

    relations: Sequence[RelationExperience]
    thresholds: Sequence[ThresholdShare]
    agreements: Sequence[Agreement]
    error: float | None

    def as_dict(self) -> dict[str, Any]:
        return {
            "relations": [{**asdict(one), "rate": one.rate} for one in self.relations],
            "thresholds": [{**asdict(one), "share": one.share} for one in self.thresholds],
            "agreements": [asdict(one) for one in self.agreements],
            "error": self.error,
        }


def experience(rows: Sequence[DecidedRow], relation: str | None = None) -> Experience:
    """Look back on decisions; `relation` narrows thresholds and error to one."""
    decided = [row for row in rows if row.status in ("accepted", "rejected")]
    about = [row for row in decided if relation in (None, row.relation)]
    shown = [(row.probability, row.status == "accepted") for row in about
             if row.probability is not None]  # fmt: skip
    thresholds = []
    for at_least in THRESHOLDS:
        above = [yes for chance, yes in shown if chance >= at_least]
        thresholds.append(ThresholdShare(at_least, len(above), sum(above)))
    return Experience(_relations(decided), thresholds, _agreements(rows), _error(shown))


def _relations(decided: Iterable[DecidedRow]) -> list[RelationExperience]:
    groups: dict[tuple[str, str], list[DecidedRow]] = defaultdict(list)
    for row in decided:
        groups[row.kind, row.relation].append(row)
    found = []
    for (kind, relation), rows in groups.items():
        accepted = sum(row.status == "accepted" for row in rows)
        shown = [row.probability for row in rows if row.probability is not None]
        expected = sum(shown) / len(shown) if shown else None
        found.append(RelationExperience(kind, relation, accepted, len(rows) - accepted, expected))
    return sorted(found, key=lambda one: (-one.accepted - one.rejected, one.kind, one.relation))


def _agreements(rows: Iterable[DecidedRow]) -> list[Agreement]:
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        said = sorted(row.verdicts.items())
        pairs = [(a, b) for a, b in combinations(said, 2)]
        if row.probability is not None:
            model = (MODEL, "accepted" if row.probability >= 0.5 else "rejected")
            pairs += [(one, model) for one in said]
        for (one, first), (other, second) in pairs:
            count = counts[one, other]
            count[0] += 1
            count[1] += first == second
    return [Agreement(*names, *count) for names, count in sorted(counts.items())]


def _error(shown: Sequence[tuple[float, bool]], bins: int = 10) -> float | None:
    gaps = [0.0] * bins
    for chance, yes in shown:
        gaps[min(int(chance * bins), bins - 1)] += chance - yes
    return sum(map(abs, gaps)) / len(shown) if shown else None


def _slopes(given: Iterable[tuple[float, bool]], added: float) -> tuple[float, float]:
    """First derivative, and minus the second, of the log likelihood."""
    first = second = 0.0
    for odds, accepted in given:
        chance = _sigmoid(odds + added)
        first += accepted - chance
        second += chance * (1 - chance)
    return first, second


def _step(slope: float, curve: float) -> float:
    return max(-STEP, min(STEP, slope / curve))


def _log_odds(probability: float) -> float:
    inside = min(max(probability, FARTHEST), 1 - FARTHEST)
    return math.log(inside / (1 - inside))


def _sigmoid(value: float) -> float:
    return 0.5 * (1 + math.tanh(0.5 * value))
