"""What a source said otherwise from one run to another: from the journals of the runs between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ingest.versions.composed import Composed
from ingest.versions.journal import ENTITY, RELATION, Entry, entries, has_journal
from ingest.versions.undo import CHANGED_BY
from kg_platform.errors import BadInput
from kg_platform.graph.kept import TAG, from_text, give, to_text
from kg_platform.graph.plain import plain
from kg_platform.ledger.rows import RunRow
from kg_platform.platform import Platform
from kg_platform.provenance.images import WRITTEN
from kg_platform.provenance.relations import SAY

ADDED, CHANGED, RETIRED = "added", "changed", "retired"
LIMIT = 1_000


@dataclass(frozen=True)
class Difference:
    """One thing that differs: an entity, or a relation with its `type` and `tail`. Of each property
    that differs what it was and what it is; None: nothing."""

    what: str
    kind: str
    id: str
    type: str | None
    tail: str | None
    properties: dict[str, tuple[Any, Any]]

    def as_dict(self) -> dict[str, Any]:
        properties = {k: {"old": a, "new": b} for k, (a, b) in self.properties.items()}
        found = {"what": self.what, "kind": self.kind, "id": self.id, "properties": properties}
        return found if self.kind == ENTITY else found | {"type": self.type, "tail": self.tail}


@dataclass
class SourceDiff:
    """All of it counted, by (kind, what), and the first so many of them."""

    first: str
    second: str
    source: str
    counts: dict[str, dict[str, int]] = field(
        default_factory=lambda: {
            kind: dict.fromkeys((ADDED, CHANGED, RETIRED), 0) for kind in (ENTITY, RELATION)
        }
    )
    differences: list[Difference] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(sum(some.values()) for some in self.counts.values())

    def as_dict(self) -> dict[str, Any]:
        return {
            "a": self.first,
            "b": self.second,
            "source": self.source,
            "counts": {"entities": self.counts[ENTITY], "relations": self.counts[RELATION]},
            "differences": [one.as_dict() for one in self.differences],
        }


def compare(platform: Platform, first: str, second: str, limit: int = LIMIT) -> SourceDiff:
    """What the graph says otherwise after run `second` than after run `first`, because of the runs
    of their source since.

    Raises:
        NotFound: there is no such run, or no journal of one between. BadInput: they are not of one
            source, or not in this order.
    """
    ledger = platform.ledger
    rows = [ledger.run(one) for one in (first, second)]
    for row in rows:
        if row.kind not in CHANGED_BY:
            raise BadInput(
                f"Run {row.id} is of kind {row.kind}; `kg ingest history` lists the ones that can "
                "be compared."
            )
    sources = [str(row.settings.get("source") or "") for row in rows]
    if sources[0] != sources[1]:
        raise BadInput(
            f"Run {first} is of {sources[0]} and {second} of {sources[1]}; name two runs of one "
            "source."
        )
    if _when(rows[0]) > _when(rows[1]):
        raise BadInput(f"Run {first} is the later one; name the earlier one first.")
    between = [
        row
        for kind in CHANGED_BY
        for row in ledger.runs_of(kind, sources[0])
        if _when(rows[0]) < _when(row) <= _when(rows[1])
    ]
    found = SourceDiff(first, second, sources[0])
    with Composed(_all(platform, sorted(between, key=_when))) as composed:
        for kind in (ENTITY, RELATION):
            for batch in composed.items(kind):
                for one in batch:
                    _count(found, one, limit)
    return found


def _when(row: RunRow) -> tuple[str, str]:
    return row.started_at, row.id


def _all(platform: Platform, rows: list[RunRow]) -> Iterator[Entry]:
    for row in rows:
        folder = platform.settings.runs_dir / row.id
        if has_journal(folder) or _changed_something(row):
            yield from entries(folder)


def _changed_something(row: RunRow) -> bool:
    """Whether the ledger says that there must be a journal."""

    def numbers(value: Any) -> int:
        return sum(map(numbers, value.values())) if isinstance(value, dict) else int(value or 0)

    if row.kind != "ingest":
        return any(numbers(row.metrics.get(k)) for k in ("removed", "returned", "restored"))
    entities, relations = row.metrics.get("entities") or {}, row.metrics.get("relations") or {}
    named = ("new", "changed", "created_missing")
    return any(numbers(some.get(k)) for some in (entities, relations) for k in named)


def difference(one: Entry) -> Difference | None:
    """What an entry of a journal changed, as people read it; None: nothing that is shown."""
    before, after = (_shown(one.kind, text) for text in (one.before, one.after))
    keys = sorted({**(before or {}), **(after or {})})
    properties = {
        key: (was, now)
        for key in keys
        if to_text(was := (before or {}).get(key)) != to_text(now := (after or {}).get(key))
    }
    if not properties and (before is None) == (after is None):
        return None
    what = ADDED if before is None else RETIRED if after is None else CHANGED
    shown = {key: (_plain(a), _plain(b)) for key, (a, b) in properties.items()}
    return Difference(what, one.kind, one.id, one.type, one.tail, shown)


def _count(found: SourceDiff, one: Entry, limit: int) -> None:
    if (differs := difference(one)) is None:
        return
    found.counts[one.kind][differs.what] += 1
    if len(found.differences) < limit:
        found.differences.append(differs)


def _shown(kind: str, text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    found: dict[str, Any] = from_text(text)
    if kind == RELATION:
        return {key: value for key, value in found.items() if key != SAY}
    shown = {k: v for k, v in found["properties"].items() if k not in WRITTEN}
    if found["labels"]:
        shown["type"] = found["labels"] if len(found["labels"]) > 1 else found["labels"][0]
    if found.get("media"):
        shown["media"] = sorted(f"{about.get('role')} {digest}" for digest, about in found["media"])
    return shown


def _plain(value: Any) -> Any:
    """Days and times as text, for people."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict) and TAG in value:
        return plain(give(value))
    return value
