from __future__ import annotations

import pytest

from kg_platform.cypher.adopting import NodeKind, adopt, escaped, literal, refresh
from kg_platform.cypher.mapped import MappedVocabulary
from kg_platform.cypher.vocabulary import Vocabulary
from kg_platform.errors import BadInput


def test_ids_begin_with_the_label_and_never_meet() -> None:
    assert NodeKind("Movie", key=("id",)).id == "'Movie/' + toStringOrNull(n.`id`)"
    assert NodeKind("A/B", key=("k",)).start == "A%2FB/"
    assert escaped("50%") == "50%25"
    two = NodeKind("S", key=("a", "b")).id
    assert two.count("replace(") == 4
    assert " + '/' + " in two
    made_up = NodeKind("Log").id
    assert made_up.startswith("coalesce(CASE WHEN n.«id» STARTS WITH 'Log/'")
    assert NodeKind("Log").id_of("m") == "'Log/' + elementId(m)"


def test_texts_of_data_stay_texts() -> None:
    assert literal("it's \\ «id»") == "'it\\'s \\\\ \\u00ABid»'"
    text = Vocabulary("kg_").text(adopt(NodeKind("«id»", key=("«label»",))))
    assert "SET n:Entity, n.kg_id = '\\u00ABid»/' + toStringOrNull(n.`\\u00ABlabel»`)" in text


def test_a_kind_that_keeps_no_values_has_nothing_to_refresh() -> None:
    assert refresh(NodeKind("Movie", key=("id",))) is None
    assert list(NodeKind("M", names=("t",), texts=("a", "b"), aliases=("c",)).columns) == [
        "label",
        "description",
        "captions",
        "aliases",
    ]


def test_a_mapping_alone_stands_for_labels_and_properties() -> None:
    kinds = (NodeKind("Movie", key=("id",), names=("title",)), NodeKind("Person", key=("id",)))
    mapped = MappedVocabulary("kg_", kinds)
    text = mapped.text("MATCH (n:Entity)-[r]->(:Entity {«id»: $id}) RETURN n.«id», r.«split»")
    assert text == (
        "MATCH (n:(`Movie`|`Person`))-[r]->(mapped:(`Movie`|`Person`) WHERE "
        "(CASE WHEN mapped:`Movie` THEN 'Movie/' + toStringOrNull(mapped.`id`) "
        "WHEN mapped:`Person` THEN 'Person/' + toStringOrNull(mapped.`id`) END) = $id) RETURN "
        "(CASE WHEN n:`Movie` THEN 'Movie/' + toStringOrNull(n.`id`) "
        "WHEN n:`Person` THEN 'Person/' + toStringOrNull(n.`id`) END), null"
    )
    assert mapped.text("MATCH (r:EmbeddingRun) RETURN r") == "MATCH (r:EmbeddingRun) RETURN r"
    for text in ("SET n.x = 1, n += {«id»: 1}", "RETURN '«embedding»'", "RETURN n[$«property»]"):
        with pytest.raises(BadInput, match="adopts the graph first"):
            mapped.text(text)
