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
    assert (again["new"], again["updated"], again["unchanged"], again["known"]) == (0, 0, 2, 1)

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


def test_the_property_of_every_entity_is_read_and_a_cut_run_goes_on(
    loaded: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest.extraction import extract as job

    monkeypatch.setattr(job, "_ENTITIES", 1)
    monkeypatch.setattr("ingest.extraction.graph_names._TEXTS", 1)
    preview = json.loads(kg("extract", "--property", "description", "--dry-run", "--json").out)
    (found,) = preview["facts_found"]
    assert (found["head"], found["relation"], found["tail"]) == ("ann", "BORN_IN", "rome")
    assert (found["place"], found["sentence"]) == (
        "description of rome",
        "Ann Meyer was born in Rome.",
    )
    assert loaded.ledger.runs("extract") == []

    def stop(*_: object) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(job, "supersede", stop)
        stopped = kg("extract", "--property", "description")
    assert stopped.code == 130
    assert "Run the same command again" in stopped.errors
    (run,) = loaded.ledger.runs("extract")
    assert loaded.ledger.get_cursor(run.id, job.CURSOR) == "rome"

    done = json.loads(kg("extract", "--property", "description", "--json").out)
    assert done["run"] == run.id
    assert done["sentences"] == 0, "it went on behind what was read"
    assert any("went on behind rome" in note for note in done["notes"])
    assert loaded.ledger.reviews.count(kind="stated") == 1
    missing = kg("extract", "--property", "nothing")
    assert missing.code == 2
    assert "No entity has the property 'nothing'" in missing.errors


def test_a_folder_with_a_document_that_cannot_be_read(
    loaded: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.docx").write_bytes(b"none")
    (folder / "b.txt").write_text("Ann Meyer was born in Oslo.\nAnn Meyer was born in Rome.")
    (folder / "c.md").write_text("**Ann Meyer** was born in Rome.")
    (folder / "d.md").write_text("")
    preview = json.loads(kg("extract", "documents", "--dry-run", "--json").out)
    assert (preview["documents"], preview["unread"], preview["facts"]) == (3, 1, 3)
    with monkeypatch.context() as patch:
        patch.setattr("ingest.extraction.extract._SHOWN", 2)
        preview = json.loads(kg("extract", "documents", "--dry-run", "--json").out)
    assert len(preview["facts_found"]) == 2
    assert any("Of 3 facts the first 2 are listed" in note for note in preview["notes"])

    def stop(*_: object) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("ingest.extraction.items.ProposedFacts.add", stop)
        assert kg("extract", "documents").code == 130
    (run,) = loaded.ledger.runs("extract")
    assert loaded.ledger.count_rejections(run.id) == 1, "what was left out is kept, too"
    with monkeypatch.context() as patch:
        patch.chdir(folder)
        done = json.loads(kg("extract", ".", "--json").out)
    assert done["run"] == run.id, "the same folder, whatever it is called"
    assert (done["documents"], done["unread"], done["new"]) == (3, 1, 2)
    assert any("a.docx is no whole .docx" in note for note in done["notes"])
    (rejection,) = loaded.ledger.rejections(done["run"])
    assert rejection.source == "a.docx"
    rome = loaded.ledger.reviews.items(kind="stated", entity="rome")[0]
    assert [one["document"] for one in rome.explanation["stated"]] == ["b.txt", "c.md"]


def test_what_the_graph_has_by_now_is_closed(loaded: Platform) -> None:
    assert kg("extract", "people.txt").code == 0
    loaded.graph.write(
        Statement("MATCH (a {id: 'ann'}), (b {id: 'rome'}) MERGE (a)-[:BORN_IN]->(b)")
    )
    done = json.loads(kg("extract", "people.txt", "--json").out)
    assert done["superseded"] == 1
    assert loaded.ledger.reviews.count(kind="stated") == 1, "the one with a new end waits"
    (closed,) = loaded.ledger.reviews.items("superseded")
    assert (
        "`kg extract` opens it if it can be true" in kg("review", "accept", str(closed.id)).errors
    )


def test_two_items_that_name_one_new_entity_make_it_once(loaded: Platform, tmp_path: Path) -> None:
    text = "Ann Meyer was born in Upper Sandusky.\nRobert Cole was born in Upper Sandusky."
    (tmp_path / "new.txt").write_text(text)
    assert json.loads(kg("extract", "new.txt", "--json").out)["new"] == 2
    one, other = loaded.ledger.reviews.items(kind="stated")
    assert one.tail == other.tail
    assert kg("review", "accept", str(one.id), str(other.id)).code == 0
    made = "MATCH (n:City {label: 'Upper Sandusky'}) RETURN n.source AS source"
    assert loaded.graph.read(Statement(made)) == [{"source": "review"}]
    assert kg("review", "undo", str(one.id)).code == 0
    assert len(loaded.graph.read(Statement(made))) == 1, "the other fact needs it"
    assert kg("review", "undo", str(other.id)).code == 0
    assert loaded.graph.read(Statement(made)) == []


def test_a_new_end_that_was_merged_meanwhile_is_not_made_again(
    loaded: Platform, tmp_path: Path
) -> None:
    from kg_platform.browse.strangers import stranger
    from kg_platform.curation.merge import merge

    text = "Ann Meyer was born in Upper Sandusky.\nRobert Cole was born in Upper Sandusky."
    (tmp_path / "new.txt").write_text(text)
    assert kg("extract", "new.txt").code == 0
    one, other = loaded.ledger.reviews.items(kind="stated")
    assert kg("review", "accept", str(one.id)).code == 0
    assert stranger(loaded.graph, ["source"]) is None, "what was accepted here is no stranger's"
    merge(loaded.graph, "by-hand", "oslo", one.tail, {})
    done = kg("review", "accept", str(other.id))
    assert done.code == 2
    assert f"{one.tail} was merged into oslo" in done.errors
    assert loaded.ledger.reviews.item(other.id).status == "superseded"
    assert kg("review", "undo", str(one.id)).code == 0
    again = json.loads(kg("extract", "new.txt", "--json").out)
    assert again["new"] == 1, "its name is the kept one's by now"
    assert again["known"] == 1


def test_what_a_person_may_get_wrong(loaded: Platform, tmp_path: Path) -> None:
    wrong = {
        ("extract",): "one of the two",
        ("extract", "people.txt", "--property", "description"): "one of the two",
        ("extract", "no.txt"): "is not there",
        ("extract", "people.txt", "--model", "magic"): "There is no model 'magic'",
        ("extract", "people.txt", "--patterns", "no.yaml"): "no.yaml is not there",
        ("extract", "--infer", "--dry-run"): "goes alone",
    }
    for words, sentence in wrong.items():
        done = kg(*words)
        assert done.code in (2, 3), words
        assert sentence in done.errors
    patterns = kg("extract", "--infer").out
    assert "{head}" in patterns
    (tmp_path / "patterns.yaml").write_text(patterns)
    table = kg("extract", "people.txt", "--dry-run", "--patterns", "patterns.yaml", "--known").out
    assert "BORN_IN" in table
    assert "Initech" not in table


def test_an_empty_graph_has_no_names(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "people.txt").write_text(TEXT)
    done = kg("extract", "people.txt")
    assert done.code == 3
    assert "`kg ingest PATH` loads some" in done.errors


def test_published_text_vectors_say_who_is_meant(loaded: Platform, tmp_path: Path) -> None:
    from embeddings.features.encoders.load import load_text_encoder
    from tests.support.vectors_by_hand import add_vectors

    texts = {
        "paris-1": "Paris, a romantic metropolis on the Seine with the Louvre museum",
        "paris-2": "Paris, a small town among the ranches and oil wells of Texas",
    }
    graph = loaded.graph
    graph.write_rows(
        "UNWIND $rows AS row CREATE (n:Entity:City {id: row.id, label: 'Paris'})",
        [{"id": one} for one in texts],
        batch_rows=10,
    )
    add_vectors(loaded, list(texts), dimension=384)
    encoder = load_text_encoder("minilm", "cpu")
    for one, vector in zip(texts, encoder.encode(list(texts.values())).tolist(), strict=True):
        given = {"id": one, "vector": vector, "revision": encoder.revision}
        text = "MATCH (n:Entity {id: $id}) SET n.text_embedding = $vector"
        graph.write(Statement(text, given))
        graph.write(Statement("MATCH (r:EmbeddingRun) SET r.text_revision = $revision", given))
    (tmp_path / "two.txt").write_text(
        "Ann Meyer was born in Paris beside cattle and cowboys.\n"
        "Bob Cole was born in Paris near the galleries of the French capital."
    )
    done = json.loads(kg("extract", "two.txt", "--dry-run", "--json").out)
    found = {(fact["head"], fact["tail"]) for fact in done["facts_found"]}
    assert found == {("ann", "paris-2"), ("bob", "paris-1")}, done["notes"]
