"""What a publish does to the marks of changed entities.

`renew`, before the pointer moves: entities that were looked at after training (`embed_new.py`)
carry no mark, and their vectors are about to go; who says something else than the artifact was
trained on is marked again. Going back to an earlier run, so is who has changed since that run.
`clear`, after it: marks that the artifact's snapshot saw are taken away, if they are still the
same; a change that came during training keeps its mark. Both may be done again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from embeddings.data.artifact import Artifact
from embeddings.data.fingerprints import Content, differences
from kg_platform.cypher import changes
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph

ROWS = 10_000  # a transaction


@dataclass(frozen=True)
class Marks:
    """`now` is the artifact that was current until here, if there is one on this machine."""

    graph: Graph
    artifact: Artifact
    now: Artifact | None

    def renew(self) -> None:
        content = self.artifact.content()
        rows = {name: row for row, name in enumerate(self.artifact.iter_entity_ids())}
        found = dict(self._looked_at(rows, content))
        if self.now is not None and _taken(self.artifact) < _taken(self.now):
            found |= _since(self.artifact, rows, content, self.now)
        marked = ({"id": name, "why": why} for name, why in found.items())
        self.graph.write_rows(changes.MARK, marked, ROWS)

    def clear(self) -> None:
        times = self.artifact.changed()
        if times.any():
            seen = zip(self.artifact.iter_entity_ids(), times.tolist(), strict=True)
            rows = ({"id": name, "at": at} for name, at in seen if at)
            self.graph.write_rows(changes.UNMARK, rows, ROWS)

    def _looked_at(
        self, rows: Mapping[str, int], content: Content | None
    ) -> Iterator[tuple[str, list[str]]]:
        for found in self.graph.stream(Statement(changes.LOOKED_AT)):
            row = rows.get(found["id"])
            if row is None:
                yield found["id"], [changes.NEW]
            elif content is not None and (why := differences(content[row], found["content"])):
                yield found["id"], why


def _since(
    earlier: Artifact, rows: Mapping[str, int], before: Content | None, now: Artifact
) -> dict[str, list[str]]:
    """Entities of `now` that the earlier artifact, which has them in `rows`, knew otherwise."""
    after = now.content()
    found: dict[str, list[str]] = {}
    for place, name in enumerate(now.iter_entity_ids()):
        row = rows.get(name)
        if row is None:
            found[name] = [changes.NEW]
        elif before is not None and after is not None and (before[row] != after[place]).any():
            found[name] = differences(before[row], after[place])
    return found


def _taken(artifact: Artifact) -> str:
    snapshot: Mapping[str, Any] = artifact.manifest.get("snapshot") or {}
    return str(snapshot.get("created_at", ""))
