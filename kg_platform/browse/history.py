"""What became of one entity: what sources said, merges, reviews and vectors, the newest first.

What each load changed of it stands in journals on this machine: `ingest/versions/of_entity.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from kg_platform.cypher import histories as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import MigrationError
from kg_platform.graph.client import Graph
from kg_platform.ledger.ledger import Ledger

What = Literal["said", "stale", "published", "merged", "proposed", "decided"]
MOST = 50  # merges, and review items, that are looked at: the latest


@dataclass(frozen=True)
class Event:
    """Something that happened to an entity. By `what`:

    said: `name` is the source that said something new; stale: `note` is why its vector is behind;
    published: `name` is the run of its vectors; merged: `other` went into it, or it into `other`;
    proposed, decided: `review` is the item, `note` its status, `by` who decided, `other` the other
    end, `relation` its relation ("" of a duplicate).
    """

    at: str
    what: What
    name: str = ""
    by: str = ""
    other: str = ""
    relation: str = ""
    note: str = ""
    review: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Gone:
    """An entity that was there: when and why it went, and into which it was merged."""

    id: str
    label: str
    type: str | None
    at: str
    why: str
    merged_into: str | None


def history(graph: Graph, ledger: Ledger, entity_id: str) -> list[Event]:
    """Events of an entity, the newest first; [] for one that is not there."""
    found = [*_of_graph(graph, entity_id), *_of_reviews(ledger, entity_id)]
    return sorted(found, key=lambda event: event.at, reverse=True)


def gone(graph: Graph, entity_id: str) -> Gone | None:
    """What is known of an entity that is not there any more."""
    rows = graph.read(Statement(cypher.GONE, {"id": entity_id}))
    if not rows:
        return None
    row = rows[0]
    label, why = str(row["label"] or entity_id), str(row["why"] or "")
    return Gone(entity_id, label, row["type"], str(row["at"] or ""), why, row["merged_into"])


def _of_graph(graph: Graph, entity_id: str) -> Iterator[Event]:
    given = {"id": entity_id, "limit": MOST}
    for row in graph.read(Statement(cypher.ENTITY, given)):
        records = graph.read(Statement(cypher.SAID, given))
        said = [(one["source"], one["at"]) for one in records] or [(row["source"], row["updated"])]
        for source, at in said:
            if at:
                yield Event(at, "said", str(source))
        if row["stale_at"]:
            yield Event(row["stale_at"], "stale", note=", ".join(map(str, row["stale"] or ())))
        if row["run"] and row["published"]:
            note = "provisional" if row["provisional"] else ""
            yield Event(row["published"], "published", str(row["run"]), note=note)
    for row in graph.read(Statement(cypher.MERGES, given)):
        kept = row["kept"] == entity_id
        other = row["gone" if kept else "kept"]
        label = row["gone_label" if kept else "kept_label"]
        yield Event(
            row["at"] or "",
            "merged",
            str(label or other),
            str(row["by"] or ""),
            str(other),
            note="kept" if kept else "gone",
        )


def _of_reviews(ledger: Ledger, entity_id: str) -> Iterator[Event]:
    try:
        items = ledger.reviews.latest(entity_id, MOST)
    except MigrationError:  # no command of this version has written to this platform yet
        return
    for item in items:
        other = item.tail if item.head == entity_id else item.head
        said = item.explanation
        label = said.get("tail_label" if item.head == entity_id else "head_label") or other
        about: dict[str, Any] = {
            "name": str(label),
            "other": other,
            "relation": item.relation,
            "review": item.id,
        }
        yield Event(item.proposed_at, "proposed", note=item.kind, **about)
        for step in item.history:
            at, by, what = (str(step.get(key) or "") for key in ("at", "by", "what"))
            yield Event(at, "decided", by=by, note=what, **about)
