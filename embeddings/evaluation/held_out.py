"""What training could know of the test facts: those it saw, those it can read off others, those it
knows nothing of.

A test fact whose ends a training fact joins, reversed or under another relation, is often answered
by that alone (Toutanova and Chen 2015; Akrami et al. 2020). Splits that are drawn here have none
(`splits.py`); of those that somebody gave it is counted, and nothing is moved.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.data.dataset import Dataset
from embeddings.data.splits import pair_keys
from embeddings.data.triples import Ints


@dataclass(frozen=True)
class HeldOut:
    """Of `facts` test facts, how many are training facts too; how many others have ends that a
    training fact joins, in either direction; how many have an end, or a relation, that no training
    fact has."""

    facts: int
    leaked: int
    joined: int
    unseen_entities: int
    unseen_relations: int

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def held_out(dataset: Dataset) -> HeldOut:
    """Look at the test facts of a dataset beside its training facts. O(n log n)."""
    train, test = dataset.train, dataset.test
    numbers = np.arange(dataset.entities, dtype=np.uint64)
    joining, joined = pair_keys(train, numbers), pair_keys(test, numbers)
    near = np.isin(joined, joining)
    # Rows are compared only where the ends are the same: few, in most splits.
    leaked = np.isin(_rows(test), _rows(train[np.isin(joining, joined)]))
    entities = np.zeros(dataset.entities, dtype=bool)
    entities[train[:, [0, 2]]] = True
    relations = np.zeros(dataset.relations, dtype=bool)
    relations[train[:, 1]] = True
    return HeldOut(
        facts=len(test),
        leaked=int(leaked.sum()),
        joined=int((near & ~leaked).sum()),
        unseen_entities=int((~entities[test[:, [0, 2]]].all(1)).sum()),
        unseen_relations=int((~relations[test[:, 1]]).sum()),
    )


def _rows(triples: Ints) -> NDArray[np.void]:
    """(n, 3) -> (n,) rows that can be sorted and compared as one."""
    kind = [(name, np.int64) for name in ("head", "relation", "tail")]
    return np.ascontiguousarray(triples, np.int64).view(kind)[:, 0]
