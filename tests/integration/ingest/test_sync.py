"""`--sync`: what a source does not state any more is retired, with care."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.versions.undo import undo
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.platform import Platform
from tests.support.sources import differences, dump, ingest, one, write


def test_sync_keeps_what_another_source_says(platform: Platform, tmp_path: Path) -> None:
    graph = platform.graph
    shared = {"id": "A", "label": "Alpha", "type": "T", "x": 1}
    facts = [("A", "R", "B"), ("B", "R", "C")]
    one_ = write(tmp_path / "one", [shared, {"id": "B"}, {"id": "C"}, {"id": "D"}], facts)
    ingest(platform, one_)
    other = write(tmp_path / "other", [shared | {"x": 2}], [("A", "R", "B"), ("D", "S", "A")])
    ingest(platform, other)
    before = dump(graph)
    retired = ingest(platform, write(one_, [{"id": "C"}]), sync=True, force=True)
    assert (retired.retired.entities, retired.retired.relations) == (0, 1)
    assert (retired.retired.bare, retired.retired.shared) == (2, 2)
    rows = graph.read(
        Statement("MATCH (n:Entity) RETURN n.id AS id, n.source AS source, n.x AS x ORDER BY id")
    )
    assert rows == [
        {"id": "A", "source": "other", "x": 2}, {"id": "B", "source": "other", "x": None},
        {"id": "C", "source": "one", "x": None}, {"id": "D", "source": "other", "x": None},
    ]  # fmt: skip
    assert one(graph, "MATCH ({id: 'A'})-[r:R]->() RETURN properties(r) AS r") == {
        "r": {"source": "other"}
    }
    undo(platform, retired.run_id)
    assert differences(dump(graph), before) == []


def test_sync_is_careful(platform: Platform, tmp_path: Path) -> None:
    folder = tmp_path / "films"
    ingest(platform, write(folder, [{"id": name} for name in "ABCD"]))
    write(folder, [{"id": "A"}])
    with pytest.raises(
        BadInput, match=r"3 of the 4 entities and relations .* had of films .* --force"
    ):
        ingest(platform, folder, sync=True)
    write(folder, [{"id": "A"}, {"id": "B"}, {"id": "C"}, {"id": None}])
    with pytest.raises(BadInput, match="1 row was rejected whole"):
        ingest(platform, folder, sync=True)
    assert one(platform.graph, "MATCH (n:Entity) RETURN count(n) AS n") == {"n": 4}
    write(folder, [{"id": "A"}, {"id": "B"}, {"id": "C", "bad": {}}])
    done = ingest(platform, folder, sync=True)  # one field was left out, not the row
    assert (done.rejected, done.retired.entities) == (1, 1)
    # A source whose ids are all others now: what comes is not what it is a share of, and the same
    # command again knows that as well.
    write(folder, [{"id": name} for name in "VWXYZ"])
    for _ in range(2):
        with pytest.raises(BadInput, match=r"3 of the 3 entities and relations .* had of films"):
            ingest(platform, folder, sync=True)
    assert ingest(platform, folder, sync=True, force=True).retired.entities == 3
