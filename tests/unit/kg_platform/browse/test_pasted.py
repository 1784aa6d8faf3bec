"""Statements as they are pasted: by the graph's own names, values as literals."""

from __future__ import annotations

from kg_platform.browse.pasted import literal, pasted, statements_of
from kg_platform.cypher.vocabulary import Vocabulary


def test_values_are_literals() -> None:
    assert literal("O'Neill\\\n") == "'O\\'Neill\\\\\\n'"
    assert literal([1, None, True, 0.5]) == "[1, null, true, 0.5]"


def test_clauses_of_strings_and_braces_stay_in_their_line() -> None:
    text = "MATCH (n {«id»: $id}) WHERE EXISTS { MATCH (n)-->(m) RETURN m } RETURN n"
    assert pasted(Vocabulary("kg_"), text, {"id": "x MATCH (y) RETURN y"}).splitlines() == [
        "MATCH (n {kg_id: 'x MATCH (y) RETURN y'})",
        "WHERE EXISTS { MATCH (n)-->(m) RETURN m }",
        "RETURN n",
    ]


def test_a_page_has_one_for_each_of_its_parts() -> None:
    found = statements_of(Vocabulary("kg_"), "JPN", ["text_embedding"])
    assert list(found) == [
        "entity", "media", "sources", "merges", "counts", "facts", "text_embedding",
    ]  # fmt: skip
    assert "e.kg_text_embedding" in found["text_embedding"]
    assert not [text for text in found.values() if "«" in text or "$" in text]
