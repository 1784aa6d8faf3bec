"""How much two entities look like one."""

from __future__ import annotations

from typing import Any

import pytest

from kg_platform.curation.likeness import compared, likeness, names


def pair(**chosen: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "one_label": "Holland",
        "other_label": "Holland",
        "one_aliases": [],
        "other_aliases": [],
        "fused": None,
        "text": None,
        "linked": False,
        "one_facts": 0,
        "other_facts": 0,
        "shared": [],
        "both": [],
    }
    return nothing | chosen


def test_names_are_compared_normalised_and_in_any_order() -> None:
    assert names(["Zürich"], ["ZURICH!"]) == 1
    assert names(["Doe, Jane"], ["jane doe"]) == 1
    assert names(["Holland"], ["The Netherlands", "holland"]) == 1
    assert names(["Holland"], ["Peru"]) < 0.4
    assert names([""], ["x" * 100_000]) == 0


def test_the_score_is_the_mean_of_what_is_known() -> None:
    assert likeness(pair()).score == 1
    found = likeness(pair(text=0.8, fused=-0.5, one_facts=2, other_facts=9, shared=["Peru"]))
    assert found.score == pytest.approx(0.45 + 0.25 * 0.8 + 0.15 * 0 + 0.15 * 0.5)
    assert ("neighbours of both", "Peru") in found.grounds
    assert likeness(pair(text=0.8)).score == pytest.approx((0.45 + 0.2) / 0.7)


def test_what_damps() -> None:
    assert likeness(pair(linked=True)).score == 0.5
    apollo = likeness(pair(one_label="Apollo 11", other_label="Apollo 12"))
    assert apollo.score < 0.5
    both = [["area", 1, 2], ["code", "X", "x"], ["label", "a", "b"], ["seat", [1], [1]]]
    found = likeness(pair(both=both))
    assert found.score == pytest.approx(1 - 1 / 6)
    assert ("differ in", "area") in found.grounds
    assert ("agree in", "code, seat") in found.grounds


def test_numbers_that_are_close_agree() -> None:
    assert compared([["a", 1000, 1001.5], ["b", 1000, 1100], ["c", 0, 0]]) == (["a", "c"], ["b"])
