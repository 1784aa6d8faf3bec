"""Which entity an id is by now: itself, or the one that it was merged into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kg_platform.cypher.reviewing import WHERE_ARE
from kg_platform.cypher.statement import Statement
from kg_platform.graph.statements import Run


def standing(run: Run, ids: Iterable[str]) -> dict[str, str]:
    """Of these ids those that are entities, or were merged into some, over several merges -> which
    one it is now."""
    wanted = set(ids)
    direct: dict[str, str | None] = {}
    here: set[str] = set()
    while asked := (wanted | {into for into in direct.values() if into}) - direct.keys():
        for row in run(Statement(WHERE_ARE, {"ids": sorted(asked)})):
            direct[row["id"]] = None if row["there"] else row["merged_into"]
            here |= {row["id"]} if row["there"] else set()
    return {one: last for one in wanted if (last := last_of(direct, one)) in here}


def last_of(direct: Mapping[str, str | None], name: str) -> str:
    """Where a chain of merges leads, each from one id to the next; of a ring, any in it."""
    seen = {name}
    while (then := direct.get(name)) is not None and then not in seen:
        seen.add(then)
        name = then
    return name
