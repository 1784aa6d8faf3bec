"""Vectors beside what entities say: near counts for a pair, far only for a reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ingest.resolution.matching.evidence import far_for_a_reason
from ingest.resolution.matching.explain import keep_frequencies, weights_of
from ingest.resolution.matching.raw import RawBatch
from ingest.resolution.matching.rules import MatchRules
from ingest.resolution.matching.scoring import score
from ingest.resolution.matching.staging import stage
from ingest.resolution.matching.store import MatchStore
from ingest.resolution.matching.training import train
from tests.support.two_sources import again, people

RULES = MatchRules.model_validate(
    {
        "across": "all",
        "compare": [
            {"column": "label", "as": "name"},
            {"column": "born", "as": "date"},
            {"column": "city", "as": "exact"},
            {"vector": "text"},
        ],
        "block": ["label", "born", "city", "words(label)"],
    }
)
NULL = {"sql_condition": "v is null", "is_null_level": True}


def level(condition: str, m: float, u: float) -> dict[str, Any]:
    return {"sql_condition": condition, "m_probability": m, "u_probability": u}


def compared(column: str) -> dict[str, Any]:
    null = {"sql_condition": f"{column} is null", "is_null_level": True}
    equal, alike = level(f"{column} equal", 0.9, 0.1), level(f"{column} alike", 0.05, 0.1)
    return {"comparison_levels": [null, equal, alike, level("ELSE", 0.05, 0.8)]}


def test_levels_that_count_against_a_pair_do_so_where_most_else_agrees() -> None:
    near, middle, far = (
        level("near", 0.8, 0.1),
        level("middle", 0.15, 0.4),
        level("ELSE", 0.05, 0.5),
    )
    found = far_for_a_reason([NULL, near, middle, far], [compared("a"), compared("b")])
    assert [one["sql_condition"] for one in found if one not in (NULL, near, middle, far)] == [
        "NOT (2 * (CASE WHEN a is null THEN 0 WHEN a equal THEN 1 ELSE 0 END + "
        "CASE WHEN b is null THEN 0 WHEN b equal THEN 1 ELSE 0 END) > "
        "(CASE WHEN a is null THEN 0 ELSE 1 END + CASE WHEN b is null THEN 0 ELSE 1 END))"
    ]
    assert [found[i] for i in (0, 1, 3, 4)] == [NULL, near, middle, far]
    assert found[2]["m_probability"] == found[2]["u_probability"]


def test_levels_of_which_none_counts_against_a_pair_stay_as_they_are() -> None:
    levels = [NULL, level("near", 0.6, 0.5), level("ELSE", 0.5, 0.5)]
    assert far_for_a_reason(levels, [compared("a")]) == levels


def world(dealt: bool) -> RawBatch:
    """120 people, 80 of them twice, each with a vector of their own; and `c` has all that `a100`
    says but the vector."""
    everybody = people(120)
    rows = [*everybody, *again(everybody[:80]), {**everybody[100], "id": "c", "source": "c"}]
    draw = np.random.default_rng(0)
    whose = draw.standard_normal((121, 16))
    made = [whose[120 if row["id"] == "c" else int(row["id"][1:])] for row in rows]
    made = [one + 0.2 * draw.standard_normal(16) for one in made]
    if dealt:
        made = [made[i] for i in draw.permutation(len(made))]
    columns = {name: [row.get(name) for row in rows] for name in ("label", "born", "city")}
    vectors = {"text": [one.tolist() for one in made]}
    ids, sources = [row["id"] for row in rows], [[row["source"]] for row in rows]
    return RawBatch(ids, sources, columns, vectors=vectors)


def test_far_counts_against_two_of_one_name_and_not_against_two_that_differ() -> None:
    given = world(dealt=False)
    with MatchStore(threads=1) as store:
        table = stage(store, "entities", RULES, [given])
        model = train(store, table, RULES)
        assert model is not None
        model, pairs = score(store, table, model)
        keep_frequencies(store, table, model)
        found = weights_of(
            store, table, model, [*zip(pairs[0], pairs[1], strict=True), ("a100", "c")]
        )
    told = {ends: {name: (how, bits) for name, how, bits in one.comparisons}
            for ends, one in found.items()}  # fmt: skip
    assert told["a100", "c"]["text vector"][0] == "different"
    assert told["a100", "c"]["text vector"][1] < -2, "one name, two things"
    one = told["a0", "b0"]["text vector"]
    assert one[1] > 2, "near"
    others = [
        one["text vector"] for one in told.values()
        if sum(one[name][0] == "equal" for name in ("label", "born", "city")) < 2
    ]  # fmt: skip
    assert min(bits for _, bits in others) == pytest.approx(0)
    assert any(how.startswith("far, but") for how, _ in others)


def test_a_training_that_fails_leaves_every_comparison_in_the_model() -> None:
    with MatchStore(threads=1) as store:
        table = stage(store, "entities", RULES, [world(dealt=False)])
        model = train(store, table, RULES)
    assert model is not None
    assert model.notes == ["nothing could be learnt from pairs that agree in city"]
    kept = [one["output_column_name"] for one in model.settings["comparisons"]]
    assert kept == ["x0", "x1", "x2", "x3"]


def test_vectors_that_were_dealt_to_others_change_no_decision() -> None:
    def said(rules: MatchRules) -> set[tuple[str, str]]:
        with MatchStore(threads=1) as store:
            table = stage(store, "entities", rules, [world(dealt=True)])
            model = train(store, table, rules)
            assert model is not None
            _, (ones, others, chances) = score(store, table, model)
            return {(a, b) for a, b, p in zip(ones, others, chances, strict=True) if p >= 0.5}

    alone = RULES.model_copy(update={"compare": RULES.compare[:3]})
    assert len(said(alone)) >= 70
    assert said(RULES) == said(alone)
