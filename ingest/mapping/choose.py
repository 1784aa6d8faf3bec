"""What is at a path: a mapping, or something that needs none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.sources.archive import Unpacked, is_archive, stem_of_archive
from ingest.sources.media_files import MediaFolder, has_only_media
from ingest.sources.rdf.vocabulary import LANGUAGE
from ingest.sources.registry import open_source
from ingest.sources.source import Record, Source
from ingest.sources.tabular import huggingface
from kg_platform.files.names import suffix_of

PREFIX = "pykeen:"  # before the name of a dataset
MAPPINGS = (".yaml", ".yml")


def is_pykeen(path: Path) -> bool:
    return str(path).startswith(PREFIX)


def is_named(path: Path) -> bool:
    """Whether it names a dataset of somebody's collection, and no path."""
    return is_pykeen(path) or str(path).startswith(huggingface.PREFIX)


def open_any(path: Path, name: str | None = None, language: str = LANGUAGE) -> Source:
    """The source at `path`: of a mapping, or of files that say by themselves what they are.
    `language` is the one of labels of RDF, where there are several.

    Raises:
        BadInput: nothing is there, nothing in it can be ingested, or a file of it cannot be read.
    """
    if suffix_of(path) in MAPPINGS:
        from ingest.mapping.source import open_mapping

        return open_mapping(path, name)
    if is_pykeen(path):
        from ingest.sources.pykeen_dataset import PykeenSource

        return PykeenSource(str(path).removeprefix(PREFIX), name)
    if str(path).startswith(huggingface.PREFIX):
        return InferredSource(str(path), name)
    if path.is_file() and is_archive(path):
        return PackedSource(path, name, language)
    if path.is_dir() and has_only_media(path):
        return MediaFolder(path, name)
    return open_source(path, name, language)


class InferredSource:
    """A table that says what is in it, by the mapping that `kg ingest --infer` would write."""

    def __init__(self, address: str, name: str | None) -> None:
        from ingest.mapping.document import MappingDocument
        from ingest.mapping.infer import infer
        from ingest.mapping.source import MappedSource
        from ingest.mapping.tables_of import tables_of

        tables = tables_of([address])
        written = infer(tables, next(iter(tables)))
        self._mapped = MappedSource(MappingDocument(Path("mapping.yaml"), written), name)
        self.name, self.folder = self._mapped.name, self._mapped.folder
        self._own = (
            f"Read as the mapping that `kg ingest --infer '{address}'` prints; where that is not "
            "meant, save and change it."
        )

    @property
    def notes(self) -> Sequence[str]:
        return [self._own, *self._mapped.notes]

    def count(self) -> int:
        return self._mapped.count()

    def records(self) -> Iterator[Record]:
        return self._mapped.records()


class PackedSource:
    """What is in an archive. It is unpacked as long as this object is there."""

    def __init__(self, archive: Path, name: str | None, language: str) -> None:
        self._unpacked = Unpacked(archive)
        self.folder = self._unpacked.folder
        self.name = name or stem_of_archive(archive)
        self._inside = open_any(self.folder, self.name, language)

    @property
    def notes(self) -> Sequence[str]:
        return [*self._unpacked.notes, *self._inside.notes]

    def count(self) -> int:
        return self._inside.count()

    def records(self) -> Iterator[Record]:
        return self._inside.records()
