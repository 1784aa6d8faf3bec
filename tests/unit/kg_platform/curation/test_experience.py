"""What decisions teach, by hand and by draws of known chances."""

from __future__ import annotations

import math
import random

import pytest

from kg_platform.curation.experience import ALL, MODEL, OWN, Agreement, correction, experience
from kg_platform.ledger.review_rows import DecidedRow


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def row(
    item: int, relation: str, status: str, chance: float | None = None, **verdicts: str
) -> DecidedRow:
    return DecidedRow(item, "link", relation, status, chance, chance, verdicts)


def test_without_decisions_nothing_is_corrected() -> None:
    found = correction([])
    assert found.corrected("R", 0.3) == pytest.approx(0.3)
    assert found.decisions == 0


def test_the_correction_is_the_likeliest() -> None:
    given = [("R", 0.2, True), ("R", 0.4, True), ("R", 0.1, False), ("S", 0.3, False)]
    found = correction(given)

    def loss(every: float, own: dict[str, float]) -> float:
        total = every**2 / (2 * ALL**2) + sum(one**2 for one in own.values()) / (2 * OWN**2)
        for relation, bound, accepted in given:
            chance = sigmoid(math.log(bound / (1 - bound)) + every + own[relation])
            total -= math.log(chance if accepted else 1 - chance)
        return total

    own = dict(found.own)
    best = loss(found.all, own)
    for away in (-0.01, 0.01):
        assert loss(found.all + away, own) > best
        assert loss(found.all, own | {"R": own["R"] + away}) > best
        assert loss(found.all, own | {"S": own["S"] + away}) > best


def test_many_decisions_outweigh_the_bound_each_relation_by_its_own() -> None:
    """Bounds say 0.1; of R nine in ten were right, of S one in ten; of T nobody decided."""
    generator = random.Random(0)
    given = [("R", 0.1, generator.random() < 0.9) for _ in range(400)]
    given += [("S", 0.1, generator.random() < 0.1) for _ in range(400)]
    found = correction(given)
    assert found.corrected("R", 0.1) == pytest.approx(0.9, abs=0.05)
    assert found.corrected("S", 0.1) == pytest.approx(0.1, abs=0.05)
    assert found.corrected("S", 0.1) < found.corrected("T", 0.1) < found.corrected("R", 0.1)
    certain = correction([("R", 1.0, True), ("R", 0.0, False)] * 50)
    assert 0 < certain.corrected("R", 0.5) < 1


def test_what_a_threshold_would_have_brought() -> None:
    rows = [
        row(1, "R", "accepted", 0.9, ann="accepted", bob="rejected"),
        row(2, "R", "rejected", 0.6, ann="rejected"),
        row(3, "S", "accepted", 0.2, bob="accepted"),
        row(4, "S", "accepted", ann="accepted", bob="accepted"),
        row(5, "S", "open", 0.7, ann="rejected"),  # a second opinion of what is open
    ]
    found = experience(rows)
    shares = {one.at_least: (one.decided, one.accepted) for one in found.thresholds}
    assert shares[0.0] == (3, 2)
    assert shares[0.5] == (2, 1)
    assert shares[0.65] == (1, 1)
    assert shares[0.95] == (0, 0)
    assert found.thresholds[-1].share is None
    rates = {one.relation: (one.accepted, one.rejected) for one in found.relations}
    assert rates == {"R": (1, 1), "S": (2, 0)}
    assert found.relations[0].expected == pytest.approx(0.75 if found.relations[0].relation == "R"
                                                        else 0.2)  # fmt: skip
    assert Agreement("ann", "bob", 2, 1) in found.agreements
    assert Agreement("ann", MODEL, 3, 1) in found.agreements
    assert found.error == pytest.approx((0.1 + 0.6 + 0.8) / 3)
    assert experience(rows, "R").thresholds[0].decided == 2
    assert experience([]).error is None
