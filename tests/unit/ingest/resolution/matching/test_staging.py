"""Entities as DuckDB has them, and the pairs that keys and blocks make of them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from ingest.resolution.matching.blocks import block_rules
from ingest.resolution.matching.keys import MOST, key_pairs
from ingest.resolution.matching.levels import levels_of, rare_cosines
from ingest.resolution.matching.raw import RawBatch
from ingest.resolution.matching.rules import MatchRules
from ingest.resolution.matching.staging import choose, stage
from ingest.resolution.matching.store import MatchStore
from ingest.resolution.matching.training import train


@pytest.fixture
def store() -> Iterator[MatchStore]:
    with MatchStore(threads=1) as opened:
        yield opened


def rules(**given: Any) -> MatchRules:
    return MatchRules.model_validate(given)


def batch(rows: Mapping[str, Mapping[str, Any]], **more: Any) -> RawBatch:
    """Rows by id; the source is the id's first letter."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    columns = {name: [row.get(name) for row in rows.values()] for name in names}
    return RawBatch(list(rows), [[one[0]] for one in rows], columns, **more)


def test_what_nobody_has_is_told(store: MatchStore) -> None:
    asked = rules(
        keys=["isbn"], compare=[{"column": "labl", "as": "name"}, {"column": "born"}], block=["lab"]
    )
    given = batch({"a1": {"born": "1915", "isbn": None}, "b1": {"born": "1915"}})
    table = stage(store, "entities", asked, [given])
    assert table.empty == {"isbn", "labl", "lab"}
    model = train(store, table, asked)
    assert model is None


def test_values_are_folded_and_read_by_kind(store: MatchStore) -> None:
    asked = rules(
        compare=[
            {"column": "label", "as": "name"},
            {"column": "born", "as": "date"},
            {"column": "size", "as": "number"},
            {"column": "code", "as": "code"},
        ],
        block=["label"],
    )
    given = batch(
        {
            "a1": {"label": "  Édith  PIAF-O'Hara ", "born": "1915-12-19T10:00", "size": "1.70"},
            "a2": {"label": "???", "born": datetime.date(1915, 12, 19), "code": " ab-12/É "},
            "a3": {"label": ["b", "a"], "born": "19151219", "size": 2.0},
            "a4": {"label": None, "born": "never", "size": "tall", "code": 12.0},
        },
        aliases=[["The Sparrow"], None, [], None],
    )
    table = stage(store, "entities", asked, [given])
    found = store.rows("SELECT k0, s0, t1::VARCHAR, d2, c3, names FROM entities ORDER BY uid")
    assert found == [
        ("edith piaf o hara", "edith hara o piaf", "1915-12-19", 1.7, None,
         ["edith piaf o hara", "the sparrow"]),
        (None, None, "1915-12-19", None, "ab12e", []),
        ("a b", "a b", "1915-12-19", 2.0, None, ["a b"]),
        (None, None, None, None, "12", []),
    ]  # fmt: skip
    assert (table.count, table.sources) == (4, 1)


def test_no_entity_at_all_is_a_table(store: MatchStore) -> None:
    asked = rules(keys=["isbn"], compare=[{"vector": "text"}], block=["near(text)"])
    table = stage(store, "entities", asked, [])
    assert (table.count, key_pairs(store, table, asked, [])) == (0, [])


def test_keys_make_pairs_across_sources_alone(store: MatchStore) -> None:
    rows = {
        "a1": {"isbn": "97-8"}, "a2": {"isbn": "97 8"}, "b1": {"isbn": "97-8"},
        "b2": {"isbn": "1", "label": "X"}, "c2": {"isbn": None, "label": "y"},
    }  # fmt: skip
    given = [batch(rows, aliases=[None, None, None, ["Y"], None])]
    apart = rules(keys=["isbn"])
    table = stage(store, "entities", apart, given)
    assert [p.ends for p in key_pairs(store, table, apart, [])] == [("a1", "b1"), ("a2", "b1")]
    assert [p.ends for p in key_pairs(store, table, rules(keys=["isbn"], across="all"), [])] == [
        ("a1", "a2"),
        ("a1", "b1"),
        ("a2", "b1"),
    ]
    named = rules(keys=["names"])
    table = stage(store, "entities", named, given)
    (found,) = key_pairs(store, table, named, [])
    assert (found.ends, found.key) == (("b2", "c2"), "names")
    new = choose(store, table, {"a1"})
    assert key_pairs(store, table, named, [], new) == [], "neither is new"


def test_a_value_that_many_have_is_no_key(store: MatchStore) -> None:
    rows = {f"{'ab'[i % 2]}{i:02}": {"isbn": "unknown"} for i in range(MOST + 1)}
    asked, notes = rules(keys=["isbn"]), list[str]()
    table = stage(store, "entities", asked, [batch(rows)])
    assert key_pairs(store, table, asked, notes) == []
    assert notes == [
        f"key isbn: {MOST + 1} entities have 'unknown', so it tells none apart and is left out"
    ]


def test_blocks_say_how_many_pairs_they_make(store: MatchStore) -> None:
    rows = {
        "a1": {"label": "red house", "born": "1990-01-01"},
        "a2": {"label": "red horse", "born": "1990-05-05"},
        "a3": {"label": "blue house", "born": "1991-01-01"},
    }
    asked = rules(
        compare=[{"column": "label", "as": "name"}],
        block=["label", "label[:5]", ["label[-5:]"], "words(label)", ["label[:3]", "year(born)"]],
    )
    table = stage(store, "entities", asked, [batch(rows)])
    made = block_rules(asked, table, store)
    assert [(one.name, one.pairs) for one in made] == [
        ("label", 0), ("label[:5]", 1), ("label[-5:]", 1), ("words(label)", 2),
        ("label[:3], year(born)", 1),
    ]  # fmt: skip
    assert made[4].as_splink("x")["blocking_rule"] == (
        "left(l.k0, 3) = left(r.k0, 3) AND year(l.t1) = year(r.t1) AND x"
    )


def test_vectors_have_length_one_and_what_is_near_shares_a_bucket(store: MatchStore) -> None:
    draw = np.random.default_rng(0)
    rows = draw.standard_normal((60, 16))
    rows[1] = 3 * rows[0] + 0.05 * draw.standard_normal(16)
    given = [None if i == 5 else row.tolist() for i, row in enumerate(rows)]
    given[6] = [0.0] * 16
    asked = rules(compare=[{"vector": "text"}], block=["near(text)"])
    ids = {f"a{i:02}": {} for i in range(60)}
    table = stage(store, "entities", asked, [batch(ids, vectors={"text": given})])
    lengths = store.rows("SELECT array_inner_product(v_text, v_text), len(near_text) FROM entities")
    none = [i for i, (length, _) in enumerate(lengths) if length is None]
    assert none == [5, 6], "no vector, or one without a direction"
    assert all(length is None or abs(length - 1) < 1e-5 for length, _ in lengths)
    assert lengths[5][1] == 0
    near = dict(store.rows("SELECT uid, near_text FROM entities"))
    shared = [len(set(near["a00"]) & set(near[one])) for one in near if one != "a00"]
    assert shared[0] == max(shared)
    assert shared[0] > 3 * sorted(shared)[-2]
    assert table.dimensions == {"text": 16}


def test_levels_of_a_vector_are_where_random_pairs_are_rare(store: MatchStore) -> None:
    rows = np.random.default_rng(0).standard_normal((300, 8))
    asked = rules(compare=[{"vector": "graph"}], block=["near(graph)"])
    ids = {f"a{i:03}": {} for i in range(300)}
    table = stage(store, "entities", asked, [batch(ids, vectors={"graph": rows.tolist()})])
    limits = rare_cosines(store, "entities", "v_graph")
    assert len(limits) == 4
    assert limits == sorted(limits, reverse=True)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = (unit @ unit.T)[np.triu_indices(300, 1)]
    assert np.mean(cosines >= limits[2]) == pytest.approx(0.01, rel=0.05)
    assert levels_of(asked.compare[0], 0, table, store) is not None


def test_what_all_have_in_common_is_not_compared(store: MatchStore) -> None:
    asked = rules(
        compare=[{"column": "label", "as": "name"}, {"neighbours": True}], block=["label"]
    )
    rows = {"a1": {"label": "x"}, "a2": {"label": "x"}, "a3": {"label": None}}
    table = stage(store, "entities", asked, [batch(rows)])
    assert [levels_of(one, 0, table, store) for one in asked.compare] == [None, None]
