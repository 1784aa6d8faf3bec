"""`kg follow kafka://...` with a real kafka."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from tests.support.command_line import kg
from tests.support.kafka_broker import KafkaServer


def put(id: str, **said: Any) -> bytes:
    return json.dumps({"kg": 1, "op": "put", "entity": {"id": id, **said}}).encode()


def follow(kafka: KafkaServer, topic: str, *words: str) -> dict[str, Any]:
    address = f"kafka://{kafka.address}/{topic}"
    done = kg("follow", address, "--until-idle", "2", "--json", *words)
    assert done.code == 0, done.errors
    found: dict[str, Any] = json.loads(done.out)
    return found


def ids(graph: Graph) -> list[str]:
    rows = graph.read(Statement("MATCH (n:Entity) RETURN n.id AS id ORDER BY id"))
    return [row["id"] for row in rows]


def test_a_topic_is_in_the_graph_once_and_wrong_messages_elsewhere(
    platform: Platform, graph: Graph, kafka: KafkaServer
) -> None:
    kafka.create("people", partitions=2)
    kafka.send("people", [put("A", label="a"), b"{not json", put("B")], partition=0)
    kafka.send("people", [put("C"), b'{"kg": 7, "op": "put", "entity": {"id": "D"}}'], partition=1)
    done = follow(kafka, "people")
    assert (done["messages"], done["refused"], done["entities_new"]) == (5, 2, 3)
    assert ids(graph) == ["A", "B", "C"]
    letters = kafka.messages("people.dead-letters", 10)
    assert sorted(headers["kg-reason"][:30] for _, headers in letters) == [
        "the message is not JSON (Expec",
        "this reads version 1 of the en",
    ]
    again = follow(kafka, "people", "--group", "another")
    assert (again["messages"], again["refused"]) == (0, 0)


def test_a_topic_that_is_made_anew_is_read_from_its_beginning(
    platform: Platform, graph: Graph, kafka: KafkaServer
) -> None:
    kafka.create("again")
    kafka.send("again", [put("A"), put("B")])
    assert follow(kafka, "again")["messages"] == 2
    kafka.delete("again")
    kafka.create("again")
    kafka.send("again", [put("C")])
    assert follow(kafka, "again")["messages"] == 1
    assert ids(graph) == ["A", "B", "C"]


def test_what_is_not_there_is_said_in_one_sentence(platform: Platform, kafka: KafkaServer) -> None:
    done = kg("follow", f"kafka://{kafka.address}/nowhere", "--until-idle", "1")
    assert (done.code, done.errors) == (
        2,
        f"There is no topic nowhere at {kafka.address}; create it, or check its name.",
    )


def test_a_user_in_the_address_is_refused(platform: Platform, tmp_path: Path) -> None:
    done = kg("follow", "kafka://me:secret@somewhere/topic")
    assert done.code == 2
    assert "KG_KAFKA_PASSWORD" in done.errors
    assert "secret" not in done.errors
