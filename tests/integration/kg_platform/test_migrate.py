"""Migrations on a real Neo4j."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from kg_platform.browse.plan import steps
from kg_platform.cli.main import build
from kg_platform.cypher import histories, locking
from kg_platform.cypher.statement import Statement
from kg_platform.errors import MigrationError, QueryFailed
from kg_platform.graph.client import Connection, Graph
from kg_platform.migrate import graph as migrate
from kg_platform.migrate.graph import migrate_graph, pending_graph
from kg_platform.migrate.ledger import LEDGER_FOLDER
from kg_platform.process import Process

pytestmark = pytest.mark.neo4j_both

FILES = [
    "V0001__keys.cypher",
    "V0002__search.cypher",
    "V0003__changes.cypher",
    "V0004__merges.cypher",
    "V0005__stale.cypher",
    "V0006__source_records.cypher",
    "V0007__streams.cypher",
    "V0008__merge_ends.cypher",
]
REVISIONS = sorted(file.name for file in (LEDGER_FOLDER / "versions").glob("[0-9]*.py"))


def rows(graph: Graph, text: str) -> list[dict[str, Any]]:
    return graph.read(Statement(text))


def holder(graph: Graph, process: Process, seconds: int = 60) -> None:
    """Another process takes the lock."""
    graph.write(Statement(locking.CONSTRAINT))
    lock = {
        "lock": migrate.LOCK,
        "owner": "somebody",
        "host": process.host,
        "pid": process.pid,
        "process_started": process.started,
        "milliseconds": seconds * 1000,
    }
    graph.write(Statement(locking.TAKE, lock))


def held(graph: Graph) -> list[dict[str, Any]]:
    return graph.read(Statement(locking.HOLDER, {"lock": migrate.LOCK}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "graph"
    made.mkdir()
    return made


def test_the_schema_is_made_once(empty_graph: Graph) -> None:
    assert [finding.name for finding in pending_graph(empty_graph)] == FILES
    assert migrate_graph(empty_graph) == FILES
    assert pending_graph(empty_graph) == []
    assert migrate_graph(empty_graph) == []
    unique = {row["labelsOrTypes"][0] for row in rows(empty_graph, "SHOW CONSTRAINTS")}
    ours = {"Entity", "Media", "EmbeddingRun", "GraphMigration", "GraphLock"}
    streams = {"StreamOffset", "StreamVersion"}
    assert unique == ours | {"Tombstone", "Merge", "SourceRecord", "FusionRules"} | streams
    found = rows(empty_graph, "SHOW INDEXES YIELD name, state, type WHERE type <> 'LOOKUP'")
    assert {row["name"] for row in found} >= {"entity_text", "entity_label", "entity_embedding_run"}
    assert {row["state"] for row in found} == {"ONLINE"}
    book = rows(empty_graph, "MATCH (m:GraphMigration) RETURN m.applied_at AS at")
    assert all(row["at"] is not None for row in book)
    assert held(empty_graph) == []


def test_the_merges_of_an_entity_are_found_by_it(graph: Graph) -> None:
    graph.write(Statement("UNWIND range(1, 500) AS n CREATE (:Merge {id: n, kept: n, gone: -n})"))
    asked = graph.plan(Statement(histories.MERGES, {"id": "A", "limit": 9}))
    operators = str(steps(asked, ran=False).rows)
    assert operators.count("NodeIndexSeek") == 2
    assert "LabelScan" not in operators


def test_aliases_are_found_by_words(graph: Graph) -> None:
    entity = "CREATE (:Entity {id: 'JPN', label: 'Japan', aliases: ['Nippon', 'Rising Sun']})"
    graph.write(Statement(entity))
    graph.run_schema("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")
    for word in ("japan", "nippon", "rising"):
        search = f"CALL db.index.fulltext.queryNodes('entity_text', '{word}') YIELD node"
        assert rows(graph, f"{search} RETURN node.id AS id") == [{"id": "JPN"}]


def test_processes_at_once_apply_each_file_once(empty_graph: Graph, neo4j: Connection) -> None:
    together = threading.Barrier(4)

    def work(_: int) -> list[str]:
        with Graph(neo4j) as graph:
            together.wait()
            return migrate_graph(graph)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(work, range(4))) == [[], [], [], FILES]


def test_a_changed_file_is_refused(empty_graph: Graph, folder: Path) -> None:
    file = folder / "V0001__one.cypher"
    file.write_text("CREATE INDEX one IF NOT EXISTS FOR (n:One) ON (n.x);\n")
    assert migrate_graph(empty_graph, folder) == [file.name]
    file.write_text("CREATE INDEX one IF NOT EXISTS FOR (n:One) ON (n.y);\n")
    assert [finding.state for finding in pending_graph(empty_graph, folder)] == ["changed"]
    with pytest.raises(MigrationError, match=file.name):
        migrate_graph(empty_graph, folder)


def test_a_newer_graph_is_refused(graph: Graph) -> None:
    graph.write(Statement("CREATE (:GraphMigration {version: 999, name: 'V0999__future.cypher'})"))
    with pytest.raises(MigrationError, match="V0999__future"):
        migrate_graph(graph)


def test_a_file_that_stopped_half_way_is_run_again(empty_graph: Graph, folder: Path) -> None:
    file = folder / "V0001__one.cypher"
    good = "CREATE INDEX one IF NOT EXISTS FOR (n:One) ON (n.x);\n"
    file.write_text(good + "THIS IS NOT CYPHER;\n")
    with pytest.raises(QueryFailed):
        migrate_graph(empty_graph, folder)
    assert held(empty_graph) == []
    file.write_text(good + "CREATE INDEX two IF NOT EXISTS FOR (n:Two) ON (n.x);\n")
    assert migrate_graph(empty_graph, folder) == [file.name]
    names = {row["name"] for row in rows(empty_graph, "SHOW INDEXES YIELD name")}
    assert names >= {"one", "two"}


def test_a_file_may_change_data_in_transactions(empty_graph: Graph, folder: Path) -> None:
    empty_graph.write(Statement("UNWIND range(1, 50) AS n CREATE (:Old {n: n})"))
    (folder / "V0001__rename.cypher").write_text(
        "MATCH (o:Old)\nCALL (o) {\n  SET o:New REMOVE o:Old\n} IN TRANSACTIONS OF 20 ROWS;\n"
    )
    migrate_graph(empty_graph, folder)
    assert rows(empty_graph, "MATCH (n:New) RETURN count(n) AS n") == [{"n": 50}]


def test_the_lock_of_a_dead_process_is_taken_at_once(empty_graph: Graph) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    holder(empty_graph, Process(socket.gethostname(), dead.pid, 0))
    assert migrate_graph(empty_graph) == FILES


def test_an_expired_lock_of_another_machine_is_taken(empty_graph: Graph) -> None:
    holder(empty_graph, Process("elsewhere", 1, 0), seconds=-1)
    assert migrate_graph(empty_graph) == FILES


def test_a_lock_that_is_held_is_respected(
    empty_graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder(empty_graph, Process("elsewhere", 4711, 0))
    monkeypatch.setattr(migrate, "PATIENCE_SECONDS", 0.0)
    with pytest.raises(MigrationError, match="4711 on elsewhere"):
        migrate_graph(empty_graph)
    assert held(empty_graph)[0]["owner"] == "somebody"


class TestCommand:
    @pytest.fixture(autouse=True)
    def _server(self, empty_graph: Graph, neo4j_environment: Connection) -> None:
        self.graph = empty_graph

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(build("migrate"), ["migrate", *arguments])

    def test_check_migrate_check(self) -> None:
        before = self.run("--check")
        assert before.exit_code == 6
        assert all(name in before.stdout for name in (*REVISIONS, *FILES, "pending"))
        done = self.run()
        assert done.exit_code == 0
        assert all(name in done.stdout for name in (*REVISIONS, *FILES))
        after = self.run("--check")
        assert (after.exit_code, after.stdout) == (0, "")

    def test_json(self) -> None:
        before = self.run("--check", "--json")
        assert before.exit_code == 6
        answer = json.loads(before.stdout)
        assert answer["up_to_date"] is False
        assert answer["findings"][0] == {
            "store": "ledger",
            "version": "0001",
            "name": "0001_runs.py",
            "state": "pending",
        }
        applied = json.loads(self.run("--json").stdout)["applied"]
        assert [row["name"] for row in applied] == [*REVISIONS, *FILES]
        assert json.loads(self.run("--json").stdout) == {"applied": []}
        after = self.run("--check", "--json")
        assert json.loads(after.stdout) == {"up_to_date": True, "findings": []}

    def test_a_changed_file_is_shown_and_refused(self) -> None:
        assert self.run().exit_code == 0
        self.graph.write(Statement("MATCH (m:GraphMigration {version: 1}) SET m.checksum = 'x'"))
        check = self.run("--check")
        assert check.exit_code == 6
        assert "changed" in check.stdout
        refused = self.run().exception
        assert isinstance(refused, MigrationError)
        assert FILES[0] in str(refused)
