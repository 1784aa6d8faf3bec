"""A folder with `entities.jsonl`, RDF and triples as TSV or CSV; also each such file alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.sources.entities import read_entities
from ingest.sources.listing import Listing
from ingest.sources.rdf.vocabulary import LANGUAGE
from ingest.sources.source import Record
from kg_platform.files.lines import check_text, count_lines
from kg_platform.files.names import ENTITIES, RDF, stem_of, suffix_of
from kg_platform.files.triples import TripleFile, open_triples

if TYPE_CHECKING:
    from ingest.sources.rdf.described import RdfFiles


@dataclass(frozen=True)
class FolderSource:
    """Entities first, then RDF, then the triples, file by file in order of name or of split."""

    name: str
    folder: Path
    entities: Sequence[Path] = ()
    triples: Sequence[TripleFile] = ()
    rdf: RdfFiles | None = None
    notes: list[str] = field(default_factory=list)

    def count(self) -> int:
        files = [*(file.path for file in self.triples), *self.entities]
        return sum(map(count_lines, files)) + (self.rdf.count() if self.rdf else 0)

    def records(self) -> Iterator[Record]:
        for path in self.entities:
            yield from read_entities(path)
        if self.rdf:
            yield from self.rdf.records()
        for file in self.triples:
            yield from file.read(self.notes)


def in_folder(
    path: Path, listing: Listing, name: str | None = None, language: str = LANGUAGE
) -> FolderSource:
    """The source that these files of a folder are. `language`: the preferred one, of RDF.

    Raises:
        BadInput: one cannot be read, or its header names no relation.
    """
    for file in listing.entities:
        check_text(file)
    triples = [open_triples(table, split) for table, split in listing.triples]
    name = name or path.resolve().name
    notes = [*listing.notes, *_said(triples)]
    rdf = _rdf(listing.rdf, name, language, notes) if listing.rdf else None
    return FolderSource(name, path, listing.entities, triples, rdf, notes)


def single_file(path: Path, name: str | None = None, language: str = LANGUAGE) -> FolderSource:
    """One file of entities, of RDF, or of triples. `language`: the preferred one, of RDF.

    Raises:
        BadInput: it cannot be read, or its header names no relation.
    """
    suffix, stem = suffix_of(path), stem_of(path)
    if suffix in RDF:
        notes: list[str] = []
        rdf = _rdf([path], name or stem, language, notes)
        return FolderSource(name or stem, path.parent, rdf=rdf, notes=notes)
    if suffix == ENTITIES:
        if stem.lower() == "entities":
            stem = path.resolve().parent.name
        check_text(path)
        return FolderSource(name or stem, path.parent, [path])
    triples = [open_triples(path)]
    return FolderSource(name or stem, path.parent, triples=triples, notes=_said(triples))


def _rdf(files: Sequence[Path], prefix: str, language: str, notes: list[str]) -> RdfFiles:
    from ingest.sources.rdf.described import open_rdf  # it loads the parser

    return open_rdf(files, prefix, language, notes)


def _said(triples: Sequence[TripleFile]) -> list[str]:
    return [file.columns.note for file in triples if file.columns.note]
