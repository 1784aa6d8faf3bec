"""What training sees: integer triples in three splits, ids to name them, features beside them.

A triple is a row (head, relation, tail) of positions in `entity_ids` and `relation_types`. Inverse
("reciprocal") relations are numbered after the real ones: the inverse of `r` is `r + relations`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embeddings.data.splits import Rule, fact_keys, hold_out, id_keys
from kg_platform.errors import BadInput, NotFound

if TYPE_CHECKING:
    from embeddings.data.snapshot import Snapshot
    from embeddings.features.build import Features

Ints = NDArray[np.int64]
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
        return {
            "entities": self.entities,
            "relations": self.relations,
            **sizes,
            "split_hash": self.split_hash,
        }


@dataclass(frozen=True)
class Groups:
    """Triples grouped by query (head, relation), both directions, as offsets into one tail array.

    `keys` (q,) int64 sorted, head * (2 * relations) + relation; the tails of query i are
    `tails[offsets[i]:offsets[i + 1]]`, sorted.
    """

    keys: Ints
    offsets: Ints
    tails: Ints
    width: int

    @property
    def heads(self) -> Ints:
        return self.keys // self.width

    @property
    def relations(self) -> Ints:
        return self.keys % self.width

    def __len__(self) -> int:
        return len(self.keys)

    def pick(self, queries: Ints) -> tuple[Ints, Ints]:
        """The tails of some queries, by position: (rows, tails), rows counting `queries`."""
        starts, counts = self.offsets[queries], self.offsets[queries + 1] - self.offsets[queries]
        rows = np.repeat(np.arange(len(queries)), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return rows, self.tails[np.repeat(starts, counts) + within]

    def only(self, keys: Ints) -> Groups:
        """The queries with these keys, (k,) sorted, and all their tails."""
        chosen = np.searchsorted(self.keys, keys)
        rows, tails = self.pick(chosen)
        counts = np.bincount(rows, minlength=len(chosen))
        return Groups(keys, np.append(0, np.cumsum(counts)), tails, self.width)

    def lookup(self, heads: Ints, relations: Ints) -> tuple[Ints, Ints]:
        """The known tails of (head, relation) pairs, as `pick` gives them; none is no error."""
        wanted = heads * self.width + relations
        at = np.searchsorted(self.keys, wanted)
        at_safe = np.minimum(at, len(self.keys) - 1)
        found = np.flatnonzero(self.keys[at_safe] == wanted) if len(self.keys) else at[:0]
        rows, tails = self.pick(at_safe[found])
        return found[rows], tails


def group(triples: Ints, relations: int) -> Groups:
    """Group (n, 3) triples and their inverses by (head, relation). Duplicates count once.

    A triple is one number, (head * 2R + relation) * N + tail: one sort of 2n numbers, O(n log n).
    Where that does not fit into 63 bits, rows of two numbers are sorted, which takes 5 x as long.
    """
    width = max(2 * relations, 1)
    both = _queries_and_tails(triples, relations)
    many = int(triples[:, ::2].max(initial=-1)) + 1
    if many * width * many < 1 << 63:
        cells = both[0] * many
        cells += both[1]
        del both
        cells.sort()
        fresh = np.ones(len(cells), dtype=bool)
        np.not_equal(cells[1:], cells[:-1], out=fresh[1:])
        queries, tails = np.divmod(cells[fresh], max(many, 1))
    else:
        queries, tails = np.unique(both, axis=1)
    first = np.ones(len(queries), dtype=bool)
    np.not_equal(queries[1:], queries[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    return Groups(queries[starts], np.append(starts, len(queries)), tails, width)


def _queries_and_tails(triples: Ints, relations: int) -> Ints:
    """(n, 3) -> (2, 2n): the query of each triple and of its inverse, as a number; its tail."""
    heads, kinds, tails = triples.T
    both = np.empty((2, 2 * len(triples)), dtype=np.int64)
    forward, inverse = both[:, : len(triples)], both[:, len(triples) :]
    forward[0], forward[1] = heads * (2 * relations) + kinds, tails
    inverse[0], inverse[1] = tails * (2 * relations) + kinds + relations, heads
    return both


def with_inverses(triples: Ints, relations: int) -> Ints:
    """(n, 3) -> (2n, 3): every (h, r, t), then every (t, r + relations, h)."""
    inverse = np.stack([triples[:, 2], triples[:, 1] + relations, triples[:, 0]], axis=1)
    return np.concatenate([triples, inverse])


def from_snapshot(
    snapshot: Snapshot,
    features: Mapping[str, Features],
    seed: int,
    valid_share: float = 0.05,
    test_share: float = 0.05,
    like: Rule | None = None,
    rejected: Iterable[tuple[str, str, str]] = (),
) -> Dataset:
    """The dataset of a snapshot: its own splits where relationships carry them, else drawn ones,
    by the rule `like` of an earlier run if there is one.

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
        drawn = seed if like is None else like.seed
        keys = fact_keys(triples, id_keys(ids), id_keys(types), drawn)
        train, valid, test, rule = hold_out(triples, keys, drawn, valid_share, test_share, like)
    wrong = _numbered(rejected, ids, types, triples)
    return _checked(Dataset(ids, types, train, valid, test, features, rule, wrong))


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


def from_folder(path: Path, train_file: str = "train.tsv") -> Dataset:
    """A published split: `train.tsv valid.tsv test.tsv` (head, relation, tail), no features.

    The entities are those of the three files and of `entities.jsonl` where there is one; each of
    them is a candidate in ranking. Ids are sorted, so positions do not depend on the files' order.

    Raises:
        NotFound: the folder or a file is missing.
        BadInput: a row does not have three columns, or there is nothing to train on.
    """
    files = {"train": train_file, "valid": "valid.tsv", "test": "test.tsv"}
    rows = {name: list(_rows(path / file)) for name, file in files.items()}
    entities = {end for split in rows.values() for h, _, t in split for end in (h, t)}
    entities.update(str(row["id"]) for row in entity_rows(path))
    relations = {relation for split in rows.values() for _, relation, _ in split}
    entity_ids, relation_types = sorted(entities), sorted(relations)
    place = {name: position for position, name in enumerate(entity_ids)}
    kind = {name: position for position, name in enumerate(relation_types)}
    train, valid, test = (
        np.array([(place[h], kind[r], place[t]) for h, r, t in part], np.int64).reshape(-1, 3)
        for part in rows.values()
    )
    return _checked(Dataset(entity_ids, relation_types, train, valid, test))


def entity_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a folder's `entities.jsonl`; nothing when there is no such file.

    Raises:
        BadInput: a line is not a JSON object with an `id`.
    """
    file = path / "entities.jsonl"
    if not file.is_file():
        return
    for number, line in enumerate(_lines(file), 1):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise BadInput(f"{file}, line {number}: this is not JSON; correct the line.") from error
        if not isinstance(row, dict) or "id" not in row:
            raise BadInput(f'{file}, line {number}: an entity needs an "id"; add one.')
        yield row


def _rows(file: Path) -> Iterator[tuple[str, str, str]]:
    for number, line in enumerate(_lines(file), 1):
        parts = line.split("\t")
        if len(parts) != 3 or not all(parts):
            raise BadInput(
                f"{file}, line {number}: expected head, relation and tail with tabs between them."
            )
        if number == 1 and [part.lower() for part in parts] == ["head", "relation", "tail"]:
            continue
        yield parts[0], parts[1], parts[2]


def _lines(file: Path) -> Iterable[str]:
    try:
        with file.open(encoding="utf-8", newline="\n") as stream:
            for line in stream:
                if line.strip():
                    yield line.rstrip("\r\n")
    except FileNotFoundError as error:
        raise NotFound(
            f"{file} is not there; a benchmark folder has train.tsv, valid.tsv and test.tsv."
        ) from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not UTF-8 text; save it as UTF-8.") from error


def _checked(dataset: Dataset) -> Dataset:
    if len(dataset.train) == 0:
        raise BadInput(NO_FACTS)
    return dataset
