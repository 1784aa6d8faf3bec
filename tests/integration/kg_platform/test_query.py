"""`kg query` and `kg show` as a person types them: what goes in, and how values come out."""

from __future__ import annotations

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from kg_platform.browse.types import check_type
from kg_platform.cli.main import build
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound
from kg_platform.platform import Platform
from tests.support.command_line import kg


@pytest.fixture
def caesar(platform: Platform) -> Platform:
    text = (
        "CREATE (:Entity:Person {id: 'caesar', label: 'Caesar', died: date('-0044-03-15'), "
        "at: datetime('2026-01-02T03:04[Asia/Tokyo]'), area: 1234567.125, size: 9007199254740993, "
        "where: point({longitude: 1, latitude: 2}), most: 1.0 / 0, dead: true})"
        "-[:IN {since: date('-0044-03-15')}]->(:Entity:Place {id: 'rome', label: 'Rome'})"
    )
    platform.graph.write(Statement(text))
    return platform


WRITTEN = {
    "died": "-0044-03-15",
    "at": "2026-01-02T03:04:00+09:00[Asia/Tokyo]",
    "area": "1234567.125",
    "size": "9007199254740993",
    "where": "point({x: 1.0, y: 2.0, crs: 'wgs-84'})",
    "most": "Infinity",
    "dead": "true",
}


def test_every_value_is_written_as_cypher_does(caesar: Platform) -> None:
    shown = kg("show", "caesar").out
    for name, text in WRITTEN.items():
        assert name in shown
        assert text in shown.replace("\n", ""), text
    properties = json.loads(kg("show", "caesar", "--json").out)["properties"]
    kept = {"area": 1234567.125, "size": 9007199254740993, "dead": True}
    assert properties == WRITTEN | kept
    names = ", ".join(f"n.{name} AS {name}" for name in WRITTEN)
    text = f"MATCH (n {{id: 'caesar'}})-[r]->() RETURN {names}, r.since AS since"
    (row,) = csv.DictReader(io.StringIO(kg("query", text, "--csv").out))
    assert row == WRITTEN | {"since": "-0044-03-15"}
    (values,) = json.loads(kg("query", text, "--json").out)["rows"]
    assert values == [*(WRITTEN | kept).values(), "-0044-03-15"]


def test_a_plan_is_shown_and_what_writes_is_not_profiled(caesar: Platform) -> None:
    text = "MATCH (n:Entity {id: 'caesar'}) RETURN n.label"
    plan = json.loads(kg("query", f"EXPLAIN {text}", "--json").out)
    assert plan["columns"] == ["operator", "details", "estimated_rows"]
    names = [row[0] for row in plan["rows"]]
    assert names[0] == "+ProduceResults"
    assert "+NodeUniqueIndexSeek" in names
    ran = json.loads(kg("query", f"profile {text}", "--json").out)
    assert ran["columns"][3:] == ["rows", "db_hits"]
    assert ran["rows"][0][3] == 1
    assert "+ProduceResults" in kg("query", f"EXPLAIN {text}").out
    assert kg("query", "PROFILE MATCH (n) SET n.x = 1").code == 4
    assert caesar.graph.read(Statement("MATCH (n) WHERE n.x = 1 RETURN n")) == []


def test_a_query_from_any_editor(caesar: Platform) -> None:
    def ask(typed: bytes) -> str:
        done = CliRunner().invoke(build("query"), ["query", "-", "--csv"], input=typed)
        if isinstance(done.exception, BadInput):
            return str(done.exception)
        assert done.exit_code == 0, done.exception
        return done.stdout

    text = "// who\rMATCH (n:Person) // dead\rRETURN n.label AS label"
    assert ask(b"\xef\xbb\xbf" + text.encode()).split() == ["label", "Caesar"]
    assert ask(text.replace("\r", "\r\n").encode()).split() == ["label", "Caesar"]
    assert "is not UTF-8" in ask(text.encode("utf-16"))


def test_a_type_that_is_not_there_is_said(caesar: Platform) -> None:
    for there in (None, "Entity", "Person"):
        check_type(caesar.graph, there)
    with pytest.raises(NotFound, match=r"No entity has the type 'Nobody'; there are Person, Place"):
        check_type(caesar.graph, "Nobody")
    with pytest.raises(NotFound, match=r"did you mean Person, of Person, Place\?"):
        check_type(caesar.graph, "person")


def test_a_saved_query_is_everybodys_to_run(
    caesar: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KG_USER", "ann")
    text = "MATCH (n:Entity {id: $id}) RETURN n.label AS label, $k AS k"
    assert "--saved 'The label'" in kg("query", text, "--save", "The label", "-p", "k=7").errors
    monkeypatch.setenv("KG_USER", "bob")
    answer = json.loads(kg("query", "--saved", "The label", "-p", "id=rome", "--json").out)
    assert answer["rows"] == [["Rome", 7]]
    answer = json.loads(
        kg("query", "--saved", "The label", "-p", "id=rome", "-p", "k=8", "--json").out
    )
    assert answer["rows"] == [["Rome", 8]]
    (listed,) = json.loads(kg("query", "--list", "--json").out)
    assert (listed["name"], listed["owner"], listed["given"]) == ("The label", "ann", {"k": "7"})
    assert "id, k" in kg("query", "--list").out
    assert kg("query", "--list", "--csv").out.splitlines() == [
        "name,owner,parameters,note,query",
        f'The label,ann,"id, k",,"{text}"',
    ]
    for words in (["RETURN 1", "--save", "x", "--json"], ["--remove", "The label", "--csv"]):
        assert "leave out --json and --csv" in kg("query", *words).errors
    assert kg("query", "--saved", "The label").code == 4  # $id has no value
    for words in (["RETURN 1", "--save", "The label"], ["--remove", "The label"]):
        refused = kg("query", *words)
        assert (refused.code, "is ann's" in refused.errors) == (2, True)
    assert kg("query", "CREATE ()", "--save", "x").code == 0  # found out when it runs
    assert kg("query", "LOAD CSV FROM 'x' AS r RETURN r", "--save", "x").code == 4
    assert kg("query", "--saved", "nobody").code == 3
    for words in ([], ["--save", "x"], ["RETURN 1", "--saved", "x"], ["--list", "--remove", "x"]):
        assert "Give one of: a query" in kg("query", *words).errors
    monkeypatch.setenv("KG_USER", "ann")
    assert kg("query", "--remove", "The label").code == 0
    assert kg("query", "--saved", "The label").code == 3
