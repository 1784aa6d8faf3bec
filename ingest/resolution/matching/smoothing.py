"""Levels with weights that make sense, where there were too few pairs to learn them.

A level that no pair has reached has none; it takes that of the next weaker one. Where no level of
a comparison was learnt, as no set of pairs was chosen by something else, values are assumed. And a
stricter level never says less than a weaker one: such neighbours are taken together, as in isotonic
regression by pooling adjacent violators.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LEAST = 1e-7  # of a probability
AGREE, DIFFER = 0.8, 0.05  # of what is one, where nothing was learnt


def smoothed(levels: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The levels of a comparison as Splink keeps them, the strictest first; all have m and u."""
    known = [dict(one) for one in levels]
    telling = [one for one in known if not one.get("is_null_level")]
    if all(one.get("m_probability") is None for one in telling):
        _assume(telling)
    _fill(telling)
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


def _assume(telling: Sequence[dict[str, Any]]) -> None:
    """Where nothing was learnt: most that are one agree wholly, and few differ."""
    between = len(telling) - 2
    for i, one in enumerate(telling):
        if i in (0, len(telling) - 1):
            one["m_probability"] = AGREE if i == 0 else DIFFER
        else:
            one["m_probability"] = (1 - AGREE - DIFFER) / between


def _fill(telling: list[dict[str, Any]]) -> None:
    weaker: dict[str, Any] | None = None
    for one in reversed(telling):
        m, u = one.get("m_probability"), one.get("u_probability")
        if u is None:
            u, m = LEAST, None
        if m is None:
            ratio = 1.0 if weaker is None else weaker["m_probability"] / weaker["u_probability"]
            m = u * ratio
        one["m_probability"], one["u_probability"] = max(LEAST, float(m)), max(LEAST, float(u))
        weaker = one


def _ratio(pool: Sequence[dict[str, Any]]) -> float:
    m = sum(one["m_probability"] for one in pool)
    return float(m / sum(one["u_probability"] for one in pool))
