"""Where it is good: the ranking figures of a split, in parts.

Each ranking asks for one missing entity of a fact: its tail, then its head. The parts are by
direction, relation, the relation's cardinality, the missing entity's degree, and whether the
missing entity has each modality. A part without rankings is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.data.dataset import Dataset
from embeddings.data.triples import Ints
from embeddings.evaluation.ranking import (
    RankingMetrics,
    Rankings,
    Scores,
    facts_of,
    metrics,
    rankings,
)

# "Many" from so many on, of heads a tail or tails a head, on average (Bordes et al. 2013, 4.3).
MANY = 1.5
# Training facts of an entity: the last degree of each bucket but the open one.
DEGREES = (0, 1, 3, 7, 15, 31, 63, 127)
KINDS = ("1-1", "1-n", "n-1", "n-n", "untrained")
DIGITS = 6

Parts = Mapping[str, RankingMetrics]


@dataclass(frozen=True)
class Breakdown:
    """A split's figures, all of it and by part.

    `direction` "tail" and "head" is what was missing. `cardinality` is "1-n tail" and so on: the
    relation's kind, and what was missing; the "n" of 1-n is on the tails' side. `degree` counts
    the missing entity's training facts. `modality` is "with text", "without text" and so on.
    """

    overall: RankingMetrics
    direction: Parts
    relation: Parts
    cardinality: Parts
    degree: Parts
    modality: Parts

    def as_dict(self) -> dict[str, Any]:
        """For JSON: overall flat, then part -> name -> figures and the count of rankings."""
        return {
            "overall": _row(self.overall),
            "direction": _rows(self.direction),
            "relation": _rows(self.relation),
            "cardinality": _rows(self.cardinality),
            "degree": _rows(self.degree),
            "modality": _rows(self.modality),
        }


def rank_in_parts(trained: Scores, dataset: Dataset, split: str = "test") -> Breakdown:
    """Rank a split once, and break the figures down.

    Raises:
        BadInput: the split has no triples, or a vector or a score is not a number.
    """
    triples = facts_of(dataset, split)
    return break_down(rankings(trained.scorer, dataset, triples), dataset, triples)


def break_down(found: Rankings, dataset: Dataset, triples: Ints) -> Breakdown:
    """The rankings of (n, 3) triples, n > 0, as `rankings` gives them, in parts."""
    missing = np.concatenate([triples[:, 2], triples[:, 0]])
    relation = np.tile(triples[:, 1], 2)
    tail = np.arange(len(found)) < len(triples)
    kinds = cardinalities(dataset.train, dataset.relations)
    pairs = [f"{kind} {end}" for kind in KINDS for end in ("tail", "head")]
    return Breakdown(
        overall=metrics(found.ranks, found.candidates),
        direction=_by_number(found, ~tail + 0, ("tail", "head")),
        relation=_by_number(found, relation, dataset.relation_types),
        cardinality=_by_number(found, 2 * kinds[relation] + ~tail, pairs),
        degree=_by_number(found, degree_buckets(dataset)[missing], degree_names()),
        modality={
            name: part
            for modality, features in sorted(dataset.features.items())
            for name, part in _by_number(
                found, 1 - features.present[missing], (f"with {modality}", f"without {modality}")
            ).items()
        },
    )


def cardinalities(train: Ints, relations: int) -> Ints:
    """(R,) positions in KINDS: how many tails a head has, and heads a tail, on average.

    Over the (head, relation) pairs that training facts have: tails a pair, averaged for each
    relation; heads likewise. MANY or more of them is "n" (Bordes et al. 2013). A relation without
    training facts is "untrained".
    """
    unique = np.unique(train, axis=0)
    facts = np.bincount(unique[:, 1], minlength=relations)
    per_head = _mean_a_query(unique[:, [0, 1]], facts)
    per_tail = _mean_a_query(unique[:, [2, 1]], facts)
    kinds = 2 * (per_tail >= MANY) + (per_head >= MANY)
    return np.where(facts > 0, kinds, KINDS.index("untrained")).astype(np.int64)


def degree_buckets(dataset: Dataset) -> Ints:
    """(N,) positions in `degree_names()`: in how many training facts an entity is an end."""
    ends = np.bincount(dataset.train[:, [0, 2]].reshape(-1), minlength=dataset.entities)
    loops = dataset.train[dataset.train[:, 0] == dataset.train[:, 2], 0]
    degrees = ends - np.bincount(loops, minlength=dataset.entities)  # a loop is one fact
    return np.searchsorted(DEGREES, degrees).astype(np.int64)


def degree_names() -> tuple[str, ...]:
    """ "0", "1", "2-3", ... and the open one."""
    firsts = (0, *(last + 1 for last in DEGREES))
    closed = (str(a) if a == b else f"{a}-{b}" for a, b in zip(firsts, DEGREES, strict=False))
    return (*closed, f"{firsts[-1]}+")


def _mean_a_query(ends: Ints, facts: Ints) -> NDArray[np.float64]:
    """(n, 2) of (entity, relation) -> (R,) facts a different pair, for each relation."""
    pairs = np.bincount(np.unique(ends, axis=0)[:, 1], minlength=len(facts))
    return facts / np.maximum(pairs, 1)


def _by_number(found: Rankings, numbers: Ints, names: Sequence[str]) -> dict[str, RankingMetrics]:
    """Split by a whole number from 0, which stands for a name. O(n log n)."""
    order = np.argsort(numbers, kind="stable")
    bounds = np.searchsorted(numbers[order], np.arange(len(names) + 1))
    parts = ((name, order[bounds[i] : bounds[i + 1]]) for i, name in enumerate(names))
    return {
        name: metrics(found.ranks[own], found.candidates[own]) for name, own in parts if len(own)
    }


def _row(found: RankingMetrics) -> dict[str, float]:
    rounded = {name: round(value, DIGITS) for name, value in found.as_dict().items()}
    return {**rounded, "count": found.count}


def _rows(parts: Parts) -> dict[str, dict[str, float]]:
    return {name: _row(found) for name, found in parts.items()}
