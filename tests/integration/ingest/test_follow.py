"""`kg follow` of a folder: what is in the graph afterwards, however the messages came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from tests.support.command_line import kg


def line(op: str = "put", **said: Any) -> str:
    return json.dumps({"kg": 1, "op": op, **said})


def entity(id: str, op: str = "put", **said: Any) -> str:
    version = {"version": said.pop("version")} if "version" in said else {}
    return line(op, entity={"id": id, **said}, **version)


def relation(head: str, kind: str, tail: str, op: str = "put", **properties: Any) -> str:
    more = {"properties": properties} if properties else {}
    return line(op, relation={"head": head, "type": kind, "tail": tail, **more})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "arrivals"
    made.mkdir()
    return made


def follow(folder: Path, *words: str) -> dict[str, Any]:
    done = kg("follow", str(folder), "--until-idle", "1.5", "--json", *words)
    assert done.code == 0, done.errors
    found: dict[str, Any] = json.loads(done.out)
    return found


def put(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")


def ids(graph: Graph) -> list[str]:
    rows = graph.read(Statement("MATCH (n:Entity) RETURN n.id AS id ORDER BY id"))
    return [row["id"] for row in rows]


def facts(graph: Graph) -> list[tuple[str, str, str]]:
    text = (
        "MATCH (h:Entity)-[r]->(t:Entity) "
        "RETURN h.id AS h, type(r) AS r, t.id AS t ORDER BY h, r, t"
    )
    return [(row["h"], row["r"], row["t"]) for row in graph.read(Statement(text))]


@pytest.mark.neo4j_both
def test_changes_are_in_the_graph_in_their_order_and_once(
    platform: Platform, graph: Graph, folder: Path
) -> None:
    put(
        folder,
        "1.jsonl",
        entity("A", type="T", label="first"),
        entity("B", type="T"),
        relation("A", "knows", "B", since=1990),
        entity("A", type="T", label="second", size=3),
        relation("B", "knows", "C"),
        entity("B", "delete"),
        entity("B", type="T", label="again"),
        relation("A", "likes", "B"),
        relation("A", "likes", "B", "delete"),
    )
    done = follow(folder)
    assert (done["messages"], done["refused"]) == (9, 0)
    assert ids(graph) == ["A", "B", "C"]
    assert facts(graph) == []
    (found,) = graph.read(Statement("MATCH (n:Entity {id: 'A'}) RETURN n.label AS l, n.size AS s"))
    assert found == {"l": "second", "s": 3}
    again = follow(folder)
    assert (again["messages"], again["entities_new"]) == (0, 0)
    put(folder, "2.jsonl", relation("A", "knows", "B"))
    assert follow(folder)["messages"] == 1
    assert facts(graph) == [("A", "knows", "B")]
