"""Facts that are held out, and that they stay so while a graph grows and shrinks."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.data.splits import Rule, Unit, fact_keys, hold_out, id_keys, pair_keys, split_keys
from tests.support.facts import draw

NAMES = id_keys([f"e{i}" for i in range(60)])
TYPES = id_keys(list("abcd"))


def rows(triples: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(row) for row in triples.tolist()}


def facts(seed: int, count: int = 240, entities: int = 30) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return np.unique(generator.integers((entities, 4, entities), size=(count, 3)), axis=0)


@pytest.fixture(params=["pair", "fact"])
def unit(request: pytest.FixtureRequest) -> Unit:
    return request.param


def split(
    triples: np.ndarray,
    seed: int = 0,
    like: Rule | None = None,
    unit: Unit = "pair",
    names: np.ndarray = NAMES,
):
    keys = split_keys(unit, triples, names, TYPES, seed)
    return hold_out(triples, keys, seed, 0.1, 0.2, like, unit)


def pairs(triples: np.ndarray) -> set[tuple[int, int]]:
    return {(min(h, t), max(h, t)) for h, _, t in triples.tolist()}


@pytest.mark.parametrize("seed", range(5))
def test_every_entity_and_relation_keeps_a_training_fact(seed: int, unit: Unit) -> None:
    triples = facts(seed)
    train, valid, test, _ = split(triples, seed, unit=unit)
    assert rows(train) | rows(valid) | rows(test) == rows(triples)
    assert len(train) + len(valid) + len(test) == len(triples)
    assert set(train[:, [0, 2]].flat) == set(triples[:, [0, 2]].flat)
    assert set(train[:, 1]) == set(triples[:, 1])
    # Facts of one pair stay together, so a share may be exceeded by what is left of the last pair.
    more = 0 if unit == "fact" else 3
    assert 0 <= len(valid) - round(0.1 * len(triples)) <= more
    assert 0 <= len(test) - round(0.2 * len(triples)) <= more


@pytest.mark.parametrize("seed", range(3))
def test_whatever_joins_two_ends_is_in_one_part(seed: int) -> None:
    """Mirrors, inverses and synonyms of most facts, and relations that have nothing in common."""
    plain = facts(seed, 200)
    heads, kinds, tails = plain.T
    mirrors = np.stack([tails, kinds, heads], 1)[: len(plain) // 2]
    others = np.stack([heads, (kinds + 1) % 4, tails], 1)[len(plain) // 3 :]
    whole = np.unique(np.concatenate([plain, mirrors, others]), axis=0)
    grown = np.unique(np.concatenate([whole, facts(9, 60, 34)]), axis=0)
    first = split(whole, seed)
    for train, valid, test, _ in (first, split(grown, seed, first[3])):
        assert len(valid)
        assert len(test)
        parts = [pairs(train), pairs(valid), pairs(test)]
        assert sum(map(len, parts)) == len(set.union(*parts))


def test_facts_that_all_join_the_same_two_are_not_in_two_parts() -> None:
    """One pair that may be held out, and it is too large for its share."""
    ring = [(0, 0, 1), (1, 0, 2), (2, 0, 0)]
    more = [(head, kind, head + 1) for head in (0, 1) for kind in (1, 2, 3)]
    whole = np.array([*ring, *more])
    for seed in range(20):
        train, valid, test, _ = split(whole, seed)
        assert len(train) + len(valid) + len(test) == len(whole)
        assert not pairs(train) & (pairs(valid) | pairs(test))


def test_the_number_of_a_pair_has_no_direction() -> None:
    there = np.array([(3, 0, 7), (3, 1, 3), (5, 2, 9)])
    back = there[:, [2, 1, 0]]
    assert pair_keys(there, NAMES, 1).tolist() == pair_keys(back, NAMES, 1).tolist()
    every = np.array([(h, 0, t) for h in range(50) for t in range(h, 50)])
    assert len(np.unique(pair_keys(every, NAMES))) == len(every)


def test_a_rule_is_read_as_it_was_written_and_without_a_unit_is_of_single_facts() -> None:
    rule = split(facts(0))[3]
    assert Rule.of(rule.as_dict(), rule.kept) == rule
    earlier = {"seed": 3, "valid_below": 5, "test_from": 9}
    assert Rule.of(earlier, rule.kept).unit == "fact"


def test_the_seed_and_the_ids_decide_not_the_order_or_the_numbering(unit: Unit) -> None:
    triples = facts(1)
    first, other = split(triples, 1, unit=unit), split(triples, 2, unit=unit)
    shuffled = split(np.random.default_rng(0).permutation(triples), 1, unit=unit)
    assert rows(first[1]) == rows(shuffled[1])
    assert rows(first[1]) != rows(other[1])
    turned = np.arange(60)[::-1].copy()  # the same ids under other numbers
    again = triples.copy()
    again[:, [0, 2]] = turned[again[:, [0, 2]]]
    found = split(again, 1, unit=unit, names=NAMES[turned])[2]
    assert rows(first[2]) == {(int(turned[h]), r, int(turned[t])) for h, r, t in found.tolist()}


def test_a_chain_has_nothing_to_hold_out() -> None:
    chain = np.array([(i, 0, i + 1) for i in range(0, 20, 2)])
    train, valid, test, _ = split(chain)
    assert (len(train), len(valid), len(test)) == (10, 0, 0)


@pytest.mark.parametrize("seed", range(5))
def test_what_was_trained_on_is_never_held_out_later(seed: int, unit: Unit) -> None:
    before = facts(seed, 120)
    train, valid, test, rule = split(before, seed, unit=unit)
    fresh = set()
    for step in range(3):
        gone = np.random.default_rng(step).random(len(before)) < 0.1
        grown = np.unique(np.concatenate([before[~gone], facts(50 + step, 40, 40)]), axis=0)
        held = rows(valid) | rows(test)
        trained = rows(train)
        train, valid, test, rule = split(grown, seed, rule, unit)
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
