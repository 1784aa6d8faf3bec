"""Which versions of a source were loaded: ingests and undos, newest first; from the ledger."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ingest.versions.undo import CHANGED_BY, KIND, undone_by
from kg_platform.ledger.ledger import Ledger
from kg_platform.ledger.rows import RunRow


@dataclass(frozen=True)
class Version:
    """One run. Counts are of entities and relations together; of an undo, `new` came back,
    `changed` got back what they were, and `retired` went. `undone` is the run that undid it."""

    run: str
    kind: str
    started_at: str
    source: str
    status: str
    new: int
    changed: int
    unchanged: int
    retired: int
    rejected: int
    undoes: str | None = None
    undone: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def history(ledger: Ledger, source: str | None = None, limit: int = 20) -> list[Version]:
    """The latest versions, newest first."""
    rows = [row for kind in CHANGED_BY for row in ledger.runs_of(kind, source, limit)]
    undone = undone_by(ledger.runs_of(KIND))
    rows.sort(key=lambda row: (row.started_at, row.id), reverse=True)
    return [_version(row, undone.get(row.id)) for row in rows[:limit]]


def _version(row: RunRow, undone: str | None) -> Version:
    new, changed, unchanged, retired = _COUNTED[row.kind](row.metrics)
    return Version(
        run=row.id,
        kind=row.kind,
        started_at=row.started_at,
        source=str(row.settings.get("source") or ""),
        status=row.status,
        new=new,
        changed=changed,
        unchanged=unchanged,
        retired=retired,
        rejected=int(row.metrics.get("rejected") or 0),
        undoes=row.settings.get("undo"),
        undone=undone,
    )


def _of_ingest(metrics: dict[str, Any]) -> tuple[int, int, int, int]:
    entities, relations = metrics.get("entities") or {}, metrics.get("relations") or {}
    retired = sum((metrics.get("retired") or {}).values())
    new = sum(entities.get(k, 0) for k in ("new", "created_missing")) + relations.get("new", 0)
    unchanged = sum(entities.get(k, 0) for k in ("unchanged", "duplicate"))
    unchanged += relations.get("known", 0)
    return new, entities.get("changed", 0), unchanged, retired


def _of_undo(metrics: dict[str, Any]) -> tuple[int, int, int, int]:
    def both(name: str) -> int:
        return sum((metrics.get(name) or {}).values())

    return both("returned"), both("restored") + metrics.get("partly", 0), 0, both("removed")


def _of_fuse(metrics: dict[str, Any]) -> tuple[int, int, int, int]:
    both = [metrics.get(name) or {} for name in ("entities", "relations")]
    changed, several = (sum(one.get(k, 0) for one in both) for k in ("changed", "several_sources"))
    return 0, changed, several - changed, 0


_COUNTED = {"ingest": _of_ingest, KIND: _of_undo, "fuse": _of_fuse}
