"""Splink's model on 200 made-up people, trained without a label."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.resolution.matching.explain import (
    keep_frequencies,
    load_frequencies,
    save_frequencies,
    weights_of,
)
from ingest.resolution.matching.raw import RawBatch
from ingest.resolution.matching.rules import MatchRules
from ingest.resolution.matching.scoring import ScoreModel, fitted_prior, score
from ingest.resolution.matching.staging import StagedTable, choose, stage
from ingest.resolution.matching.store import MatchStore
from ingest.resolution.matching.training import train
from kg_platform.errors import BadInput
from tests.support.two_sources import again, people

RULES = MatchRules.model_validate(
    {
        "compare": [
            {"column": "label", "as": "name"},
            {"column": "born", "as": "date"},
            {"column": "city", "as": "exact"},
        ],
        "block": ["label", "born", "words(label)"],
    }
)


def batch() -> RawBatch:
    everybody = people(120)
    rows = [*everybody, *again(everybody[:80])]
    names = ("label", "born", "city")
    columns = {name: [row.get(name) for row in rows] for name in names}
    return RawBatch([row["id"] for row in rows], [[row["source"]] for row in rows], columns)


@pytest.fixture(scope="module")
def learnt() -> Iterator[tuple[MatchStore, StagedTable, ScoreModel, dict[tuple[str, str], float]]]:
    with MatchStore(threads=1) as store:
        table = stage(store, "entities", RULES, [batch()])
        model = train(store, table, RULES)
        assert model is not None
        model, (ones, others, chances) = score(store, table, model)
        yield store, table, model, dict(zip(zip(ones, others, strict=True), chances, strict=True))


def test_it_finds_who_is_one_without_a_label(learnt: Any) -> None:
    _, table, model, pairs = learnt
    said = {ends for ends, chance in pairs.items() if chance >= 0.5}
    right = {ends for ends in said if ends[0][1:] == ends[1][1:]}
    assert len(right) >= 70
    assert len(said) - len(right) <= 1
    assert all(one[0] != other[0] for one, other in pairs), "never two of one source"
    everything = table.count * (table.count - 1) / 2
    assert model.prior * everything == pytest.approx(sum(pairs.values()), rel=0.01)


def test_the_weights_of_a_pair_are_its_probability(learnt: Any, tmp_path: Path) -> None:
    store, table, model, pairs = learnt
    keep_frequencies(store, table, model)
    asked = list(pairs)[:10] + list(pairs)[-5:]
    found = weights_of(store, table, model, asked)
    for ends in asked:
        assert found[ends].probability == pytest.approx(pairs[ends], abs=1e-9)
        bits = [bits for _, _, bits in found[ends].comparisons]
        assert found[ends].total == pytest.approx(found[ends].prior + sum(bits))
    best = found[asked[0]]
    assert [name for name, _, _ in best.comparisons] == ["label", "born", "city"]
    assert best.lines()[-1][0] == "sum"
    # From files, for two entities alone, as a report has them.
    save_frequencies(store, table, model, tmp_path, "0")
    with MatchStore(threads=1) as other:
        two = stage(other, "entities", RULES, [batch()])
        load_frequencies(other, two, model, tmp_path, "0")
        again_ = weights_of(other, two, model, asked[:1])
    assert again_[asked[0]].total == pytest.approx(best.total)


def test_new_ones_are_scored_as_all_are(learnt: Any) -> None:
    store, table, model, pairs = learnt
    new = choose(store, table, {"b1", "b2", "a3"})
    _, (ones, others, chances) = score(store, table, model, new)
    found = dict(zip(zip(ones, others, strict=True), chances, strict=True))
    wanted = {ends: p for ends, p in pairs.items() if {"b1", "b2", "a3"} & set(ends)}
    assert found == pytest.approx(wanted)


def test_a_block_of_too_many_pairs_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from ingest.resolution.matching import training

    monkeypatch.setattr(training, "MOST_PAIRS", 1_000)
    with MatchStore(threads=1) as store:
        table = stage(store, "entities", RULES, [batch()])
        wide = RULES.model_copy(update={"block": [["city"]]})
        with pytest.raises(BadInput, match=r"block \[city\] is left out: it makes 2,\d\d\d pairs"):
            train(store, table, wide)


def test_the_prior_agrees_with_what_it_leads_to() -> None:
    weights = np.array([40.0] * 30 + [-5.0] * 500)
    assert fitted_prior(weights, 100) * 4950 == pytest.approx(30, rel=0.1)
    assert fitted_prior(np.array([-9.0]), 100) == pytest.approx(0.5 / 4950), "next to none"
