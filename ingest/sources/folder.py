"""A folder with `entities.jsonl` and triples as TSV or CSV; also each of these files alone."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ingest.sources.captions import looks_like_captions
from ingest.sources.lines import NOT_UTF8, TOO_LONG, count_lines, read_lines, read_loosely
from ingest.sources.source import Record
from kg_platform.records import Entity, MediaRef, Rejection, Relation

ENTITIES = "entities.jsonl"
# Held-out triples first: where train repeats one, the repeated one is refused, not the held-out.
SPLITS = ("test", "valid", "train")
_HEADERS = {
    ("head", "relation", "tail"),
    ("subject", "predicate", "object"),
    ("source", "relation", "target"),
}
_SHOWN = 200
_THREE = "a triple has three columns: head, relation, tail"


@dataclass(frozen=True)
class FolderSource:
    """`entities.jsonl` first, then the triples, file by file in order of name or of split."""

    name: str
    folder: Path
    entities: Path | None
    triples: tuple[tuple[Path, str | None], ...]
    notes: tuple[str, ...] = ()

    def count(self) -> int:
        files = [path for path, _ in self.triples] + ([self.entities] if self.entities else [])
        return sum(count_lines(path) for path in files)

    def records(self) -> Iterator[Record]:
        if self.entities is not None:
            yield from read_entities(self.entities)
        for path, split in self.triples:
            yield from read_triples(path, split)


def in_folder(path: Path, name: str | None = None) -> FolderSource | None:
    """The source in a folder; None when there is nothing of this kind.

    When the folder holds a published split (train, valid and test), only these files are triples:
    whatever else is there usually repeats them.
    """
    entities = path / ENTITIES
    tables = sorted(p for p in path.iterdir() if p.suffix in (".tsv", ".csv") and p.is_file())
    captions = [p for p in tables if p.suffix == ".csv" and looks_like_captions(p)]
    split: list[tuple[Path, str | None]] = []
    for part in SPLITS:
        found = [p for s in (".tsv", ".csv", ".txt") if (p := path / f"{part}{s}").is_file()]
        split.extend((p, part) for p in found[:1])
    triples = split or [(p, None) for p in tables if p not in captions]
    if not triples and not entities.is_file():
        return None
    used = {p for p, _ in triples}
    notes = [f"{p.name} is left out: train, valid and test are the triples." for p in tables
             if p not in used and p not in captions]  # fmt: skip
    notes += [f"{p.name} is left out: ingest this caption table by itself." for p in captions]
    return FolderSource(
        name=name or path.resolve().name,
        folder=path,
        entities=entities if entities.is_file() else None,
        triples=tuple(triples),
        notes=tuple(notes),
    )


def single_file(path: Path, name: str | None = None) -> FolderSource:
    """One .jsonl of entities, or one .tsv or .csv of triples."""
    is_entities = path.suffix == ".jsonl"
    return FolderSource(
        name=name or (path.resolve().parent.name if path.name == ENTITIES else path.stem),
        folder=path.parent,
        entities=path if is_entities else None,
        triples=() if is_entities else ((path, None),),
    )


def is_triples_csv(path: Path) -> bool:
    """Whether a .csv says in its first line that it holds triples."""
    return path.suffix == ".csv" and any(
        is_header(row) for row in islice(csv.reader(read_loosely(path)), 1)
    )


def is_header(row: list[str]) -> bool:
    return tuple(cell.strip().lower() for cell in row) in _HEADERS


def read_entities(path: Path) -> Iterator[Entity | Rejection]:
    """One JSON object a line. Values are passed on as they are: `validate` judges them."""
    place = path.name
    for number, line in read_lines(path):
        if line is None:
            yield Rejection(place, number, "line", TOO_LONG)
            continue
        if not line or line.isspace():
            continue
        try:
            row = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError:
            yield Rejection(place, number, "line", NOT_UTF8, _shown(line))
        except (ValueError, RecursionError) as error:
            reason = "not JSON" if isinstance(error, json.JSONDecodeError) else "not usable JSON"
            yield Rejection(place, number, "line", f"the line is {reason}", _shown(line))
        else:
            if isinstance(row, dict):
                yield _entity(row, place, number)
            else:
                yield Rejection(
                    place, number, "line", "the line is not a JSON object", _shown(line)
                )


def _entity(row: dict[str, Any], place: str, number: int) -> Entity:
    images = [row.pop("image")] if row.get("image") is not None else []
    row.pop("image", None)
    more = row.pop("images", None)
    if more is not None:
        images.extend(more if isinstance(more, list) else [more])
    return Entity(
        id=row.pop("id", None),
        type=row.pop("type", None),
        label=row.pop("label", None),
        description=row.pop("description", None),
        aliases=row.pop("aliases", None),
        properties=row,
        media=tuple(MediaRef(location, rank=rank) for rank, location in enumerate(images)),
        source=place,
        line=number,
    )


def read_triples(path: Path, split: str | None = None) -> Iterator[Relation | Rejection]:
    """Three columns a line, with or without a header. A .csv may quote; everything else is
    separated by tabs and taken literally."""
    rows = _csv_rows(path) if path.suffix == ".csv" else _tab_rows(path)
    place = path.name
    properties = {"split": split} if split else {}
    first = True
    for number, row in rows:
        if isinstance(row, Rejection):
            yield row
        elif first and is_header(row):
            pass
        elif len(row) != 3:
            yield Rejection(place, number, "line", f"{_THREE}; here are {len(row)}",
                            " | ".join(row)[:_SHOWN])  # fmt: skip
        else:
            yield Relation(row[0], row[1], row[2], properties, place, number)
        first = False


def _tab_rows(path: Path) -> Iterator[tuple[int, list[str] | Rejection]]:
    for number, line in read_lines(path):
        if line is None:
            yield number, Rejection(path.name, number, "line", TOO_LONG)
        elif line:
            try:
                yield number, line.decode("utf-8").split("\t")
            except UnicodeDecodeError:
                yield number, Rejection(path.name, number, "line", NOT_UTF8, _shown(line))


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str] | Rejection]]:
    reader = csv.reader(read_loosely(path), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = f"the CSV cannot be read up to line {reader.line_num}: {error}"
            yield number, Rejection(path.name, number, "line", reason)
            continue
        if not row:
            continue
        try:
            "".join(row).encode()
        except UnicodeEncodeError:
            text = " | ".join(row).encode("utf-8", "surrogateescape")
            yield number, Rejection(path.name, number, "line", NOT_UTF8, _shown(text))
        else:
            yield number, row


def _shown(line: bytes) -> str:
    return line[:_SHOWN].decode("utf-8", "replace")
