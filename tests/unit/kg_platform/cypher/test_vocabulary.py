from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

from kg_platform import cypher
from kg_platform.cypher import changes, snapshots, vectors, watching
from kg_platform.cypher.names import quote
from kg_platform.cypher.vocabulary import NAMES, Vocabulary

PLAIN, ADOPTED = Vocabulary(), Vocabulary("kg_")


def texts() -> Iterator[tuple[str, str]]:
    """Every constant that is Cypher, and some that are built."""
    for module in pkgutil.iter_modules(cypher.__path__, f"{cypher.__name__}."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, str) and re.search(r"\b(MATCH|MERGE|CREATE|SET|RETURN)\b", value):
                yield f"{module.name}.{name}", value
    yield "watching.said", watching.said(["a"], [], [], 3).text
    yield "watching.marked", watching.marked([], 3).text
    yield "snapshots.entities", snapshots.entities("a", 3, []).text
    yield "snapshots.relations", snapshots.relations("a", "b", [], []).text
    yield "changes.changed_share", changes.changed_share([]).text
    yield "vectors.write_fitted", vectors.write_fitted(["embedding"], ["text_embedding"])


def test_names_are_marked_wherever_a_statement_speaks_of_an_entity() -> None:
    """A name that is not marked would be the owner's property in a graph that was adopted."""
    names = "|".join(sorted(NAMES))
    bare = []
    for where, text in texts():
        if where.endswith("__doc__"):
            continue
        bound = {*re.findall(r"\((\w+):Entity\b", text), "node"}
        if "YIELD node AS n" in text:
            bound.add("n")
        for name in bound:
            bare += [f"{where}: {m}" for m in re.findall(rf"\b{name}\.(?:{names})\b", text)]
        bare += [f"{where}: {m}" for m in re.findall(rf":Entity\((?:{names})\b", text)]
        bare += [f"{where}: {m}" for m in re.findall(rf":Entity[^)]*\{{(?:{names}):", text)]
    assert bare == []


def test_a_text_in_both_vocabularies() -> None:
    text = "MATCH (n:Entity {«id»: $id}) RETURN n[$«property»] AS v, n.id AS own, n.«embedding_run»"
    assert PLAIN.text(text) == (
        "MATCH (n:Entity {id: $id}) RETURN n[$property] AS v, n.id AS own, n.embedding_run"
    )
    assert ADOPTED.text(text) == (
        "MATCH (n:Entity {kg_id: $id}) RETURN n[$property] AS v, n.id AS own, n.kg_embedding_run"
    )
    given = {"id": "embedding", "property": "embedding"}
    assert ADOPTED.parameters(text, given) == {"id": "embedding", "property": "kg_embedding"}
    assert PLAIN.parameters(text, given) == given


def test_a_name_that_is_none_of_ours_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError, match="population"):
        ADOPTED.text("MATCH (n:Entity) RETURN n.«population»")


def test_what_data_is_called_is_never_taken_for_a_mark() -> None:
    name = quote("«id»")
    assert ADOPTED.text(f"MATCH (n:{name}) RETURN n") == "MATCH (n:`\\u00ABid»`) RETURN n"


def test_properties_trade_places_and_come_back() -> None:
    stored = {"id": 7, "kg_id": "Movie/7", "title": "Heat", "kg_label": "Heat", "kg_rating": 5}
    ours = ADOPTED.turned(stored)
    assert ours == {
        "kg_id": 7, "id": "Movie/7", "title": "Heat", "label": "Heat", "kg_rating": 5,
    }  # fmt: skip
    assert ADOPTED.turned(ours) == stored
    assert PLAIN.turned(stored) == stored
    assert ADOPTED.owners(stored) == ["id", "title", "kg_rating"]


def test_every_vector_and_its_marks_have_a_name() -> None:
    said = {*vectors.INDEX_OF, vectors.STAGED_RUN, vectors.PROVISIONAL, vectors.PROVISIONAL_HEAD}
    said |= {
        *vectors.FILTERS,
        changes.STALE,
        changes.STALE_AT,
        changes.CONTENT,
        *changes.TEXT_PROPERTIES,
    }
    assert said <= NAMES
