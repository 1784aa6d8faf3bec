"""Browse, similar and predict on a real Neo4j with a small published world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from embeddings.answers.content_vectors import medium_vector, text_vector
from embeddings.answers.nearest import Neighbour
from embeddings.answers.predict import predict_heads, predict_tails
from embeddings.answers.question import Example, SimilarQuestion
from embeddings.answers.similar import similar, similar_to_entity
from embeddings.features.encoders.load import load_image_encoder, load_text_side
from embeddings.features.encoders.protocols import Pixels, TextEncoder
from embeddings.publish.live_artifact import open_published
from embeddings.publish.publish import publish
from embeddings.publish.published import encoder_of, published_run
from kg_platform.browse import entities
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph
from kg_platform.ledger.ledger import Ledger
from kg_platform.migrate.ledger import migrate_ledger
from kg_platform.modality import BY_NAME, IMAGE, TEXT
from tests.support.fake_artifact import FakeArtifact
from tests.support.fake_encoders import FakeImage, FakeText, pixels
from tests.support.tiny_models import save_clip, save_siglip2

TEXTS = {"JPN": "island monarchy", "GBR": "another island monarchy", "FRA": "a republic"}
HOSTILE = "x'\"`\n]\\u0027 🙂"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrate_ledger(url)
    with Ledger(url) as opened:
        yield opened


@pytest.fixture
def world(graph: Graph) -> Graph:
    graph.write(
        Statement(
            "UNWIND $rows AS row CREATE (n:Entity {id: row.id, label: row.label}) "
            "SET n:$(row.type), n.description = row.text",
            {
                "rows": [
                    {"id": "JPN", "label": "Japan", "type": "Country", "text": TEXTS["JPN"]},
                    {"id": "GBR", "label": "Britain", "type": "Country", "text": TEXTS["GBR"]},
                    {"id": "FRA", "label": "France", "type": "Country", "text": TEXTS["FRA"]},
                    {"id": "jpn", "label": "Japanese", "type": "Language", "text": None},
                    {"id": "fra", "label": "French", "type": "Language", "text": None},
                    {"id": "GEO", "label": "Georgia", "type": "Country", "text": None},
                    {"id": "US-GA", "label": "Georgia", "type": "State", "text": None},
                    {"id": HOSTILE, "label": HOSTILE, "type": HOSTILE, "text": HOSTILE},
                ]
            },
        )
    )
    graph.write(
        Statement(
            "MATCH (j:Entity {id: 'JPN'}), (l:Entity {id: 'jpn'}), (g:Entity {id: 'GBR'}) "
            "CREATE (j)-[:LANGUAGE {since: date('2020-01-01')}]->(l), (g)-[:TRADES]->(j), "
            "(j)-[:SELF]->(j), (j)-[:HAS_MEDIA {role: 'flag', rank: 0, caption: 'red on white'}]->"
            "(:Media {id: 'abc', kind: 'image', mime: 'image/png', uri: 'abc', size: 3, width: 1, "
            "height: 1})"
        )
    )
    graph.run_schema("CALL db.awaitIndexes(60)")
    return graph


def published(world: Graph, ledger: Ledger, **more: object) -> FakeArtifact:
    ids = ["FRA", "GBR", "GEO", "JPN", "US-GA", "fra", "jpn"]
    text, encoder = np.zeros((7, 7), np.float32), FakeText()
    for entity, words in TEXTS.items():
        text[ids.index(entity)] = encoder.encode([words])[0]
    image = np.zeros((7, 5), np.float32)
    image[3] = FakeImage().encode([Image.new("RGB", (2, 2), "red")])[0]
    artifact = FakeArtifact(
        ids,
        {
            "embedding": np.random.default_rng(0).standard_normal((7, 6)).astype(np.float32),
            "text_embedding": text,
            "image_embedding": image,
        },
        encoders={
            "text": {"name": "fake", "revision": "1"},
            "image": {"name": "fake picture", "revision": "1"},
        },
        **more,
    )
    publish(world, artifact, ledger, ledger.start_run("embed", {}), 100)
    return artifact


@pytest.mark.neo4j_both
def test_overview_pages_and_finding(world: Graph) -> None:
    seen = entities.overview(world)
    assert (seen.entities, seen.relations, seen.media, seen.embedded) == (8, 3, 1, 0)
    assert seen.by_type["Country"] == 4
    assert seen.by_relation == {"LANGUAGE": 1, "SELF": 1, "TRADES": 1}
    assert seen.current_run is None

    page = entities.entity(world, "JPN")
    assert (page.label, page.type, page.picture, page.facts) == ("Japan", "Country", "abc", 3)
    assert [m.caption for m in page.media] == ["red on white"]
    facts = {(f.relation, f.outgoing, f.entity.id) for f in page.neighbours}
    assert facts == {("LANGUAGE", True, "jpn"), ("SELF", True, "JPN"), ("TRADES", False, "GBR")}
    language = next(f for f in page.neighbours if f.relation == "LANGUAGE")
    assert language.properties == {"since": "2020-01-01"}
    assert entities.entity(world, HOSTILE).type == HOSTILE
    only = entities.neighbours(world, "JPN", relation="TRADES", outgoing=False)
    assert [f.entity.id for f in only] == ["GBR"]

    assert entities.find(world, "JPN")[0].id == "JPN"
    assert {r.id for r in entities.find(world, "japan")} == {"JPN", "jpn"}
    assert [r.id for r in entities.find(world, "japan", type="Language")] == ["jpn"]
    assert {r.id for r in entities.find(world, "monarchy island")} == {"GBR", "JPN"}
    assert [r.id for r in entities.find(world, limit=2, offset=1)] == ["GBR", "GEO"]
    for text in ('"(', "a AND", "*", "~", "\\", "x" * 10_000, "日本", HOSTILE):
        entities.find(world, text)
    assert entities.rows(world, ["JPN", "nobody"]).keys() == {"JPN"}


@pytest.mark.neo4j_both
def test_names_lead_to_entities(world: Graph) -> None:
    assert entities.resolve(world, "JPN").id == "JPN"
    assert entities.resolve(world, "japan").id == "JPN"
    assert entities.resolve(world, HOSTILE).id == HOSTILE
    with pytest.raises(BadInput, match=r"GEO .*US-GA"):
        entities.resolve(world, "Georgia")
    with pytest.raises(NotFound, match="did you mean JPN"):
        entities.resolve(world, "Jappan")
    with pytest.raises(NotFound, match=r"jpn|JPN"):
        entities.entity(world, "Jpn")
    with pytest.raises(NotFound, match="shows some there are"):
        entities.resolve(world, "zzzzzz")


def similar_to_text(
    graph: Graph, text: str, k: int, encoder: TextEncoder, by: str = "text"
) -> list[Neighbour]:
    question = SimilarQuestion(examples=(Example(TEXT, text),), weights={by: 1.0}, k=k)
    said = BY_NAME[by]
    return similar(graph, question, lambda run, _, __: text_vector(run, text, said, encoder)).found


def similar_to_picture(graph: Graph, parts: list[Pixels], k: int) -> list[Neighbour]:
    question = SimilarQuestion(examples=(Example(IMAGE, b""),), k=k)
    encoder = FakeImage()
    return similar(graph, question, lambda run, *_: medium_vector(run, IMAGE, parts, encoder)).found


@pytest.mark.neo4j_both
def test_similar(world: Graph, ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="no vectors yet"):
        similar_to_entity(world, "JPN")
    with pytest.raises(NotFound, match="No vectors are published"):
        similar_to_text(world, "island", 3, FakeText())
    published(world, ledger)

    found = similar_to_entity(world, "JPN", k=6)
    assert {n.id for n in found} == {"FRA", "GBR", "GEO", "US-GA", "fra", "jpn"}
    assert [n.score for n in found] == sorted((n.score for n in found), reverse=True)
    only = similar_to_entity(world, "JPN", k=2, type="Language")
    assert {n.id for n in only} == {"fra", "jpn"}
    assert {n.id for n in similar_to_entity(world, "JPN", by="text")} == {"GBR", "FRA"}
    assert similar_to_entity(world, "JPN", by="text_embedding")
    with pytest.raises(NotFound, match=r"jpn has no text_embedding.*compare by embedding"):
        similar_to_entity(world, "jpn", by="text")
    with pytest.raises(BadInput, match="compare by embedding, structure, text, image"):
        similar_to_entity(world, "JPN", by="smell")
    with pytest.raises(NotFound, match="did you mean JPN"):
        similar_to_entity(world, "Japan")

    run = published_run(world)
    assert encoder_of(run, TEXT) == "fake"
    near = similar_to_text(world, TEXTS["FRA"], 2, FakeText())
    assert near[0].id == "FRA"
    assert near[0].score == pytest.approx(1, abs=1e-4)
    with pytest.raises(BadInput, match="fake revision 1, this is fake revision 2"):
        similar_to_text(world, "island", 2, FakeText("2"))
    red = Image.new("RGB", (2, 2), "red")
    assert [n.id for n in similar_to_picture(world, [pixels(red)], 3)] == ["JPN"]


def test_a_text_finds_pictures(world: Graph, ledger: Ledger, tmp_path: Path) -> None:
    """With a tiny SigLIP 2 of random weights, whose real loading code puts both in one space."""
    folder = str(save_siglip2(tmp_path / "siglip2"))
    pictures = load_image_encoder(folder, "cpu", "fp32")
    texts = load_text_side(folder, IMAGE, "cpu")
    vectors = pictures.encode([Image.new("RGB", (9, 9), c) for c in ("red", "green", "blue")])
    ids = ["FRA", "GBR", "JPN"]
    said = {"image": {"name": pictures.name, "revision": pictures.revision}}
    artifact = FakeArtifact(ids, {"embedding": vectors, "image_embedding": vectors}, encoders=said)
    publish(world, artifact, ledger, ledger.start_run("embed", {}), 100)

    found = similar_to_text(world, "Red flag", 3, texts, by="image")
    cosines = vectors @ texts.encode_queries(["red flag"])[0]
    assert [n.id for n in found] == [ids[i] for i in np.argsort(-cosines)]
    expected = sorted((1 + cosines) / 2, reverse=True)
    assert [n.score for n in found] == pytest.approx(expected, abs=1e-4)
    with pytest.raises(NotFound, match="has no text vectors"):
        similar_to_text(world, "red flag", 3, texts)
    other = load_text_side(str(save_clip(tmp_path / "clip")), IMAGE, "cpu")
    with pytest.raises(BadInput, match="published image vectors were made by"):
        similar_to_text(world, "red flag", 3, other, by="image")


class Knows(FakeArtifact):
    """A model that likes entities in the order of their places, last first."""

    relation_types = ("LANGUAGE", "TRADES")

    def __init__(self, ids: list[str]) -> None:
        super().__init__(ids, {"embedding": np.ones((len(ids), 2), np.float32)})

    def entity_ids(self) -> list[str]:
        return list(self.iter_entity_ids())

    def scorer(self) -> Knows:
        return self

    def score_tails(self, heads: list[int], relations: list[int]) -> NDArray[np.float32]:
        return np.arange(len(self.entity_ids()), dtype=np.float32)[None, :]

    def score_heads(self, relations: list[int], tails: list[int]) -> NDArray[np.float32]:
        return -self.score_tails(tails, relations)


@pytest.mark.neo4j_both
def test_predict_leaves_out_what_is_known_or_gone(
    world: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact: Any = Knows(["FRA", "GBR", "JPN", "fra", "jpn", "deleted since"])
    monkeypatch.setattr("embeddings.answers.scored_entities.load_scorer", Knows.scorer)
    tails = predict_tails(artifact, world, "JPN", "LANGUAGE", 10)
    assert [p.id for p in tails] == ["fra", "GBR", "FRA"]
    assert tails[0].score == 3
    assert tails[0].probability is None
    fitted = {"kind": "isotonic", "x": [2, 4], "y": [0.2, 0.8], "facts": 9}
    artifact.manifest["calibration"] = fitted
    tails = predict_tails(artifact, world, "JPN", "LANGUAGE", 10)
    assert [p.probability for p in tails] == pytest.approx([0.5, 0.2, 0.2])
    few = predict_tails(artifact, world, "JPN", "LANGUAGE", 5, "Country")
    assert [p.id for p in few] == ["GBR", "FRA"]
    heads = predict_heads(artifact, world, "JPN", "TRADES", 2)
    assert [p.id for p in heads] == ["FRA", "fra"]
    with pytest.raises(NotFound, match="did you mean LANGUAGE"):
        predict_tails(artifact, world, "JPN", "language")
    with pytest.raises(NotFound, match="there are LANGUAGE, TRADES"):
        predict_tails(artifact, world, "JPN", "`x`")
    with pytest.raises(NotFound, match="was not in the graph when"):
        predict_tails(artifact, world, "GEO", "LANGUAGE")
    with pytest.raises(NotFound, match="No vectors are published"):
        open_published(world, tmp_path)


def test_a_published_run_without_its_artifact(world: Graph, ledger: Ledger, tmp_path: Path) -> None:
    published(world, ledger)
    with pytest.raises(NotFound, match="has no artifact"):
        open_published(world, tmp_path)


@pytest.mark.neo4j_both
def test_other_peoples_clients_use_the_index(world: Graph, ledger: Ledger) -> None:
    """neo4j-graphrag's retrievers, unchanged."""
    import neo4j
    from neo4j_graphrag.retrievers import VectorCypherRetriever, VectorRetriever

    published(world, ledger)
    vector = world.read(Statement("MATCH (n:Entity {id: 'JPN'}) RETURN n.embedding AS v"))[0]["v"]
    where = world.connection
    with neo4j.GraphDatabase.driver(where.uri, auth=(where.username, where.password)) as driver:
        plain = VectorRetriever(driver, "entity_embedding", return_properties=["id", "label"])
        found = plain.search(query_vector=vector, top_k=3)
        assert len(found.items) == 3
        assert "'JPN'" in found.items[0].content
        assert found.items[0].metadata is not None
        assert found.items[0].metadata["score"] == pytest.approx(1, abs=1e-4)

        cypher = VectorCypherRetriever(
            driver,
            "entity_embedding",
            "MATCH (node)-[:LANGUAGE]->(l) RETURN node.id AS id, l.label AS language",
        )
        found = cypher.search(query_vector=vector, top_k=3)
        assert [item.content for item in found.items] == ["<Record id='JPN' language='Japanese'>"]
