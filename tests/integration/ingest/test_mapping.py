"""From tables to a graph, as a person types it: a first mapping, a dry run, the load."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from tests.support.command_line import kg

FILMS = "film_id;title;year;director_id;seen\n" + "".join(
    f"{i};Film {i};{1970 + i};{i % 3 + 1};{'yes' if i % 2 else 'no'}\n" for i in range(1, 21)
)
PEOPLE = "id,name,born\n1,Ann,1.234\n2,Bo,2.000\n3,Cy,\n"
CAST = "".join(
    json.dumps({"film_id": i % 20 + 1, "person_id": i % 3 + 1, "role": f"R{i % 7}"}) + "\n"
    for i in range(40)
)


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in (("films.csv", FILMS), ("people.csv", PEOPLE), ("cast.jsonl", CAST)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def counted(graph: Graph) -> dict[str, int]:
    text = (
        "MATCH (n:Entity) WITH count(n) AS nodes MATCH (:Entity)-[r]->(:Entity) "
        "RETURN nodes, count(r) AS relations"
    )
    rows = graph.read(Statement(text))
    return rows[0] if rows else {}


def test_tables_become_a_graph(tables: Path, graph: Graph, neo4j_environment: None) -> None:
    inferred = kg("ingest", "--infer", "films.csv", "people.csv", "cast.jsonl")
    assert inferred.code == 0
    assert "films.csv is read with semicolons" in inferred.errors
    mapping = tables / "mapping.yaml"
    mapping.write_text(inferred.out, encoding="utf-8")

    preview = json.loads(kg("ingest", "mapping.yaml", "--dry-run", "--json").out)
    assert preview["entities"] == {"Film": 20, "Person": 3}
    assert preview["relations"] == {"CAST": 40, "DIRECTOR": 20}
    assert preview["new"] == 23
    assert counted(graph) == {}, "nothing was written"
    assert not json.loads(kg("runs", "--json").out), "and nothing noted as done"

    done = json.loads(kg("ingest", "mapping.yaml", "--json").out)
    assert done["entities"]["new"] == 23
    assert done["relations"]["new"] == 60
    assert done["rejected"] == 0
    assert counted(graph) == {"nodes": 23, "relations": 60}
    text = "MATCH (n:Film {id: 'film/7'})-[:DIRECTOR]->(p:Person) RETURN n {.*} AS n, p.label AS p"
    [row] = graph.read(Statement(text))
    assert row["p"] == "Bo"
    film = {name: row["n"][name] for name in ("label", "year", "seen", "source")}
    assert film == {"label": "Film 7", "year": 1977, "seen": True, "source": "films"}

    again = json.loads(kg("ingest", "mapping.yaml", "--json").out)
    assert again["entities"]["unchanged"] == 23
    assert again["relations"] == {"new": 0, "known": 60, "merged": 0}
    checked = kg("mapping", "check", "mapping.yaml")
    assert checked.code == 0
    assert "3 tables, 2 kinds of entities, 2 of relations" in " ".join(checked.errors.split())


def test_a_dry_run_says_what_would_be_rejected(
    tables: Path, graph: Graph, neo4j_environment: None
) -> None:
    (tables / "films.csv").write_text(FILMS + "21;Film 21;soon;9;no\n", encoding="utf-8")
    (tables / "m.yaml").write_text(
        "tables: {films: {file: films.csv}}\n"
        'entities: [{from: films, id: "{film_id}", properties: {year: "{year | integer}"}}]\n'
        'relations: [{from: films, head: "{film_id}", type: BY, tail: "{director_id}"}]\n',
        encoding="utf-8",
    )
    done = kg("ingest", "m.yaml", "--dry-run")
    assert done.code == 0
    assert "soon" in done.out
    assert "Nothing was written. 21 entities would be new" in " ".join(done.errors.split())
    refused = kg("ingest", "m.yaml", "--strict")
    assert refused.code == 2
    assert "films.csv line 22, year: {year | integer} is not a number" in refused.errors
    assert counted(graph) == {}


def test_two_files_are_not_one_source(tables: Path) -> None:
    refused = kg("ingest", "films.csv", "people.csv")
    assert refused.code == 2
    assert "kg ingest --infer FILE... > mapping.yaml" in refused.errors


def test_options_that_would_do_nothing_are_refused() -> None:
    refused = kg("ingest", "--infer", "films.csv", "--dry-run", "--json")
    assert refused.code == 2
    assert "--infer loads nothing; leave out --dry-run, --json" in refused.errors
    assert "leave out --strict" in kg("ingest", "films.csv", "--dry-run", "--strict").errors
    assert "--dry-run goes with a mapping" in kg("adopt", "--undo", "--dry-run", "--yes").errors
    assert "--yes goes with --undo" in kg("adopt", "--sync", "--yes").errors
