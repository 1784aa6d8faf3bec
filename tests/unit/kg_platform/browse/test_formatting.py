"""Values of an answer, for people and for programs."""

from __future__ import annotations

import json
import math

from kg_platform.browse.formatting import field, jsonable, short
from kg_platform.cypher.vocabulary import Vocabulary
from kg_platform.graph.values import NodeValue, PathValue, RelationshipValue

JAPAN = NodeValue(("Country", "Entity"), {"id": "JPN", "label": "Japan", "embedding": [0.5] * 256})
TOKYO = NodeValue(("Entity",), {"id": "Tokyo", "label": "Tokyo"})
RUN = NodeValue(("EmbeddingRun",), {"mrr": 0.5})
CAPITAL = RelationshipValue("CAPITAL", "JPN", "Tokyo", {"since": 1868})


def test_people_see_short_text() -> None:
    assert short(JAPAN) == "Japan (JPN)"
    assert short(TOKYO) == "Tokyo"
    assert "EmbeddingRun" in short(RUN)
    assert short([0.5] * 256) == "[0.5, 0.5, … 256 floats]"
    assert short([1, "a", None]) == "[1, a, null]"
    assert short(None) == ""
    assert short({"a": None, "b": [None]}) == "{a: null, b: [null]}"
    assert short({"a": [0.25] * 9}) == "{a: [0.25, 0.25, … 9 floats]}"
    assert short(CAPITAL) == "JPN -[CAPITAL]-> Tokyo"
    assert short(PathValue((TOKYO, JAPAN), (CAPITAL,))) == "Tokyo <-[CAPITAL]- Japan (JPN)"
    assert short(PathValue((JAPAN, TOKYO), (CAPITAL,))) == "Japan (JPN) -[CAPITAL]-> Tokyo"
    there = Vocabulary("kg_")  # a graph that was adopted, whose `id` and `label` are its owner's
    adopted = [
        NodeValue(("Entity",), {"id": 7, "label": "x", "kg_id": name, "kg_label": name}, there)
        for name in ("JPN", "Tokyo")
    ]
    assert short(PathValue(tuple(adopted), (CAPITAL,))) == "JPN -[CAPITAL]-> Tokyo"
    assert len(short("x" * 10_000)) <= 2_000
    assert short(list(range(1_000))).endswith("950 more]")


def test_programs_get_everything() -> None:
    node = jsonable(JAPAN)
    assert node["labels"] == ["Country", "Entity"]
    assert len(node["properties"]["embedding"]) == 256
    assert jsonable(CAPITAL) == {
        "type": "CAPITAL",
        "start": "JPN",
        "end": "Tokyo",
        "properties": {"since": 1868},
    }
    assert jsonable([math.nan, math.inf, -math.inf, 1.5]) == ["NaN", "Infinity", "-Infinity", 1.5]
    json.dumps(jsonable(PathValue((JAPAN, TOKYO), (CAPITAL,))), allow_nan=False)


def test_numbers_keep_their_digits() -> None:
    assert short(1234567.125) == field(1234567.125) == "1234567.125"
    assert short(0.1 + 0.2) == "0.30000000000000004"
    assert short(2**62) == field(2**62) == str(2**62)
    assert short([math.inf, -math.inf, math.nan]) == "[Infinity, -Infinity, NaN]"


def test_a_field_of_csv_is_as_cypher_has_it() -> None:
    assert [field(value) for value in (True, False, None, "a,b", math.inf)] == [
        "true",
        "false",
        None,
        "a,b",
        "Infinity",
    ]
    assert field([True, "a", 1.5]) == '[true, "a", 1.5]'
    assert short([True, None]) == "[true, null]"
