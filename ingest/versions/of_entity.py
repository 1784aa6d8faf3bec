"""What loads changed of one entity, and of its relations: from their journals on this machine."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from ingest.versions.compare import Difference, difference
from ingest.versions.journal import ENTITY, RELATION, entries_of, has_journal
from ingest.versions.undo import CHANGED_BY
from kg_platform.platform import Platform

LATEST = 20  # loads that are looked through
MOST = 200  # things of one load that are told


@dataclass(frozen=True)
class EntityLoad:
    """A load that changed an entity: what of it, and which of its relations."""

    run: str
    kind: str
    at: str
    source: str
    entity: Difference | None = None
    relations: tuple[Difference, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        found = asdict(self)
        found["entity"] = self.entity.as_dict() if self.entity else None
        found["relations"] = [one.as_dict() for one in self.relations]
        return found


def loads_of(platform: Platform, entity_id: str, latest: int = LATEST) -> list[EntityLoad]:
    """The loads among the `latest` that changed the entity, the newest first. One whose journal is
    gone, or on another machine, tells nothing."""
    rows = [row for kind in CHANGED_BY for row in platform.ledger.runs_of(kind, limit=latest)]
    rows.sort(key=lambda row: (row.started_at, row.id), reverse=True)
    found = []
    for row in rows[:latest]:
        folder = platform.settings.runs_dir / row.id
        if not has_journal(folder):
            continue
        own: Difference | None = None
        relations: list[Difference] = []
        for entry in entries_of(folder, entity_id):
            if entry.kind == ENTITY and entry.id == entity_id:
                own = difference(entry) or own
            elif entry.kind == RELATION and len(relations) < MOST:
                relations += [one for one in [difference(entry)] if one]
        if own or relations:
            source = str(row.settings.get("source") or "")
            load = EntityLoad(row.id, row.kind, row.started_at, source, own, tuple(relations))
            found.append(load)
    return found
