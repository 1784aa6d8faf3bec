"""Facts that are held out, and that they stay so while a graph grows and shrinks."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.data.splits import Rule, fact_keys, hold_out, id_keys
from tests.support.facts import draw

NAMES = id_keys([f"e{i}" for i in range(60)])
TYPES = id_keys(list("abcd"))


def rows(triples: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(row) for row in triples.tolist()}


def facts(seed: int, count: int = 240, entities: int = 30) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return np.unique(generator.integers((entities, 4, entities), size=(count, 3)), axis=0)


def split(triples: np.ndarray, seed: int = 0, like: Rule | None = None):
    return hold_out(triples, fact_keys(triples, NAMES, TYPES, seed), seed, 0.1, 0.2, like)


@pytest.mark.parametrize("seed", range(5))
def test_every_entity_and_relation_keeps_a_training_fact(seed: int) -> None:
    triples = facts(seed)
    train, valid, test, _ = split(triples, seed)
    assert rows(train) | rows(valid) | rows(test) == rows(triples)
    assert len(train) + len(valid) + len(test) == len(triples)
    assert set(train[:, [0, 2]].flat) == set(triples[:, [0, 2]].flat)
    assert set(train[:, 1]) == set(triples[:, 1])
    assert len(valid) == round(0.1 * len(triples))
    assert len(test) == round(0.2 * len(triples))


def test_the_seed_and_the_ids_decide_not_the_order_or_the_numbering() -> None:
    triples = facts(1)
    first, other = split(triples, 1), split(triples, 2)
    shuffled = split(np.random.default_rng(0).permutation(triples), 1)
    assert rows(first[1]) == rows(shuffled[1])
    assert rows(first[1]) != rows(other[1])
    turned = np.arange(60)[::-1].copy()  # the same ids under other numbers
    again = triples.copy()
    again[:, [0, 2]] = turned[again[:, [0, 2]]]
    keys = fact_keys(again, NAMES[turned], TYPES, 1)
    found = hold_out(again, keys, 1, 0.1, 0.2)[2]
    assert rows(first[2]) == {(int(turned[h]), r, int(turned[t])) for h, r, t in found.tolist()}


def test_a_chain_has_nothing_to_hold_out() -> None:
    chain = np.array([(i, 0, i + 1) for i in range(0, 20, 2)])
    train, valid, test, _ = split(chain)
    assert (len(train), len(valid), len(test)) == (10, 0, 0)


@pytest.mark.parametrize("seed", range(5))
def test_what_was_trained_on_is_never_held_out_later(seed: int) -> None:
    before = facts(seed, 120)
    train, valid, test, rule = split(before, seed)
    fresh = set()
    for step in range(3):
        gone = np.random.default_rng(step).random(len(before)) < 0.1
        grown = np.unique(np.concatenate([before[~gone], facts(50 + step, 40, 40)]), axis=0)
        held = rows(valid) | rows(test)
        trained = rows(train)
        train, valid, test, rule = split(grown, seed, rule)
        assert not trained & (rows(valid) | rows(test))
        needed = rows(train) & held  # an end lost its other facts
        assert len(needed) < len(held) / 4
        assert set(train[:, [0, 2]].flat) == set(grown[:, [0, 2]].flat)
        fresh |= rows(valid) - rows(before)
        before = grown
    assert fresh, "new facts are held out as well"


def test_a_graph_that_grew_keeps_most_of_its_test_facts_without_the_rule() -> None:
    before = facts(3)
    grown = np.unique(np.concatenate([before, facts(4, 20)]), axis=0)
    old, new = rows(split(before)[2]), rows(split(grown)[2])
    assert len(old & new) > 0.8 * len(old)


def test_the_keys_of_facts_are_spread_evenly_and_differ() -> None:
    triples = np.array([(h, r, t) for h in range(40) for r in range(4) for t in range(40)])
    keys = fact_keys(triples, NAMES, TYPES)
    assert len(np.unique(keys)) == len(keys)
    counts = np.bincount((keys >> np.uint64(60)).astype(int), minlength=16)
    assert counts.min() > 0.8 * len(keys) / 16
    assert len(draw().valid) > 0
