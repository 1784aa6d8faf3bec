"""Which facts are held out. Each fact has a number of its own, drawn from its ids and the seed.

Facts with the lowest numbers are for validation, those with the highest for test. So a graph that
grows keeps its held-out facts: two runs on it can be compared on the same ones, and a run that goes
on from an earlier one (`warm_start.py`) is never judged by facts that it was trained on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]

MIDDLE = np.uint64(1 << 63)
# Odd constants of the 64-bit finaliser "splitmix64" (Steele, Lea, Flood 2014).
MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True)
class Rule:
    """What decided: facts whose numbers are below `valid_below` are for validation, those from
    `test_from` on for test, but for the facts `kept` (k,) in training, which ends there need."""

    seed: int
    valid_below: int
    test_from: int
    kept: Keys

    def as_dict(self) -> dict[str, Any]:
        """For a manifest; `kept` is an array and goes beside it."""
        return {"seed": self.seed, "valid_below": self.valid_below, "test_from": self.test_from}

    @classmethod
    def of(cls, about: Mapping[str, Any], kept: Keys) -> Rule:
        return cls(int(about["seed"]), int(about["valid_below"]), int(about["test_from"]), kept)


def id_keys(ids: Sequence[str]) -> Keys:
    """(N,) 64 bits of BLAKE2b of each id or name."""
    whole = b"".join(hashlib.blake2b(i.encode(), digest_size=8).digest() for i in ids)
    return np.frombuffer(whole, dtype="<u8").astype(np.uint64)


def fact_keys(triples: Ints, entities: Keys, relations: Keys, seed: int = 0) -> Keys:
    """(n, 3) triples, and the keys of what they name -> (n,) a number each, as good as random."""
    heads, kinds, tails = triples.T
    keys = mixed(entities[heads] + np.uint64(seed))
    keys = mixed(keys ^ relations[kinds])
    return mixed(keys + MIX[0] + entities[tails])


def short_keys(
    triples: Ints, entity_ids: Sequence[str], relation_types: Sequence[str]
) -> NDArray[np.uint32]:
    """(n, 3) triples -> (n,) the upper half of each one's number. Of a million facts one new one in
    4,000 has the number of another."""
    keys = fact_keys(triples, id_keys(entity_ids), id_keys(relation_types))
    return (keys >> np.uint64(32)).astype(np.uint32)


def hold_out(
    triples: Ints, keys: Keys, seed: int, valid: float, test: float, like: Rule | None = None
) -> tuple[Ints, Ints, Ints, Rule]:
    """Split (n, 3) triples with their (n,) keys: (train, valid, test, the rule that did it).

    Every entity and every relation keeps a training fact, so that in a sparse graph less than the
    shares `valid` and `test` is held out. With the rule of an earlier split, facts that were there
    fall as they fell then, but that those of deleted entities are gone; the shares do not count.
    O(n log n).
    """
    # The fact an end keeps is the one that is least wanted elsewhere.
    order = np.argsort(np.where(keys < MIDDLE, MIDDLE - keys, keys - MIDDLE), kind="stable")
    free = np.ones(len(triples), dtype=bool)
    ends = triples[order][:, [0, 2]].reshape(-1)  # interleaved: the first fact at either end
    free[order[np.unique(ends, return_index=True)[1] // 2]] = False
    free[order[np.unique(triples[order, 1], return_index=True)[1]]] = False
    if like is None:
        below, start = _bounds(np.sort(keys[free]), len(triples), valid, test)
        rule = Rule(seed, below, start, np.zeros(0, np.uint64))
    else:
        rule = like
        free &= ~np.isin(keys, like.kept)
    lowest, highest = keys < np.uint64(rule.valid_below), keys >= np.uint64(rule.test_from)
    kept = np.union1d(keys[~free & (lowest | highest)], rule.kept)
    for_valid, for_test = free & lowest, free & highest
    rule = Rule(rule.seed, rule.valid_below, rule.test_from, kept)
    return triples[~(for_valid | for_test)], triples[for_valid], triples[for_test], rule


def _bounds(free: Keys, count: int, valid: float, test: float) -> tuple[int, int]:
    """The bounds that hold out these shares of `count` facts, of the sorted `free` (f,) keys."""
    most = len(free) // 2 if test else len(free)
    of_valid = min(round(count * valid), most)
    of_test = min(round(count * test), len(free) - of_valid)
    below = int(free[of_valid - 1]) + 1 if of_valid else 0
    return below, int(free[len(free) - of_test]) if of_test else (1 << 64) - 1


def mixed(keys: Keys) -> Keys:
    """Every bit of the result depends on every bit given: the end of splitmix64."""
    keys = (keys ^ (keys >> np.uint64(30))) * MIX[1]
    keys = (keys ^ (keys >> np.uint64(27))) * MIX[2]
    found: Keys = keys ^ (keys >> np.uint64(31))
    return found
