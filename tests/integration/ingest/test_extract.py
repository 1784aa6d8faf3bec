"""From a text to review items, to facts with their sentence, and back; on the real database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from tests.support.command_line import kg
from tests.support.graph_dump import dump

ENTITIES = [
    {"id": "ann", "type": "Person", "label": "Ann Meyer"},
    {"id": "bob", "type": "Person", "label": "Bob Cole", "aliases": ["Robert Cole"]},
    {"id": "rome", "type": "City", "label": "Rome", "description": "Ann Meyer was born in Rome."},
    {"id": "oslo", "type": "City", "label": "Oslo"},
    {"id": "acme", "type": "Company", "label": "Acme"},
]
FACTS = [("bob", "BORN_IN", "oslo"), ("bob", "WORKS_AT", "acme")]
TEXT = """A page about people.

Ann Meyer was born in Rome. She left early. Robert Cole was born in Oslo.
Bob Cole was not born in Rome.
Ann Meyer works at Initech Systems.
"""


@pytest.fixture
def loaded(platform: Platform, tmp_path: Path) -> Platform:
    folder = tmp_path / "source"
    folder.mkdir()
    lines = "".join(json.dumps(row) + "\n" for row in ENTITIES)
    (folder / "entities.jsonl").write_text(lines)
    (folder / "triples.tsv").write_text("".join("\t".join(row) + "\n" for row in FACTS))
    assert kg("ingest", str(folder)).code == 0
    (tmp_path / "people.txt").write_text(TEXT)
    return platform


def facts(graph: Graph) -> list[dict[str, Any]]:
    text = (
        "MATCH (h:Entity)-[r]->(t:Entity) WHERE r.source = 'review' "
        "RETURN h.id AS head, type(r) AS relation, t.label AS tail, properties(r) AS said"
    )
    return graph.read(Statement(text))


@pytest.mark.neo4j_both
def test_from_a_sentence_to_a_fact_and_back(
    loaded: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KG_USER", "eve")
    graph = loaded.graph
    before = dump(graph)
    done = json.loads(kg("extract", "people.txt", "--json").out)
    assert (done["sentences"], done["new"], done["known"]) == (6, 2, 1)
    assert dump(graph) == before, "what is found is no fact"

    again = json.loads(kg("extract", "people.txt", "--json").out)
    assert (again["new"], again["updated"], again["known"]) == (0, 0, 1)

    items = json.loads(kg("review", "list", "--kind", "stated", "--json").out)["items"]
    born, works = items
    assert (born["head"], born["relation"], born["tail"]) == ("ann", "BORN_IN", "rome")
    (said,) = born["explanation"]["stated"]
    assert said["sentence"] == "Ann Meyer was born in Rome."
    assert (said["place"], said["line"], said["offset"]) == ("people.txt, line 3", 3, 22)
    assert works["explanation"]["new"] == {
        works["tail"]: {"label": "Initech Systems", "labels": ["Company"]}
    }
    shown = kg("review", "show", str(works["id"])).out
    assert "Ann Meyer works at Initech Systems." in shown
    assert "people.txt, line 5" in shown

    for item in items:
        assert kg("review", "accept", str(item["id"])).code == 0
    stored = {row["relation"]: row for row in facts(graph)}
    assert stored["BORN_IN"]["said"]["sentence"] == "Ann Meyer was born in Rome."
    kept = stored["WORKS_AT"]["said"]
    assert stored["WORKS_AT"]["tail"] == "Initech Systems"
    assert (kept["document"], kept["place"]) == ("people.txt", "people.txt, line 5")
    assert (kept["model"], kept["accepted_by"], kept["review"]) == ("patterns", "eve", works["id"])
    page = kg("show", "ann").out
    assert "Ann Meyer was born in Rome." in page
    assert "eve" in page

    # The new entity is one of the graph now, so it is known by its name.
    third = json.loads(kg("extract", "people.txt", "--json").out)
    assert (third["new"], third["known"]) == (0, 3)

    for item in items:
        assert kg("review", "undo", str(item["id"])).code == 0
    assert facts(graph) == []
    assert not graph.read(Statement("MATCH (n:Company {label: 'Initech Systems'}) RETURN n"))
    assert kg("review", "reject", str(born["id"]), str(works["id"])).code == 0
    last = json.loads(kg("extract", "people.txt", "--json").out)
    assert (last["new"], last["updated"], last["decided"]) == (0, 0, 2)
