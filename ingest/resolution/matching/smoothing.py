"""Levels with weights that make sense, where there were too few pairs to learn them.

A level that no pair has reached has none; it takes that of the next weaker one. And a stricter
level never says less than a weaker one: such neighbours are taken together, as in isotonic
regression by pooling adjacent violators.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LEAST = 1e-7  # of a probability


def smoothed(levels: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The levels of a comparison as Splink keeps them, the strictest first; all have m and u."""
    known = [dict(one) for one in levels]
    telling = [one for one in known if not one.get("is_null_level")]
    default_m = 0.05 if len(telling) > 1 else 1.0
    _fill(telling, default_m)
    pools: list[list[dict[str, Any]]] = []
    for one in reversed(telling):  # from the weakest on
        pools.append([one])
        while len(pools) > 1 and _ratio(pools[-1]) < _ratio(pools[-2]):
            pools[-2:] = [pools[-2] + pools[-1]]
    for pool in pools:
        ratio = _ratio(pool)
        for one in pool:
            one["m_probability"] = min(1.0, max(LEAST, one["u_probability"] * ratio))
    return known


def _fill(telling: list[dict[str, Any]], default_m: float) -> None:
    weaker: dict[str, Any] | None = None
    for one in reversed(telling):
        m, u = one.get("m_probability"), one.get("u_probability")
        if u is None:
            u = LEAST
            m = None
        if m is None:
            ratio = 1.0 if weaker is None else weaker["m_probability"] / weaker["u_probability"]
            m = u * ratio if weaker is not None else default_m
        one["m_probability"], one["u_probability"] = max(LEAST, float(m)), max(LEAST, float(u))
        weaker = one


def _ratio(pool: Sequence[dict[str, Any]]) -> float:
    m = sum(one["m_probability"] for one in pool)
    return float(m / sum(one["u_probability"] for one in pool))
