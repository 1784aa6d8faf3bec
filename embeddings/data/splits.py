"""Which facts are held out. The facts of two ends share a number, drawn from the ids and the seed.

Facts with the lowest numbers are for validation, those with the highest for test. So a graph that
grows keeps its held-out facts: two runs on it can be compared on the same ones, and a run that goes
on from an earlier one (`warm_start.py`) is never judged by facts that it was trained on.

Whatever joins the same two ends, in either direction and under any relation, is in one part: a fact
whose mirror, inverse or synonym was a training fact asks for nothing but to remember it (Toutanova
and Chen 2015; Akrami et al. 2020). Which relations are such is not looked for: that would depend
on all facts, and a graph that grows would move facts from one part to another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]
# What has a number: two ends with all that joins them, or, in runs of earlier versions, each fact.
Unit = Literal["pair", "fact"]

MIDDLE = np.uint64(1 << 63)
# Odd constants of the 64-bit finaliser "splitmix64" (Steele, Lea, Flood 2014).
MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True)
class Rule:
    """What decided: facts whose numbers are below `valid_below` are for validation, those from
    `test_from` on for test, but for the numbers `kept` (k,) in training, which ends there need."""

    seed: int
    valid_below: int
    test_from: int
    kept: Keys
    unit: Unit = "pair"

    def as_dict(self) -> dict[str, Any]:
        """For a manifest; `kept` is an array and goes beside it."""
        return {
            "seed": self.seed,
            "valid_below": self.valid_below,
            "test_from": self.test_from,
            "unit": self.unit,
        }

    @classmethod
    def of(cls, about: Mapping[str, Any], kept: Keys) -> Rule:
        """What `as_dict` gave, of this version or an earlier one."""
        unit = cast(Unit, about.get("unit", "fact"))
        bounds = int(about["valid_below"]), int(about["test_from"])
        return cls(int(about["seed"]), *bounds, kept, unit)


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


def pair_keys(triples: Ints, entities: Keys, seed: int = 0) -> Keys:
    """(n, 3) triples, and the keys of entities -> (n,) a number for each two ends, whichever of
    them is the head and whatever the relation."""
    places = mixed(entities + np.uint64(seed))
    heads, tails = places[triples[:, 0]], places[triples[:, 2]]
    return mixed(mixed(np.minimum(heads, tails) + MIX[0]) ^ np.maximum(heads, tails))


def split_keys(unit: Unit, triples: Ints, entities: Keys, relations: Keys, seed: int) -> Keys:
    """(n,) the numbers by which triples (n, 3) are held out."""
    if unit == "pair":
        return pair_keys(triples, entities, seed)
    return fact_keys(triples, entities, relations, seed)


def short_keys(
    triples: Ints, entity_ids: Sequence[str], relation_types: Sequence[str]
) -> NDArray[np.uint32]:
    """(n, 3) triples -> (n,) the upper half of each one's number. Of a million facts one new one in
    4,000 has the number of another."""
    keys = fact_keys(triples, id_keys(entity_ids), id_keys(relation_types))
    return (keys >> np.uint64(32)).astype(np.uint32)


def hold_out(
    triples: Ints,
    keys: Keys,
    seed: int,
    valid: float,
    test: float,
    like: Rule | None = None,
    unit: Unit = "pair",
) -> tuple[Ints, Ints, Ints, Rule]:
    """Split (n, 3) triples with their (n,) keys of a `unit`: (train, valid, test, the rule that did
    it). Triples with the same key are in the same part.

    Every entity and every relation keeps a training fact, so that in a sparse graph less than the
    shares `valid` and `test` is held out. With the rule of an earlier split, facts that were there
    fall as they fell then, but that those of deleted entities are gone; the shares do not count.
    O(n log n).
    """
    # The fact an end keeps is the one that is least wanted elsewhere.
    order = np.argsort(np.where(keys < MIDDLE, MIDDLE - keys, keys - MIDDLE), kind="stable")
    needed = np.zeros(len(triples), dtype=bool)
    ends = triples[order][:, [0, 2]].reshape(-1)  # interleaved: the first fact at either end
    needed[order[np.unique(ends, return_index=True)[1] // 2]] = True
    needed[order[np.unique(triples[order, 1], return_index=True)[1]]] = True
    free = ~np.isin(keys, keys[needed])
    if like is None:
        below, start = _bounds(keys[free], len(triples), valid, test)
        rule = Rule(seed, below, start, np.zeros(0, np.uint64), unit)
    else:
        rule = like
        free &= ~np.isin(keys, like.kept)
    lowest, highest = keys < np.uint64(rule.valid_below), keys >= np.uint64(rule.test_from)
    kept = np.union1d(keys[~free & (lowest | highest)], rule.kept)
    for_valid, for_test = free & lowest, free & highest
    rule = Rule(rule.seed, rule.valid_below, rule.test_from, kept, rule.unit)
    return triples[~(for_valid | for_test)], triples[for_valid], triples[for_test], rule


def _bounds(free: Keys, count: int, valid: float, test: float) -> tuple[int, int]:
    """The bounds that hold out these shares of `count` facts, of the `free` (f,) keys: as many
    facts as wanted, and those that share the last one's key."""
    free = np.sort(free)
    most = len(free) // 2 if test else len(free)
    of_valid = min(round(count * valid), most)
    of_test = min(round(count * test), len(free) - of_valid)
    below = int(free[of_valid - 1]) + 1 if of_valid else 0
    start = int(free[len(free) - of_test]) if of_test else (1 << 64) - 1
    return min(below, start), start


def mixed(keys: Keys) -> Keys:
    """Every bit of the result depends on every bit given: the end of splitmix64."""
    keys = (keys ^ (keys >> np.uint64(30))) * MIX[1]
    keys = (keys ^ (keys >> np.uint64(27))) * MIX[2]
    found: Keys = keys ^ (keys >> np.uint64(31))
    return found
