"""A published split as a folder of files: train.tsv, valid.tsv, test.tsv, entities.jsonl."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.data.dataset import Dataset, checked
from embeddings.data.triples import Ints
from kg_platform.errors import BadInput, NotFound

CHOOSING = "train_less_valid.tsv"


def from_folder(path: Path, train_file: str = "train.tsv") -> Dataset:
    """A published split: `train.tsv valid.tsv test.tsv` (head, relation, tail), no features.

    The entities are those of the three files and of `entities.jsonl` where there is one; each of
    them is a candidate in ranking. Ids are sorted, so positions do not depend on the files' order.
    A fact that stands in two files is held out, as `kg ingest` has it: test before valid before
    train. Where the folder has CHOOSING, `valid.tsv` is meant to be a part of `train.tsv`.

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
    given = len(train) + len(valid)
    valid = _without(valid, test)
    carved = train_file != CHOOSING and (path / CHOOSING).is_file()
    train = _without(train, test if carved else np.concatenate([valid, test]))
    left_out = given - len(train) - len(valid)
    return checked(Dataset(entity_ids, relation_types, train, valid, test, left_out=left_out))


def _without(facts: Ints, held_out: Ints) -> Ints:
    """Those of (n, 3) facts that are not among (m, 3) others."""
    there = set(map(tuple, held_out.tolist()))
    return facts[[tuple(row) not in there for row in facts.tolist()]] if there else facts


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
        with file.open(encoding="utf-8-sig", newline="\n") as stream:
            for line in stream:
                if line.strip():
                    yield line.rstrip("\r\n")
    except FileNotFoundError as error:
        raise NotFound(
            f"{file} is not there; a benchmark folder has train.tsv, valid.tsv and test.tsv."
        ) from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not UTF-8 text; save it as UTF-8.") from error
