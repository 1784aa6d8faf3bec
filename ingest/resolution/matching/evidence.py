"""Vectors and neighbours as evidence beside what entities say: how much they add to it.

A text vector is of a text that has the label in it, so two that are called alike are near each
other, whether they are one or not. Compared with random pairs nearness would say the same a second
time. So what evidence is worth is learnt on the pairs that the other comparisons leave possible,
from their probabilities without it: expectation and maximisation of these weights alone.

Still, what is learnt is of those that are surely one, which are called alike and therefore near.
How far apart those are that are one and are called otherwise is not to be learnt from them. So
a vector that is near counts for any pair, but one that is far counts against a pair only where the
two agree in most of what else they say: things of one name that are not one. Otherwise the others
have said already that the two differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.resolution.matching.scoring import Pairs, probabilities
from ingest.resolution.matching.staging import StagedTable
from ingest.resolution.matching.store import MatchStore

STEPS = 30
SMOOTHING = 0.5  # pairs that are added to each level, so that none is impossible
FEWEST = 5.0  # pairs that are one, to learn anything from

Comparison = dict[str, Any]


def learnt_evidence(
    store: MatchStore, table: StagedTable, comparisons: Sequence[Comparison], pairs: Pairs
) -> list[Comparison]:
    """The comparisons with m and u of each level. `pairs` have their probabilities without them.

    Where too few pairs are one, every level says nothing.
    """
    if not comparisons:
        return []
    levels = [_levels(store, table, one, pairs) for one in comparisons]
    counts = [sum(1 for one in _telling(c)) for c in comparisons]
    base = np.log2(pairs[2] / (1 - pairs[2]))
    if pairs[2].sum() < FEWEST:
        return [
            _filled(one, np.ones(n) / n, np.ones(n) / n) for one, n in _with(comparisons, counts)
        ]
    known: list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]] = []
    chances = pairs[2]
    for _ in range(STEPS):
        known = [
            (_shares(at, chances, n), _shares(at, 1 - chances, n))
            for at, n in zip(levels, counts, strict=True)
        ]
        total = base.copy()
        for at, (m, u) in zip(levels, known, strict=True):
            weights = np.append(np.log2(m / u), 0.0)  # the last is of pairs that are not known
            total += weights[at]
        chances = probabilities(total)
    return [_filled(one, m, u) for one, (m, u) in zip(comparisons, known, strict=True)]


def far_for_a_reason(
    levels: Sequence[Mapping[str, Any]], others: Sequence[Comparison]
) -> list[dict[str, Any]]:
    """The levels of a vector, smoothed before, with one that says nothing above those that count
    against a pair: of pairs that do not agree wholly in most of what the others compare."""
    made = [dict(one) for one in levels]
    against = (
        i
        for i, one in enumerate(made)
        if not one.get("is_null_level") and one["m_probability"] < one["u_probability"]
    )
    place = next(against, None)  # a stricter level never says less, so all after it do as well
    if place is None:
        return made
    nothing = {
        "sql_condition": f"NOT ({_mostly_equal(others)})",
        "label_for_charts": "far, but they agree in too little else for that to say more",
        "m_probability": 0.5,
        "u_probability": 0.5,
    }
    return [*made[:place], nothing, *made[place:]]


def _mostly_equal(others: Sequence[Comparison]) -> str:
    """Whether two agree wholly, in SQL, in more than half of what is known of both."""
    equal, known = [], []
    for one in others:
        null = next(c for c in one["comparison_levels"] if c.get("is_null_level"))["sql_condition"]
        wholly = _telling(one)[0]["sql_condition"]
        equal.append(f"CASE WHEN {null} THEN 0 WHEN {wholly} THEN 1 ELSE 0 END")
        known.append(f"CASE WHEN {null} THEN 0 ELSE 1 END")
    return f"2 * ({' + '.join(equal)}) > ({' + '.join(known)})"


def _with(one: Sequence[Comparison], other: Sequence[int]) -> list[tuple[Comparison, int]]:
    return list(zip(one, other, strict=True))


def _telling(comparison: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for one in comparison["comparison_levels"] if not one.get("is_null_level")]


def _levels(
    store: MatchStore, table: StagedTable, comparison: Comparison, pairs: Pairs
) -> npt.NDArray[np.int64]:
    """(n,) the place of each pair among the levels that tell something; -1 where not known."""
    import pyarrow as pa

    store.run("DROP TABLE IF EXISTS judged")
    numbers = pa.array(range(len(pairs[0])), pa.int64())
    store.append(
        "judged",
        pa.table({"i": numbers, "one": pa.array(pairs[0], pa.string()),
                  "other": pa.array(pairs[1], pa.string())}),
    )  # fmt: skip
    column = comparison["evidence_column"]
    null = next(one for one in comparison["comparison_levels"] if one.get("is_null_level"))
    telling = _telling(comparison)
    cases = [f"WHEN {null['sql_condition']} THEN -1"]
    cases += [f"WHEN {one['sql_condition']} THEN {i}" for i, one in enumerate(telling[:-1])]
    found = store.arrow(
        f"SELECT CASE {' '.join(cases)} ELSE {len(telling) - 1} END AS level FROM ("
        f"SELECT i, l.{column} AS {column}_l, r.{column} AS {column}_r FROM judged "
        f"JOIN {table.name} l ON l.uid = one JOIN {table.name} r ON r.uid = other) ORDER BY i"
    )
    at: npt.NDArray[np.int64] = found["level"].to_numpy().astype(np.int64)
    return at


def _shares(
    at: npt.NDArray[np.int64], weights: npt.NDArray[np.float64], count: int
) -> npt.NDArray[np.float64]:
    known = at >= 0
    sums = np.bincount(at[known], weights=weights[known], minlength=count) + SMOOTHING
    shares: npt.NDArray[np.float64] = sums / sums.sum()
    return shares


def _filled(
    comparison: Comparison, m: npt.NDArray[np.float64], u: npt.NDArray[np.float64]
) -> Comparison:
    places = iter(zip(m, u, strict=True))
    made = []
    for one in comparison["comparison_levels"]:
        if one.get("is_null_level"):
            made.append(dict(one))
            continue
        often, any_two = next(places)
        made.append({**one, "m_probability": float(often), "u_probability": float(any_two)})
    return {**comparison, "comparison_levels": made}
