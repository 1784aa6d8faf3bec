"""Each comparison as levels of likeness, in SQL: the first that holds is a pair's.

Every comparison begins with "not known", which says nothing, and ends with "else".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ingest.resolution.matching.rules import PairComparison
from ingest.resolution.matching.staging import StagedTable
from ingest.resolution.matching.store import MatchStore

# Shares of random pairs that are more alike than a vector's levels, which so fit vectors of any
# encoder and any training.
RARITIES = (0.0001, 0.001, 0.01, 0.1)
SAMPLE = 2_000  # entities of which random pairs are made for that

Level = dict[str, Any]


def levels_of(
    one: PairComparison, number: int, table: StagedTable, store: MatchStore
) -> dict[str, Any] | None:
    """A comparison as Splink takes it, called `x<number>`, and its column; None where no two
    entities have what is compared, or all have the same."""
    column, made = _LEVELS[one.kind](one, table, store)
    different = f"count(DISTINCT hash({column}))"
    ((known, kinds),) = store.rows(
        f"SELECT count({column}), {different} FROM {table.name} WHERE {_known(one, column)}"
    )
    if known < 2 or kinds < 2:
        return None
    null = {
        "sql_condition": f"NOT ({_known(one, f'{column}_l')} AND {_known(one, f'{column}_r')})",
        "label_for_charts": "not known",
        "is_null_level": True,
    }
    otherwise = {"sql_condition": "ELSE", "label_for_charts": "else"}
    return {
        "output_column_name": f"x{number}",
        "comparison_description": one.name,
        "comparison_levels": [null, *made, otherwise],
        "evidence_column": column,
    }


def _known(one: PairComparison, column: str) -> str:
    if one.kind in ("text", "neighbours"):
        return f"(coalesce(len({column}), 0) > 0)"
    return f"({column} IS NOT NULL)"


def _level(sql: str, label: str, frequent: str | None = None) -> Level:
    """`frequent`: what two agree in counts for less where many entities have it."""
    found: Level = {"sql_condition": sql, "label_for_charts": label}
    if frequent is not None:
        found |= {"tf_adjustment_column": frequent, "tf_adjustment_weight": 1.0}
    return found


def _name(one: PairComparison, table: StagedTable, store: MatchStore) -> tuple[str, list[Level]]:
    i = table.at(str(one.column))
    found = [_level(f"k{i}_l = k{i}_r", "equal", f"k{i}")]
    found.append(_level(f"s{i}_l = s{i}_r", "the same words in another order"))
    if one.column == "label":
        ((aliases,),) = store.rows(f"SELECT count(*) FROM {table.name} WHERE len(names) > 1")
        if aliases:
            found.append(_level("list_has_any(names_l, names_r)", "a name in common"))
    for limit in one.limits:
        alike = f"jaro_winkler_similarity(k{i}_l, k{i}_r) >= {limit}"
        found.append(_level(alike, f"likeness of {limit:g} or more"))
    return f"k{i}", found


def _exact(one: PairComparison, table: StagedTable, store: MatchStore) -> tuple[str, list[Level]]:
    i = table.at(str(one.column))
    return f"k{i}", [_level(f"k{i}_l = k{i}_r", "equal", f"k{i}")]


def _code(one: PairComparison, table: StagedTable, store: MatchStore) -> tuple[str, list[Level]]:
    i = table.at(str(one.column))
    found = [_level(f"c{i}_l = c{i}_r", "equal", f"c{i}")]
    for limit in one.limits:
        near = f"damerau_levenshtein(c{i}_l, c{i}_r) <= {int(limit)}"
        found.append(_level(near, f"{int(limit)} letters differ at most"))
    return f"c{i}", found


def _number(one: PairComparison, table: StagedTable, store: MatchStore) -> tuple[str, list[Level]]:
    i = table.at(str(one.column))
    left, right = f"d{i}_l", f"d{i}_r"
    found = [_level(f"{left} = {right}", "equal")]
    for limit in one.limits:
        near = f"abs({left} - {right}) <= {limit} * greatest(abs({left}), abs({right}))"
        found.append(_level(near, f"within {limit:.4g} of the larger"))
    return f"d{i}", found


def _date(one: PairComparison, table: StagedTable, store: MatchStore) -> tuple[str, list[Level]]:
    i = table.at(str(one.column))
    left, right = f"t{i}_l", f"t{i}_r"
    found = [_level(f"{left} = {right}", "equal")]
    written = [f"strftime({side}, '%Y%m%d')" for side in (left, right)]
    slip = f"damerau_levenshtein({written[0]}, {written[1]}) <= 1"
    found.append(_level(slip, "one digit differs, or two are swapped"))
    for limit in one.limits:
        near = f"abs(datediff('day', {left}, {right})) <= {limit:g}"
        found.append(_level(near, f"within {limit:g} days"))
    return f"t{i}", found


def _shares(column: str, what: str, limits: tuple[float, ...]) -> list[Level]:
    shared = f"len(list_intersect({column}_l, {column}_r))"
    least = f"least(len({column}_l), len({column}_r))"
    found = [
        _level(f"{shared} >= {limit} * {least}", f"{limit:.0%} of the {what} or more")
        for limit in limits
    ]
    return [*found, _level(f"{shared} > 0", f"some of the {what}")]


def _text(one: PairComparison, table: StagedTable, store: MatchStore) -> tuple[str, list[Level]]:
    i = table.at(str(one.column))
    return f"w{i}", _shares(f"w{i}", "words", one.limits)


def _neighbours(
    one: PairComparison, table: StagedTable, store: MatchStore
) -> tuple[str, list[Level]]:
    return "g", _shares("g", "neighbours", one.limits)


def _vector(one: PairComparison, table: StagedTable, store: MatchStore) -> tuple[str, list[Level]]:
    column = f"v_{one.vector}"
    limits = one.levels or rare_cosines(store, table.name, column)
    found = [
        _level(
            f"array_inner_product({column}_l, {column}_r) >= {limit}", f"cosine {limit:.2f} or more"
        )
        for limit in limits
    ]
    return column, found


def rare_cosines(store: MatchStore, table: str, column: str, seed: int = 1) -> list[float]:
    """The cosines that only a share of random pairs exceeds, a share of `RARITIES` each."""
    rows = store.arrow(
        f"SELECT {column} AS v FROM {table} WHERE {column} IS NOT NULL "
        f"ORDER BY hash(n + {seed}), n LIMIT {SAMPLE}"
    )
    if rows.num_rows < 2:
        return [0.95]
    flat = rows["v"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    vectors = flat.reshape(rows.num_rows, -1)
    above = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
    found = np.quantile(above, [1 - share for share in RARITIES])
    return sorted({round(float(limit), 4) for limit in found}, reverse=True)


_LEVELS = {
    "name": _name,
    "exact": _exact,
    "code": _code,
    "number": _number,
    "date": _date,
    "text": _text,
    "neighbours": _neighbours,
    "vector": _vector,
}
