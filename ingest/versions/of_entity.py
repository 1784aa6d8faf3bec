"""What loads changed of one entity, and of its relations: from their journals on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from ingest.versions.compare import Difference, difference
from ingest.versions.composed import Composed
from ingest.versions.journal import ENTITY, RELATION, Entry, entries_of
from ingest.versions.undo import CHANGED_BY
from kg_platform.errors import ArtifactError, NotFound
from kg_platform.platform import Platform

LATEST = 20  # loads that are looked through
MOST = 200  # things of one load that are told


@dataclass(frozen=True)
class EntityLoad:
    """A load that changed an entity: what of it, and which of its relations; `more` than these."""

    run: str
    kind: str
    at: str
    source: str
    entity: Difference | None = None
    relations: tuple[Difference, ...] = field(default=())
    more: int = 0

    def as_dict(self) -> dict[str, Any]:
        found = asdict(self)
        found["entity"] = self.entity.as_dict() if self.entity else None
        found["relations"] = [one.as_dict() for one in self.relations]
        return found


def loads_of(platform: Platform, entity_id: str, latest: int = LATEST) -> list[EntityLoad]:
    """The loads among the `latest` that changed the entity, the newest first. One whose journal is
    gone, on another machine or damaged tells nothing."""
    rows = [row for kind in CHANGED_BY for row in platform.ledger.runs_of(kind, limit=latest)]
    rows.sort(key=lambda row: (row.started_at, row.id), reverse=True)
    found = []
    for row in rows[:latest]:
        folder = platform.settings.runs_dir / row.id
        try:
            own, relations = _changed(entries_of(folder, entity_id), entity_id)
        except (NotFound, ArtifactError):
            continue
        if own or relations:
            source = str(row.settings.get("source") or "")
            told, more = tuple(relations[:MOST]), max(0, len(relations) - MOST)
            found.append(EntityLoad(row.id, row.kind, row.started_at, source, own, told, more))
    return found


def _changed(
    entries: Iterable[Entry], entity_id: str
) -> tuple[Difference | None, list[Difference]]:
    """What a load changed in all, of the entity and of each of its relations."""
    own: Difference | None = None
    relations: list[Difference] = []
    with Composed(entries) as composed:
        for batch in composed.items(ENTITY):
            own = next((difference(one) for one in batch if one.id == entity_id), own)
        for batch in composed.items(RELATION):
            relations += [differs for one in batch if (differs := difference(one))]
    return own, relations
