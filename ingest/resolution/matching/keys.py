"""Entities that agree in a key are one, whatever else they say."""

from __future__ import annotations

from ingest.resolution.matching.grouping import ScoredPair
from ingest.resolution.matching.rules import NAMES, MatchRules
from ingest.resolution.matching.staging import StagedTable
from ingest.resolution.matching.store import MatchStore

MOST = 20  # entities that may have a value for it to be a key's
CERTAIN = 64.0  # bits


def key_pairs(
    store: MatchStore,
    table: StagedTable,
    rules: MatchRules,
    notes: list[str],
    new: StagedTable | None = None,
) -> list[ScoredPair]:
    """Pairs that agree in a key; with `new`, those with one of these entities alone."""
    found: dict[tuple[str, str], ScoredPair] = {}
    for key in rules.keys:
        name = ", ".join(key)
        chosen = ", ".join(
            f"unnest(names) AS a{i}" if one == NAMES else f"k{table.at(one)} AS a{i}"
            for i, one in enumerate(key)
        )
        columns = [f"a{i}" for i in range(len(key))]
        there = " AND ".join(f"{one} IS NOT NULL" for one in columns)
        store.run(
            f"CREATE OR REPLACE TEMP TABLE keyed AS SELECT DISTINCT * FROM "
            f"(SELECT uid, sources, {chosen} FROM {table.name}) WHERE {there}"
        )
        listed = ", ".join(columns)
        crowds = store.rows(
            f"SELECT {listed}, count(*) FROM keyed GROUP BY ALL HAVING count(*) > {MOST} "
            "ORDER BY count(*) DESC"
        )
        for crowd in crowds[:3]:
            value = ", ".join(map(str, crowd[:-1]))
            notes.append(
                f"key {name}: {crowd[-1]:,} entities have {value!r}, so it tells none apart and is "
                "left out"
            )
        if len(crowds) > 3:
            notes.append(f"key {name}: and {len(crowds) - 3:,} more such values")
        apart = " AND NOT list_has_any(l.sources, r.sources)" if rules.across == "sources" else ""
        fresh = f"(SELECT uid FROM {new.name})" if new is not None else ""
        wanted = f" AND (l.uid IN {fresh} OR r.uid IN {fresh})" if fresh else ""
        store.run(
            f"CREATE OR REPLACE TEMP TABLE usable AS SELECT * FROM keyed SEMI JOIN "
            f"(SELECT {listed} FROM keyed GROUP BY ALL HAVING count(*) BETWEEN 2 AND {MOST}) "
            f"USING ({listed})"
        )
        rows = store.rows(
            f"SELECT DISTINCT l.uid, r.uid FROM usable l JOIN usable r USING ({listed}) "
            f"WHERE l.uid < r.uid{apart}{wanted} ORDER BY ALL"
        )
        for one, other in rows:
            found.setdefault((one, other), ScoredPair(one, other, 1.0, CERTAIN, name))
    return list(found.values())
