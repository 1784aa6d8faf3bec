"""`kg ingest` of RDF: what is in the graph afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.loading.load import ingest
from kg_platform.cypher.statement import Statement
from kg_platform.platform import Platform

TURTLE = """
@prefix e: <http://e.org/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

e:ada a foaf:Person ; rdfs:label "Ada"@en, "Ada (de)"@de ; rdfs:comment "Wrote a program."@en ;
  e:born "1815-12-10"^^xsd:date ; e:seen "2024-02-29T12:30:00+01:00"^^xsd:dateTime ;
  e:wakes "07:00:00"^^xsd:time ; e:works "PT8H"^^xsd:duration ; e:days "2024-01-01"^^xsd:date,
  "2024-01-02"^^xsd:date ; e:born_in 1815 ; foaf:knows e:charles, [ rdfs:label "Somebody" ] .
e:charles a foaf:Person ; foaf:name "Charles" .
"""


@pytest.mark.neo4j_both
def test_turtle(platform: Platform, tmp_path: Path) -> None:
    path = tmp_path / "people.ttl"
    path.write_text(TURTLE, encoding="utf-8")
    summary = ingest(platform, path)
    assert (summary.entities_new, summary.relations_new, summary.rejected) == (3, 2, 0)
    [found] = platform.graph.read(
        Statement(
            "MATCH (n:Entity:Person {id: 'http://e.org/ada'}) "
            "RETURN n.label AS label, n.description AS description, n.aliases AS aliases, "
            "n.source AS source, n.type_iri AS class, n.born_in AS year, "
            "[valueType(n.born), valueType(n.seen), valueType(n.wakes), valueType(n.works), "
            "valueType(n.days)] AS kinds, "
            "n.born = date('1815-12-10') AND n.seen = datetime('2024-02-29T12:30:00+01:00') "
            "AND n.wakes = localtime('07:00:00') AND n.works = duration('PT8H') AS same, "
            "[(n)-[:knows]->(m) | m.label] AS knows, "
            "[(n)-[:knows]->(m) WHERE m.label = 'Somebody' | m.id] AS blank"
        )
    )
    assert sorted(found.pop("knows")) == ["Charles", "Somebody"]
    kinds = [kind.removesuffix(" NOT NULL") for kind in found.pop("kinds")]
    assert kinds == [
        "DATE", "ZONED DATETIME", "LOCAL TIME", "DURATION", "LIST<DATE NOT NULL>"
    ]  # fmt: skip
    assert found == {
        "label": "Ada", "description": "Wrote a program.", "aliases": ["Ada (de)"],
        "source": "people", "class": "http://xmlns.com/foaf/0.1/Person", "year": 1815,
        "same": True, "blank": ["_:people/[1]"],
    }  # fmt: skip

    again = ingest(platform, path)
    assert (again.entities_unchanged, again.relations_known, again.rejected) == (3, 2, 0)


def test_triples_by_line(platform: Platform, tmp_path: Path) -> None:
    name = "<http://www.w3.org/2000/01/rdf-schema#label>"
    path = tmp_path / "people.nt"
    path.write_text(
        f'<http://e.org/a> {name} "A" .\n<http://e.org/a> <http://e.org/p> "open .\n'
        f'<http://e.org/a> <http://e.org/near> <http://e.org/b> .\n<http://e.org/b> {name} "B" .\n',
        encoding="utf-8",
    )
    summary = ingest(platform, path)
    assert (summary.entities_new, summary.relations_new, summary.rejected) == (2, 1, 1)
    assert summary.first_rejection is not None
    assert summary.first_rejection.line == 2
