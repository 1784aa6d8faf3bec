"""Which pairs are looked at: rules of `block` as SQL, and how many pairs each makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.resolution.matching.rules import BlockTerm, MatchRules
from ingest.resolution.matching.staging import StagedTable, term_sql
from ingest.resolution.matching.store import MatchStore

MOST_PAIRS = 50_000_000  # that one rule may make
APART = "NOT list_has_any(l.sources, r.sources)"  # of two sources


@dataclass(frozen=True)
class BlockRule:
    """Pairs that agree in each of these; `exploded` are columns of lists that share an item."""

    name: str
    keys: tuple[str, ...]
    exploded: tuple[str, ...]
    pairs: int

    def as_splink(self, condition: str) -> dict[str, object]:
        agree = [f"{_of('l', key)} = {_of('r', key)}" for key in self.keys]
        rule: dict[str, object] = {"blocking_rule": " AND ".join([*agree, condition])}
        if self.exploded:
            rule["arrays_to_explode"] = list(self.exploded)
        return {**rule, "sql_dialect": "duckdb"}


def block_rules(rules: MatchRules, table: StagedTable, store: MatchStore) -> list[BlockRule]:
    """The rules of `block`, in their order, with how many pairs each makes at most."""
    texts = [", ".join(rule) for rule in rules.block]
    return [
        block_rule(name, terms, table, store)
        for name, terms in zip(texts, rules.terms(), strict=True)
        if all(_is_there(term, table) for term in terms)
    ]


def block_rule(
    name: str, terms: Sequence[BlockTerm], table: StagedTable, store: MatchStore
) -> BlockRule:
    made = [term_sql(term, table) for term in terms]
    keys = tuple(key for key, _ in made)
    exploded = tuple(column for _, column in made if column is not None)
    chosen = [
        f"unnest({key}) AS a{i}" if column is not None else f"{key} AS a{i}"
        for i, (key, column) in enumerate(made)
    ]
    names = [f"a{i}" for i in range(len(made))]
    there = " AND ".join(f"{one} IS NOT NULL" for one in names)
    ((pairs,),) = store.rows(
        f"SELECT coalesce(sum(many * (many - 1) // 2), 0)::BIGINT FROM (SELECT count(*) AS many "
        f"FROM (SELECT {', '.join(chosen)} FROM {table.name}) WHERE {there} "
        f"GROUP BY {', '.join(names)})"
    )
    return BlockRule(name, keys, exploded, int(pairs))


def _is_there(term: BlockTerm, table: StagedTable) -> bool:
    return term.how != "near" or term.column in table.dimensions


def _of(side: str, key: str) -> str:
    """A key's SQL of one side: `left(k0, 3)` is `left(l.k0, 3)`."""
    function, bracket, inside = key.partition("(")
    return f"{function}({side}.{inside}" if bracket else f"{side}.{key}"
