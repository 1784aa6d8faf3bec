from __future__ import annotations

from pathlib import Path

import pytest

from kg_platform.adoption.mapping import AdoptionMapping, mapping_of, read_document
from kg_platform.errors import BadInput
from kg_platform.graph.adoption import GraphAdoption


def read(tmp_path: Path, text: str) -> AdoptionMapping:
    file = tmp_path / "adopt.yaml"
    file.write_text(text, encoding="utf-8")
    return read_document(file).content


def test_one_name_is_a_list_of_one_and_kinds_know_who_comes_first(tmp_path: Path) -> None:
    given = read(
        tmp_path,
        "nodes:\n  Director: {key: id}\n  Person: {key: [a, b], texts: bio}\n  Studio:\n",
    )
    assert given.prefix == "kg_"
    director, person, studio = given.kinds
    assert (director.key, director.before) == (("id",), ())
    assert (person.key, person.texts, person.before) == (("a", "b"), ("bio",), ("Director",))
    assert (studio.key, studio.before) == ((), ("Director", "Person"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty; `kg adopt --infer` proposes one"),
        ("- a", "is not a mapping of names to values"),
        ("prefix: kg_\n", "line 1, nodes: is missing"),
        ("nodes: {}", "line 1, nodes: name a label at least"),
        ("nodes:\n  A:\n    kee: id\n", "line 3, nodes.A.kee: is not known here; there are key"),
        ("nodes:\n  A:\n    key: [no]\n", "line 3, nodes.A.key: put the name in quotes"),
        ("nodes:\n  Media:\n", "nodes: the label Media is the platform's own; leave it out"),
        ("nodes: {A: }\nrelationships: [HAS_MEDIA]", "relationships: the type HAS_MEDIA is the"),
        ("nodes: {A: }\nprefix: kg", "line 2, prefix: a prefix is a letter"),
        ("nodes:\n  A:\n  A:\n", "line 3: A stands here twice"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput) as error:
        read(tmp_path, text)
    assert said in str(error.value)


def test_what_a_graph_remembers_is_the_mapping(tmp_path: Path) -> None:
    given = read(tmp_path, "nodes: {A: {key: id, pictures: [p, q]}}\nrelationships: R\n")
    adoption = GraphAdoption("kg_", "adopted", given.model_dump_json(), ("R",))
    assert mapping_of(adoption) == given


def test_types_have_weights_and_a_list_of_them_is_one_each(tmp_path: Path) -> None:
    listed = read(tmp_path, "nodes: {A: }\nrelationships: [X, Y]")
    assert listed.relationships == {"X": 1.0, "Y": 1.0}
    given = read(tmp_path, "nodes: {A: }\nrelationships: {X: 2, Y: 0, Z: 1}")
    assert given.learnt == {"X": 2.0, "Z": 1.0}
    adoption = GraphAdoption("kg_", "adopted", given.model_dump_json(), tuple(given.learnt))
    assert adoption.weights == {"X": 2.0}
    assert mapping_of(adoption) == given
    # As a version without weights kept it.
    former = GraphAdoption("kg_", "adopted", '{"nodes": {"A": {}}, "relationships": ["X", "Y"]}')
    assert former.weights == {}
    assert mapping_of(former) == listed
    for text, why in (
        ("{X: 0}", "every type has the weight 0"),
        ("{X: -1}", "greater than or equal to 0"),
        ("{X: much}", "valid number"),
    ):
        with pytest.raises(BadInput, match=why):
            read(tmp_path, f"nodes: {{A: }}\nrelationships: {text}")
