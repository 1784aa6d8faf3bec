"""What a load would do: everything is read and checked as for a load, and nothing is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ingest.loading.batches import Nodes, RecordCheck
from ingest.loading.store import GraphStore, Node
from ingest.loading.summary import IngestSummary, so_far
from ingest.sources.source import Source
from kg_platform.media.gallery import Gallery
from kg_platform.platform import Platform
from kg_platform.progress import Progress, silent
from kg_platform.records import Rejection, Relation

SAMPLES = 5  # entities, relations and rejections that are shown
TYPES = 1_000  # that are told apart
OTHER = "(other types)"


@dataclass
class Preview:
    """What a load would find. `entities` and `relations` count by type; `new`, `changed` and
    `unchanged` are entities beside those of the graph."""

    source: str
    entities: Counter[str] = field(default_factory=Counter)
    relations: Counter[str] = field(default_factory=Counter)
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    samples: list[Node] = field(default_factory=list)
    facts: list[Relation] = field(default_factory=list)
    refused: list[Rejection] = field(default_factory=list)
    summary: IngestSummary = field(default_factory=lambda: IngestSummary("", ""))

    def as_dict(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "entities": dict(self.entities.most_common()),
            "relations": dict(self.relations.most_common()),
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "created_missing": self.missing,
            "rejected": self.summary.rejected,
            "reasons": self.summary.as_dict()["reasons"],
            "samples": {
                "entities": [
                    {"id": node.id, "type": node.type, **node.properties} for node in self.samples
                ],
                "relations": [[fact.head, fact.type, fact.tail] for fact in self.facts],
                "rejections": [
                    {
                        "source": one.source,
                        "line": one.line,
                        "field": one.field,
                        "reason": one.reason,
                        "value": one.value,
                    }
                    for one in self.refused
                ],
            },
        }


def dry_run(
    platform: Platform,
    source: Source,
    *,
    create_missing: bool = False,
    on_progress: Progress | None = None,
) -> Preview:
    """Read and check a source beside the graph as it is.

    Raises:
        Unavailable: the graph cannot be asked.
    """
    settings = platform.settings
    found = Preview(source.name)
    say = on_progress or silent

    def refuse(rejection: Rejection) -> None:
        found.summary.reject(rejection)
        if len(found.refused) < SAMPLES:
            found.refused.append(rejection)

    store = GraphStore(platform.graph, settings.batch_rows, source.name)
    gallery = Gallery(source.folder, None, settings.max_picture_pixels, settings.max_media_bytes)
    check = RecordCheck(
        source,
        store,
        gallery,
        refuse,
        batch_rows=settings.batch_rows,
        create_missing=create_missing,
    )
    total, done = source.count(), 0
    with gallery:
        for batch in check.batches():
            if isinstance(batch, Nodes):
                _nodes(batch, store, found)
                done += len(batch.nodes) + batch.duplicates + batch.merged
            else:
                count_types(found.relations, [fact.type for fact in batch.relations])
                found.facts += batch.relations[: SAMPLES - len(found.facts)]
                found.missing += len(batch.missing)
                done += len(batch.relations)
            say("checking", *so_far(done + found.summary.rejected, total))
    return found


def _nodes(batch: Nodes, store: GraphStore, found: Preview) -> None:
    known = store.known_entities([node.id for node in batch.nodes])
    for node in batch.nodes:
        if node.id not in known:
            found.new += 1
        elif known[node.id] != node.content_hash:
            found.changed += 1
        else:
            found.unchanged += 1
    count_types(found.entities, [node.type or "(no type)" for node in batch.nodes])
    found.samples += batch.nodes[: SAMPLES - len(found.samples)]


def count_types(counter: Counter[str], names: list[str]) -> None:
    """Count names, those beyond `TYPES` different ones together."""
    for name in names:
        counter[name if name in counter or len(counter) < TYPES else OTHER] += 1
