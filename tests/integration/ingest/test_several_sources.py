"""What several sources say of one entity: kept, shown by a rule, carried by merges, undone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.versions.undo import undo
from kg_platform.browse.entities import entity
from kg_platform.curation.forget import forget
from kg_platform.curation.merge import merge
from kg_platform.curation.unmerge import unmerge
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from tests.support.command_line import kg
from tests.support.sources import differences, dump, ingest, one, picture, write

RECORDS = (
    "MATCH (r:SourceRecord)-[of:SOURCE_RECORD_OF]->(n:Entity) "
    "RETURN r.source AS source, of.original AS original, n.id AS entity ORDER BY source, original"
)


def records(graph: Graph) -> list[tuple[str, str, str]]:
    rows = graph.read(Statement(RECORDS))
    return [(row["source"], row["original"], row["entity"]) for row in rows]


def shown(graph: Graph, name: str = "A") -> dict[str, Any]:
    found = one(graph, "MATCH (n:Entity {id: $id}) RETURN properties(n) AS n", id=name)["n"]
    hidden = ("id", "content_hash", "updated_at")
    return {k: v for k, v in found.items() if k not in hidden and not k.startswith("embedding_")}


@pytest.mark.neo4j_both
def test_each_source_keeps_what_it_says(platform: Platform, tmp_path: Path) -> None:
    graph = platform.graph
    red = picture(tmp_path / "census", "red.png", "red")
    blue = picture(tmp_path / "atlas", "blue.png", "blue")
    census = [{"id": "A", "type": "City", "label": "Bern", "people": 134_000, "image": red}]
    atlas = [{"id": "A", "type": "Place", "label": "Berne", "area": 51.6, "people": 130_000,
              "aliases": ["Bärn"], "image": blue}]  # fmt: skip
    ingest(platform, write(tmp_path / "census", census))
    assert records(graph) == [], "one source costs nothing more"
    ingest(platform, write(tmp_path / "atlas", atlas))
    assert records(graph) == [("atlas", "A", "A"), ("census", "A", "A")]
    assert shown(graph) == {
        "label": "Berne", "people": 130_000, "area": 51.6, "aliases": ["Bärn"], "source": "atlas",
    }  # fmt: skip
    before = dump(graph)
    for name in ("census", "atlas"):
        again = ingest(platform, tmp_path / name)
        assert (again.entities_unchanged, again.entities_changed) == (1, 0)
    assert differences(dump(graph), before) == [], "they take no turns"

    page = entity(graph, "A")
    assert len(page.media) == 2
    assert ("people", 134_000, ("census",)) in page.said()
    printed = kg("show", "A").out
    assert "What each source says" in printed
    assert "134000" in printed
    assert {s["source"] for s in json.loads(kg("show", "A", "--json").out)["statements"]} == {
        "atlas", "census",
    }  # fmt: skip

    rules = tmp_path / "fusion.yaml"
    rules.write_text("properties:\n  people: {trusted: [census]}\n  label: all\n")
    assert "Nothing was changed" in kg("fuse", str(rules), "--dry-run").errors
    assert differences(dump(graph), before) == []
    done = json.loads(kg("fuse", str(rules), "--json").out)
    assert done["entities"] == {"several_sources": 1, "changed": 1}
    assert shown(graph)["people"] == 134_000
    assert shown(graph)["aliases"] == ["Bern", "Bärn"]
    census[0]["people"] = 135_000
    later = ingest(platform, write(tmp_path / "census", census))
    assert shown(graph)["people"] == 135_000
    assert shown(graph)["label"] == "Bern", "the newest"
    undo(platform, later.run_id)
    undo(platform, done["run"])
    rest = [line for line in dump(graph) if "FusionRules" not in line]
    assert differences(rest, before) == []

    graph.write(Statement("MATCH (n:Entity {id: 'A'}) DETACH DELETE n"))  # and its records stay
    for name in ("census", "atlas"):
        ingest(platform, tmp_path / name)
    assert records(graph) == [("atlas", "A", "A"), ("census", "A", "A")]
    assert forget(graph, ["A"]) == 1
    assert graph.read(Statement("MATCH (r:SourceRecord) RETURN r")) == []


def test_a_merge_carries_what_sources_say(platform: Platform, tmp_path: Path) -> None:
    graph = platform.graph
    one_ = write(tmp_path / "one", [{"id": "A", "label": "Bern", "x": 1}, {"id": "C"}])
    other = write(tmp_path / "other", [{"id": "B", "label": "Berne", "y": 1}], [("B", "R", "C")])
    ingest(platform, one_)
    ingest(platform, other)
    before = dump(graph)
    about = {"by": "ann", "review": 1}
    merge(graph, "m", "A", "B", about)
    assert records(graph) == [("one", "A", "A"), ("other", "B", "A")]
    merged = dump(graph)
    again = ingest(platform, other)
    assert (again.entities_unchanged, again.entities_merged) == (1, 1)
    assert differences(dump(graph), merged) == []
    unmerge(graph, "m", "A", "B")
    times = ("updated_at", "embedding_stale_at", "embedding_stale")
    assert _bare(dump(graph), times) == _bare(before, times)

    merge(graph, "m", "A", "B", about)
    merged = dump(graph)
    changed = write(other, [{"id": "B", "label": "Berna", "y": 2}], [("B", "R", "C")])
    later = ingest(platform, changed)
    assert (later.entities_changed, later.entities_merged) == (1, 1)
    assert shown(graph) == {"label": "Bern", "x": 1, "y": 2, "aliases": ["Berna"], "source": "one"}
    undo(platform, later.run_id)
    assert differences(dump(graph), merged) == []

    retired = ingest(platform, write(other, []), sync=True, force=True)
    assert retired.retired.shared == 1
    assert shown(graph) == {"label": "Bern", "x": 1, "source": "one"}
    undo(platform, retired.run_id)
    assert differences(dump(graph), merged) == []


def _bare(lines: list[str], names: tuple[str, ...]) -> list[str]:
    found = [json.loads(line) for line in lines]
    for row in found:
        for name in names:
            row["properties"].pop(name, None)
    return sorted(json.dumps(row, sort_keys=True) for row in found)
