"""`kg ingest --bulk`: the graph that the offline import makes is the one of `kg ingest`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from ingest.loading import first_load
from ingest.loading.bulk import BulkWay, bulk_load
from ingest.loading.first_load import would_pay
from ingest.loading.load import load
from ingest.sources.source import Record
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, Interrupted
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from kg_platform.records import Entity, MediaRef, Rejection, Relation
from kg_platform.server.local import LocalServer
from tests.support.clips import wav
from tests.support.graph_dump import dump
from tests.support.servers import NEO4J_VERSIONS, server_settings

TIMES = ("updated_at", "embedding_stale_at")  # when it was written: another time, of the same kind
# Kinds of values and how the server writes them: Python's 1 and 1.0 are equal.
NODE_VALUES = """
MATCH (n) WHERE n:Entity OR n:Media UNWIND keys(n) AS key
RETURN n.id AS id, key, valueType(n[key]) AS type,
       CASE WHEN valueType(n[key]) STARTS WITH 'LIST' THEN '' ELSE toString(n[key]) END AS text
"""
RELATION_VALUES = """
MATCH (h)-[r]->(t) UNWIND keys(r) AS key
RETURN h.id AS head, type(r) AS relation, t.id AS tail, key, valueType(r[key]) AS type,
       toString(r[key]) AS text
"""
SCHEMA = ("SHOW INDEXES YIELD name, state", "SHOW CONSTRAINTS YIELD name")
BOOK = "MATCH (m:GraphMigration) RETURN m.version AS version, m.checksum AS checksum"


class Everything:
    """A source with every kind of value, and of mistake."""

    name, notes = "everything", ()

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def count(self) -> int:
        return 20

    def records(self) -> Iterator[Record]:
        plus2, berlin = timezone(timedelta(hours=2)), ZoneInfo("Europe/Berlin")
        values: dict[str, Any] = {
            "big": 2**63 - 1,
            "negative": -1,
            "decimal": 0.1,
            "yes": True,
            "empty": "",
            "spaces": " kept ",
            "long": "x" * 40_000,
            "texts": ["p", "q"],
            "texts_with_empty": ["p", ""],
            "numbers": [1, 2**60],
            "decimals": [0.1, 2.5],
            "truths": [True, False],
            "nothing": [],
            "day": date(2020, 2, 29),
            "first_day": date(1, 1, 1),
            "days": [date(2020, 1, 1)],
            "moment": datetime(2020, 1, 1, 10, 0, 0, 123456),
            "moment_with_offset": datetime(2020, 1, 1, 10, tzinfo=plus2),
            "moment_utc": datetime(2020, 1, 1, 10, tzinfo=UTC),
            "moment_in_berlin": datetime(2020, 7, 1, 10, tzinfo=berlin),
            "moments_in_berlin": [datetime(2020, 1, 1, 10, tzinfo=berlin)],
            "clock_with_offset": time(10, 1, tzinfo=plus2),
            "clock": time(10, 1),
            "duration": timedelta(days=1, seconds=5),
            "of two kinds": 1,
            "weird:name": 3,
        }
        yield Entity("a", "Film", 'Ä 😀 "q" , ; \n x', "d", ("x", "y"), values, line=1)
        yield Entity("b", "Odd;Type`", "B", properties={"of two kinds": "text"}, line=2)
        yield Entity("c", None, "C", properties={"of two kinds": 1.5}, line=3)
        yield Entity("a", "Film", "something else", line=4)
        yield Entity("b", "Odd;Type`", "B", properties={"of two kinds": "text"}, line=5)
        pictures = [MediaRef("red.png", caption="c"), MediaRef("blue.png", "flag", 1)]
        yield Entity("d", "Film", "D", media=(*pictures, MediaRef("missing.png")), line=6)
        heard = MediaRef("horn.wav", "audio", caption="a horn", start=0.5, end=1)
        read = MediaRef("guide.txt", "document")
        yield Entity("e", " T ", "E", media=(MediaRef("red.png"), heard, read), line=7)
        yield Entity("", None, "no id", line=8)
        yield Rejection("f", 9, "line", "the line is not JSON")
        yield Relation("a", "R", "b", line=1)
        yield Relation("a", "R", "b", line=2)
        yield Relation("a", "R", "b", {"split": "train"}, line=3)
        yield Relation("a", "R", "b", {"split": "test"}, line=4)
        yield Relation("b", "weird `;type", "a", {"weight": 0.5, "for": timedelta(3)}, line=5)
        yield Relation("a", "S", "later", line=6)
        yield Relation("c", "R", "c", {"weight": 1}, line=7)
        yield Relation("c", "R", "d", {"weight": "one", "empty": ""}, line=8)
        yield Relation("c", "HAS_MEDIA", "d", line=9)
        yield Relation("c", "R", "only here", line=10)
        yield Entity("later", "Film", "known by now", properties={"p": 1}, line=10)
        yield Relation("c", "R", "b", line=11)


def written(graph: Graph) -> dict[str, Any]:
    """All of a graph: nodes, relations, the kinds of their values, the schema, the book."""
    nodes, relations = dump(graph, times=False)
    kinds = [
        tuple("" if row["key"] in TIMES and key == "text" else value for key, value in row.items())
        for row in graph.read(Statement(NODE_VALUES))
    ]
    zones = {row["text"][-1] for row in graph.read(Statement(NODE_VALUES)) if row["key"] in TIMES}
    return {
        "nodes": nodes,
        "relations": relations,
        "kinds": sorted(map(repr, kinds)),
        "zones": zones,
        "relation kinds": sorted(map(repr, graph.read(Statement(RELATION_VALUES)))),
        "schema": [sorted(map(repr, graph.read(Statement(text)))) for text in SCHEMA],
        "book": sorted(map(repr, graph.read(Statement(BOOK)))),
    }


def counts(figures: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in figures.items() if key not in ("run", "seconds")}


@pytest.mark.neo4j_both(older="nightly")
@pytest.mark.never_published
def test_a_bulk_load_that_was_stopped_ends_in_the_graph_of_the_online_path(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, colour in (("red", (255, 0, 0)), ("blue", (0, 0, 255))):
        Image.new("RGB", (4, 3), colour).save(tmp_path / f"{name}.png")
    (tmp_path / "horn.wav").write_bytes(wav())
    (tmp_path / "guide.txt").write_text("How it is made. " * 100)
    source = Everything(tmp_path)
    online = load(platform, source, create_missing=True)
    expected = written(platform.graph)

    version = next(
        v for v in NEO4J_VERSIONS if v.startswith(f"{platform.graph.server_version[0]}.")
    )
    java = platform.settings.java
    settings = server_settings(tmp_path / "bulk", version, java).model_copy(
        update={"neo4j_uri": None, "neo4j_password": None}
    )
    server = LocalServer(settings)
    try:
        with Platform.open(settings) as local:
            assert not would_pay(local, source)
            monkeypatch.setattr(first_load, "PAYS_FROM", source.count())
            assert would_pay(local, source)
            assert not would_pay(platform, source)
            with Graph(local.graph.connection) as other:
                other.read(Statement("RETURN 1"))
                with pytest.raises(BadInput, match=r"Other programs are connected .* end them"):
                    bulk_load(local, source)

            def stop(*_: Any) -> None:
                raise KeyboardInterrupt

            with monkeypatch.context() as patched:
                patched.setattr(BulkWay, "_complete", stop)
                with pytest.raises(Interrupted):
                    bulk_load(local, source, create_missing=True)
            (run, *_) = local.ledger.runs("ingest")
            assert counts(local.ledger.run(run.id).metrics) == counts(online.as_dict())
            assert list(server.folder.path.glob("import-*")) == []

            again = bulk_load(local, source, create_missing=True)
            assert (again.entities_new, again.entities_created_missing) == (0, 0)
            assert written(local.graph) == expected

            once_more = load(local, source, create_missing=True)
            assert once_more.entities_unchanged == 6
            assert (once_more.entities_changed, once_more.relations_new) == (0, 0)
            with pytest.raises(BadInput, match="into an empty database, and this one is not"):
                bulk_load(local, source)
    finally:
        server.stop()
