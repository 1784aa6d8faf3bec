"""A folder with `entities.jsonl` and triples as TSV or CSV; also each of these files alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.sources.entities import read_entities
from ingest.sources.listing import Listing
from ingest.sources.source import Record
from kg_platform.files.lines import check_text, count_lines
from kg_platform.files.names import ENTITIES, stem_of, suffix_of
from kg_platform.files.triples import TripleFile, open_triples


@dataclass(frozen=True)
class FolderSource:
    """Entities first, then the triples, file by file in order of name or of split."""

    name: str
    folder: Path
    entities: Sequence[Path] = ()
    triples: Sequence[TripleFile] = ()
    notes: list[str] = field(default_factory=list)

    def count(self) -> int:
        files = [*(file.path for file in self.triples), *self.entities]
        return sum(count_lines(path) for path in files)

    def records(self) -> Iterator[Record]:
        for path in self.entities:
            yield from read_entities(path)
        for file in self.triples:
            yield from file.read(self.notes)


def in_folder(path: Path, listing: Listing, name: str | None = None) -> FolderSource:
    """The source that these files of a folder are.

    Raises:
        BadInput: one cannot be read, or its header names no relation.
    """
    for file in listing.entities:
        check_text(file)
    triples = [open_triples(table, split) for table, split in listing.triples]
    return FolderSource(
        name or path.resolve().name,
        path,
        listing.entities,
        triples,
        [*listing.notes, *_said(triples)],
    )


def single_file(path: Path, name: str | None = None) -> FolderSource:
    """One file of entities, or one of triples.

    Raises:
        BadInput: it cannot be read, or its header names no relation.
    """
    is_entities = suffix_of(path) == ENTITIES
    stem = stem_of(path)
    if is_entities and stem.lower() == "entities":
        stem = path.resolve().parent.name
    if is_entities:
        check_text(path)
    triples = [] if is_entities else [open_triples(path)]
    return FolderSource(
        name or stem, path.parent, [path] if is_entities else [], triples, _said(triples)
    )


def _said(triples: Sequence[TripleFile]) -> list[str]:
    return [file.columns.note for file in triples if file.columns.note]
