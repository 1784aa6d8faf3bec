"""A published split as a folder of files: train.tsv, valid.tsv, test.tsv, entities.jsonl.

They are read as `kg ingest` reads them: packed or not, `.csv` or `.txt` as well, with a header
whose columns stand in any order. A row that ingest would refuse ends it here: a figure on a part
of a published split is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.data.dataset import Dataset, checked
from embeddings.data.triples import Ints
from kg_platform.errors import BadInput, NotFound
from kg_platform.files.json_objects import read_objects
from kg_platform.files.names import CSV, ENTITIES, TABS, TEXT, first_named
from kg_platform.files.triples import open_triples
from kg_platform.records import Rejection

CHOOSING = "train_less_valid"


def from_folder(path: Path, train: str = "train") -> Dataset:
    """A published split: the files `train`, `valid` and `test` (head, relation, tail), no features.

    The entities are those of the three files and of `entities.jsonl` where there is one; each of
    them is a candidate in ranking. Ids are sorted, so positions do not depend on the files' order.
    A fact that stands in two files is held out, as `kg ingest` has it: test before valid before
    train. Where the folder has CHOOSING, `valid` is meant to be a part of `train`.

    Raises:
        NotFound: the folder or a file is missing.
        BadInput: a row is not a fact or an entity, or there is nothing to train on.
    """
    notes: list[str] = []
    rows = [list(_facts(path, name, notes)) for name in (train, "valid", "test")]
    entities = {end for split in rows for h, _, t in split for end in (h, t)}
    entities.update(row["id"] for row in entity_rows(path))
    relations = {relation for split in rows for _, relation, _ in split}
    entity_ids, relation_types = sorted(entities), sorted(relations)
    place = {name: position for position, name in enumerate(entity_ids)}
    kind = {name: position for position, name in enumerate(relation_types)}
    trained, valid, test = (
        np.array([(place[h], kind[r], place[t]) for h, r, t in part], np.int64).reshape(-1, 3)
        for part in rows
    )
    given = len(trained) + len(valid)
    valid = _without(valid, test)
    carved = train != CHOOSING and choosing_file(path) is not None
    trained = _without(trained, test if carved else np.concatenate([valid, test]))
    left_out = given - len(trained) - len(valid)
    found = Dataset(
        entity_ids, relation_types, trained, valid, test, left_out=left_out, notes=tuple(notes)
    )
    return checked(found)


def choosing_file(path: Path) -> Path | None:
    """The file that says that `valid` is carved from `train`, where the folder has one."""
    return _named(path, CHOOSING, (TABS, CSV, TEXT))


def entity_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a folder's `entities.jsonl`, their ids as texts; nothing when there is no such
    file.

    Raises:
        BadInput: a line is not a JSON object with an `id`, or a key of it stands twice.
    """
    file = _named(path, "entities", (ENTITIES,))
    if file is None:
        return
    for number, row in read_objects(file):
        if isinstance(row, Rejection):
            field = "" if row.field == "line" else f"{row.field}: "
            raise BadInput(f"{file}, line {number}: {field}{row.reason}; correct the line.")
        given = row.get("id")
        if type(given) not in (str, int) or not str(given).strip():
            raise BadInput(f'{file}, line {number}: an entity needs an "id"; add one.')
        yield {**row, "id": str(given)}


def _without(facts: Ints, held_out: Ints) -> Ints:
    """Those of (n, 3) facts that are not among (m, 3) others."""
    there = set(map(tuple, held_out.tolist()))
    return facts[[tuple(row) not in there for row in facts.tolist()]] if there else facts


def _facts(path: Path, name: str, notes: list[str]) -> Iterator[tuple[str, str, str]]:
    file = _named(path, name, (TABS, CSV, TEXT))
    if file is None:
        raise NotFound(
            f"{path / name}.tsv is not there; a benchmark folder has train.tsv, valid.tsv and "
            "test.tsv."
        )
    triples = open_triples(file)
    notes += [triples.columns.note] if triples.columns.note else []
    for row in triples.read(notes):
        if isinstance(row, Rejection):
            raise BadInput(f"{file}, line {row.line}: {row.reason}; correct the line.")
        if not (row.head.strip() and row.type.strip() and row.tail.strip()):
            raise BadInput(
                f"{file}, line {row.line}: a head, a relation or a tail is empty; correct the line."
            )
        yield row.head, row.type, row.tail


def _named(path: Path, stem: str, suffixes: tuple[str, ...]) -> Path | None:
    files = [file for file in path.iterdir() if file.is_file()] if path.is_dir() else []
    return first_named(files, stem, suffixes)
