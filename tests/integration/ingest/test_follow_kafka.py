"""`kg follow kafka://...` with a real broker."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingest.streams.follow import FollowOptions
from ingest.streams.opened import FollowRequest
from ingest.streams.opened import follow as follow_stream
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Connection, Graph
from kg_platform.platform import Platform
from kg_platform.settings import load
from tests.support.command_line import kg
from tests.support.cut_off import Line
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


def test_wrong_messages_do_not_go_to_where_they_come_from(platform: Platform) -> None:
    done = kg("follow", "kafka://127.0.0.1:1/films", "--dead-letters", "films")
    assert (done.code, done.errors) == (
        2,
        "Messages of films that are wrong cannot go to films itself; name another topic by "
        "--dead-letters.",
    )


def test_a_letter_that_its_topic_does_not_take_has_the_headers_only(
    platform: Platform, graph: Graph, kafka: KafkaServer
) -> None:
    kafka.create("large")
    kafka.create("large.dead-letters", 1, **{"max.message.bytes": "20000"})
    kafka.send("large", [b"x" * 500_000, b"y", put("A")])
    done = follow(kafka, "large")
    assert (done["messages"], done["refused"]) == (3, 2)
    (first, headers), (second, _) = kafka.messages("large.dead-letters", 10)
    assert (first, headers["kg-left-out"], headers["kg-offset"]) == (b"", "500000 bytes", "0")
    assert second == b"y"


def test_a_message_of_20_mb_and_a_schema_that_changes(
    platform: Platform, graph: Graph, kafka: KafkaServer
) -> None:
    kafka.create("odd", **{"max.message.bytes": "41943040"})
    long = put("L", text="x" * 20_000_000)
    kafka.send("odd", [put("A", size=3), long, put("A", size="large", more=[1, 2])])
    done = follow(kafka, "odd")
    assert (done["messages"], done["refused"]) == (3, 1)
    (letter,) = kafka.messages("odd.dead-letters", 5)
    assert letter[0] == b""
    assert letter[1]["kg-reason"] == "the message is longer than 16 MiB"
    assert letter[1]["kg-left-out"] == f"{len(long)} bytes"
    (row,) = graph.read(Statement("MATCH (n:Entity) RETURN n.size AS size, n.more AS more"))
    assert row == {"size": "large", "more": [1, 2]}


def test_a_key_without_a_value_goes(platform: Platform, graph: Graph, kafka: KafkaServer) -> None:
    kafka.create("compacted", **{"cleanup.policy": "compact"})
    fact = {"head": "A", "type": "knows", "tail": "B"}
    relation = json.dumps({"kg": 1, "op": "put", "relation": fact}).encode()
    triple = json.dumps(["A", "knows", "B"]).encode()
    kafka.send("compacted", [put("A"), put("B"), relation], [b"A", b"B", triple])
    follow(kafka, "compacted")
    kafka.send("compacted", [None, None], [triple, b"B"])
    done = follow(kafka, "compacted")
    assert (done["retired"]["entities"], done["retired"]["relations"]) == (1, 1)
    assert ids(graph) == ["A"]


def test_neo4j_and_the_broker_go_and_come_and_nothing_good_is_refused(
    graph: Graph,
    kafka: KafkaServer,
    neo4j_environment: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both are away in turn while a follower works; it waits, and says so once for each time."""
    kafka.create("cut")
    kafka.send("cut", [put(f"a{i}") for i in range(50)])
    told: list[str] = []
    with Line(neo4j_environment.uri) as line:
        monkeypatch.setenv("KG_NEO4J_URI", line.uri)
        steps = iter(["cut", "mend", "kill", "end"])
        state = {"next": next(steps)}

        def stop() -> bool:
            """Asked between two batches: what happens to the follower, step by step."""
            taken = count(graph)
            if state["next"] == "cut" and taken == 50:
                line.cut()
                kafka.send("cut", [put(f"b{i}") for i in range(50)])
                state["next"] = next(steps)
            elif state["next"] == "mend" and any("Waiting for it" in one for one in told):
                line.mend()
                state["next"] = next(steps)
            elif state["next"] == "kill" and taken == 100:
                kafka.kill()
                kafka.start()
                kafka.send("cut", [put(f"c{i}") for i in range(50)])
                state["next"] = next(steps)
            return state["next"] == "end" and taken == 150

        address = f"kafka://{kafka.address}/cut"
        with Platform.open(load()) as platform:
            monkeypatch.setattr("kg_platform.graph.client.RETRY_SECONDS", 2.0)
            follow_stream(
                platform, FollowRequest(address), FollowOptions(seconds=300), told.append, stop
            )
    assert count(graph) == 150
    assert sum("Waiting for it" in one for one in told) >= 1
    assert kafka.messages("cut.dead-letters", 5) == []


def count(graph: Graph) -> int:
    return int(graph.read(Statement("MATCH (n:Entity) RETURN count(n) AS n"))[0]["n"])


def test_status_says_how_far_a_stream_is_behind(
    platform: Platform, graph: Graph, kafka: KafkaServer
) -> None:
    kafka.create("lag")
    kafka.send("lag", [put(f"e{i}") for i in range(30)])
    done = kg("follow", f"kafka://{kafka.address}/lag", "--batch", "10", "--for", "0")
    assert done.code == 0
    follow(kafka, "lag", "--batch", "10")
    (stream,) = json.loads(kg("status", "--json").out)["streams"]
    assert (stream["source"], stream["changes"], stream["behind"]) == ("lag", 30, 0)
    assert "lag: 30 messages taken, 0 behind" in " ".join(kg("status").errors.split())
