from __future__ import annotations

from typing import Any

import pytest

from ingest.resolution.matching.smoothing import LEAST, smoothed

NULL = {"sql_condition": "null", "is_null_level": True}


def level(m: float | None, u: float | None) -> dict[str, Any]:
    return {"m_probability": m, "u_probability": u} if m is not None else {"u_probability": u}


def ratios(levels: list[dict[str, Any]]) -> list[float]:
    return [
        one["m_probability"] / one["u_probability"]
        for one in levels
        if not one.get("is_null_level")
    ]


def test_levels_that_were_learnt_stay_as_they_are() -> None:
    given = [NULL, level(0.8, 0.01), level(0.1, 0.1), level(0.1, 0.89)]
    assert smoothed(given) == given


def test_a_level_that_no_pair_reached_says_what_the_next_weaker_one_says() -> None:
    found = smoothed([NULL, level(0.9, 0.01), {}, level(0.06, 0.02), level(0.04, 0.97)])
    assert ratios(found)[1] == ratios(found)[2] == 3
    assert found[2]["u_probability"] == LEAST


def test_a_stricter_level_never_says_less_than_a_weaker_one() -> None:
    found = smoothed([NULL, level(0.1, 0.1), level(0.7, 0.1), level(0.2, 0.8)])
    first, second, third = ratios(found)
    assert first == second == pytest.approx(4), "the two are taken together"
    assert third == pytest.approx(0.25)


def test_a_comparison_of_which_nothing_was_learnt_still_tells_agreeing_from_differing() -> None:
    found = smoothed([NULL, level(None, 0.01), level(None, 0.09), level(None, 0.9)])
    assert [one.get("m_probability") for one in found] == [None, 0.8, pytest.approx(0.15), 0.05]
