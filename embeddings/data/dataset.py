"""What training sees: integer triples in three splits, ids to name them, features beside them.

A triple is a row (head, relation, tail) of positions in `entity_ids` and `relation_types`. Inverse
("reciprocal") relations are numbered after the real ones: the inverse of `r` is `r + relations`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings.data.snapshot import Snapshot
from embeddings.data.splits import Rule, Unit, hold_out, id_keys, split_keys
from embeddings.data.triples import Groups, Ints, group
from kg_platform.errors import BadInput

if TYPE_CHECKING:
    from embeddings.data.feature_matrix import Features

SPLITS = ("train", "valid", "test")
NO_FACTS = (
    "There are no facts to train on: the graph or folder needs at least one relation between two "
    "entities."
)


@dataclass(frozen=True)
class Dataset:
    """Entities, relations, three splits of (n, 3) int64 triples, features of the entities; and
    triples that people `rejected`, which are in no split."""

    entity_ids: list[str]
    relation_types: list[str]
    train: Ints
    valid: Ints
    test: Ints
    features: Mapping[str, Features] = field(default_factory=dict)
    rule: Rule | None = None  # what drew the splits; None: they were given
    rejected: Ints = field(default_factory=lambda: np.zeros((0, 3), np.int64))
    left_out: int = 0  # facts given for training or validation that were given as held out, too
    notes: tuple[str, ...] = ()  # what a person should know of how its files were read

    @property
    def entities(self) -> int:
        return len(self.entity_ids)

    @property
    def relations(self) -> int:
        return len(self.relation_types)

    def split(self, name: str) -> Ints:
        """The triples of "train", "valid" or "test"."""
        if name not in SPLITS:
            raise BadInput(f"There is no split {name!r}; the splits are {', '.join(SPLITS)}.")
        triples: Ints = getattr(self, name)
        return triples

    @cached_property
    def split_hash(self) -> str:
        """SHA-256 of ids, relation types and the three splits: what a figure was measured on."""
        digest = hashlib.sha256()
        for names in (self.entity_ids, self.relation_types):
            digest.update(json.dumps(names).encode())
        for name in SPLITS:
            digest.update(np.ascontiguousarray(self.split(name), dtype="<i8").tobytes())
            digest.update(b"|")
        return digest.hexdigest()

    @cached_property
    def known(self) -> Groups:
        """The tails of every query over all splits: the facts that filtered ranking leaves out."""
        return group(np.concatenate([self.train, self.valid, self.test]), self.relations)

    def summary(self) -> dict[str, Any]:
        """Sizes and the split's hash, for the ledger and the manifest."""
        sizes = {name: len(self.split(name)) for name in SPLITS}
        if len(self.rejected):
            sizes["rejected"] = len(self.rejected)
        if self.left_out:
            sizes["left_out"] = self.left_out
        return {
            "entities": self.entities,
            "relations": self.relations,
            **sizes,
            "split_hash": self.split_hash,
        }


def from_snapshot(
    snapshot: Snapshot,
    features: Mapping[str, Features],
    seed: int,
    valid_share: float = 0.05,
    test_share: float = 0.05,
    like: Rule | None = None,
    rejected: Iterable[tuple[str, str, str]] = (),
    unit: Unit = "pair",
) -> Dataset:
    """The dataset of a snapshot: its own splits where relationships carry them, else drawn ones,
    by the rule `like` of an earlier run if there is one; `unit` is what is held out together.

    In a graph with splits, a fact that carries none is a training fact. Of what was `rejected`,
    (head, relation, tail) by ids, counts what the snapshot can name and does not state.

    Raises:
        BadInput: there is nothing to train on.
    """
    triples = np.asarray(snapshot.triples(), dtype=np.int64).reshape(-1, 3)
    ids, types = snapshot.entity_ids(), snapshot.relation_types()
    marks, rule = snapshot.splits(), None
    if marks is not None:
        held_out = (marks == 1) | (marks == 2)
        train, valid, test = triples[~held_out], triples[marks == 1], triples[marks == 2]
    else:
        drawn, unit = (seed, unit) if like is None else (like.seed, like.unit)
        keys = split_keys(unit, triples, id_keys(ids), id_keys(types), drawn)
        train, valid, test, rule = hold_out(
            triples, keys, drawn, valid_share, test_share, like, unit
        )
    wrong = _numbered(rejected, ids, types, triples)
    return checked(Dataset(ids, types, train, valid, test, features, rule, wrong))


def _numbered(
    rejected: Iterable[tuple[str, str, str]], ids: list[str], types: list[str], facts: Ints
) -> Ints:
    wanted = sorted(set(rejected))
    if not wanted:
        return np.zeros((0, 3), np.int64)
    place = {name: position for position, name in enumerate(ids)}
    kind = {name: position for position, name in enumerate(types)}
    rows = [
        (place[h], kind[r], place[t])
        for h, r, t in wanted
        if h in place and r in kind and t in place
    ]
    found = np.array(rows, np.int64).reshape(-1, 3)
    many, width = len(ids), len(types)
    stated = np.isin((found[:, 0] * width + found[:, 1]) * many + found[:, 2],
                     (facts[:, 0] * width + facts[:, 1]) * many + facts[:, 2])  # fmt: skip
    return found[~stated]


def checked(dataset: Dataset) -> Dataset:
    if len(dataset.train) == 0:
        raise BadInput(NO_FACTS)
    return dataset


def usable_triples(snapshot: Snapshot, relation_types: Sequence[str]) -> Ints:
    """(n, 3) the facts that are not held out, by positions and by the places of their types in
    `relation_types`; -1 for a type that is not there."""
    triples = np.array(snapshot.triples(), np.int64).reshape(-1, 3)
    marks = snapshot.splits()
    usable = triples if marks is None else triples[(marks != 1) & (marks != 2)]
    number = {name: place for place, name in enumerate(relation_types)}
    kinds = np.array([number.get(name, -1) for name in snapshot.relation_types()], np.int64)
    usable[:, 1] = kinds[usable[:, 1]]
    return usable
