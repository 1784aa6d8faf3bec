"""`kg mcp` as a program meets it: a process that answers on stdin and stdout."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from kg_platform import KnowledgeGraph, connect
from kg_platform.browse.entities import EntityRow
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Connection, Graph
from kg_platform.platform import Platform
from kg_platform.settings import load
from tests.support.places import ROOT
from tests.support.worlds import write_world
from ui.mcp_server import AT_ONCE, server

TOOLS = {"query", "show", "find", "similar", "why", "paths", "predict", "explain"}
EMBED = {
    "preset": "fast",
    "dimension": 16,
    "epochs": 2,
    "setting": ["members=1"],
    "pictures": False,
}


async def conversation(environment: dict[str, str]) -> dict[str, Any]:
    """Ask everything once; the answers, and the sentences of what is refused."""
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "kg_platform.cli", "mcp"], env=environment
    )
    found: dict[str, Any] = {}
    async with Client(server, read_timeout_seconds=300) as client:
        tools = (await client.list_tools()).tools
        found["tools"] = {tool.name for tool in tools}
        found["read only"] = all(t.annotations and t.annotations.read_only_hint for t in tools)

        async def ask(tool: str, **arguments: Any) -> Any:
            answer = await client.call_tool(tool, arguments)
            if answer.is_error:
                return "".join(getattr(part, "text", "") for part in answer.content)
            return answer.structured_content

        label = "MATCH (n:Entity {id: $id}) RETURN n.label AS label"
        found["query"] = await ask("query", cypher=label, parameters={"id": "C01"})
        found["write"] = await ask("query", cypher="CREATE (n:Entity {id: 'x'})")
        found["many"] = await ask("query", cypher="UNWIND range(1, 50) AS x RETURN x")
        found["show"] = await ask("show", entity="Country 1", facts=1)
        found["nobody"] = await ask("show", entity="Atlantis", facts=1)
        found["similar"] = await ask("similar", entity="C01", k=3)
        found["text"] = await ask("similar", text="a harbour", k=1)
        some = {"entity": ["C01", "C02"], "unlike": ["C03"], "text": "a harbour"}
        found["mixed"] = await ask("similar", **some, where={"label": "Country 5"}, k=3)
        found["found"] = await ask("find", text="Country 1", type="Country", k=5)
        found["why"] = await ask("why", one="C01", other="C02")
        found["paths"] = await ask("paths", one="C01", other="C02", k=2)
        found["greedy"] = await ask("similar", entity="C01", k=11)
        found["predict"] = await ask("predict", entity="C01", relation="LANGUAGE", k=2)
        tail = found["predict"]["rows"][0][0]
        found["explain"] = await ask("explain", head="C01", relation="LANGUAGE", tail=tail)
    return found


def test_a_program_asks(
    graph: Graph, neo4j_environment: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KG_QUERY_MAX_ROWS", "10")
    with connect() as kg:
        kg.ingest(write_world(tmp_path / "world"))
        kg.embed(preset="fast", dimension=16, epochs=2, pictures=False)
        nearest = kg.similar("C01", k=3)
    found = asyncio.run(conversation({**os.environ, "PYTHONPATH": str(ROOT)}))
    assert found["tools"] == TOOLS
    assert found["read only"]
    assert found["query"] == {"columns": ["label"], "rows": [["Country 1"]], "truncated": False}
    assert "only read" in found["write"], found["write"]
    assert graph.read(Statement("MATCH (n:Entity) RETURN count(n) AS n")) == [{"n": 31}]
    assert (len(found["many"]["rows"]), found["many"]["truncated"]) == (10, True)
    assert (found["show"]["id"], len(found["show"]["neighbours"])) == ("C01", 1)
    assert "Atlantis" in found["nobody"]
    assert [row[0] for row in found["similar"]["rows"]] == [one.id for one in nearest]
    assert len(found["text"]["rows"]) == 1
    assert [row[0] for row in found["mixed"]["rows"]] == ["C05"]
    assert "C01" in [row[0] for row in found["found"]["rows"]]
    assert (found["why"]["one"]["id"], found["why"]["other"]["id"]) == ("C01", "C02")
    assert -1 <= found["why"]["cosine"] <= 1
    assert all(way["nodes"][0] == "C01" for way in found["paths"]["paths"])
    assert found["paths"]["paths"]
    assert "KG_QUERY_MAX_ROWS" in found["greedy"]
    assert found["predict"]["columns"] == ["id", "label", "type", "score", "probability", "basis"]
    assert found["explain"]["tail"]["id"] == found["predict"]["rows"][0][0]
    assert "rank" in json.dumps(found["explain"])


def test_without_the_extra_it_is_one_sentence(tmp_path: Path) -> None:
    program = (
        "import sys\nsys.modules['mcp'] = None\nfrom kg_platform.cli.main import main\n"
        "sys.argv = ['kg', 'mcp']\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "kg-platform[mcp]" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_ctrl_c_ends_it(graph: Graph, neo4j_environment: Connection) -> None:
    command = [sys.executable, "-m", "kg_platform.cli", "mcp"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=environment,
    ) as running:  # fmt: skip
        assert running.stderr is not None
        while "Answering" not in (line := running.stderr.readline()):
            assert line, "it ended before it answered"
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=120) == 130
        assert running.stdout is not None
        assert running.stdout.read() == ""


def test_what_takes_too_long_or_is_too_large_is_said(tmp_path: Path) -> None:
    held = Event()

    class Slow(KnowledgeGraph):
        def show(self, entity: str, facts: int = 50) -> Any:
            if entity == "slow":
                held.wait(60)
            return EntityRow("a", "x" * 1_000)

    kg = Slow(Platform.open(load(home=tmp_path, query_timeout=0.2, query_max_bytes=500)))
    made = server(kg)

    async def ask(entity: str) -> str:
        async with Client(made) as client:
            answer = await client.call_tool("show", {"entity": entity})
            assert answer.is_error
            return "".join(getattr(part, "text", "") for part in answer.content)

    try:
        assert "KG_QUERY_MAX_BYTES" in asyncio.run(ask("a"))
        for _ in range(AT_ONCE):
            assert "KG_QUERY_TIMEOUT" in asyncio.run(ask("slow"))
        assert "have not ended" in asyncio.run(ask("a"))
    finally:
        held.set()
