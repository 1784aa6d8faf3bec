"""What is at a path: a mapping, or something that needs none."""

from __future__ import annotations

from pathlib import Path

from ingest.sources.names import suffix_of
from ingest.sources.rdf.vocabulary import LANGUAGE
from ingest.sources.source import Source

PREFIX = "pykeen:"  # before the name of a dataset
MAPPINGS = (".yaml", ".yml")


def open_any(path: Path, name: str | None = None, language: str = LANGUAGE) -> Source:
    """The source at `path`: of a mapping, or of files that say by themselves what they are.
    `language` is the one of labels of RDF, where there are several.

    Raises:
        BadInput: nothing is there, nothing in it can be ingested, or a file of it cannot be read.
    """
    if suffix_of(path) in MAPPINGS:
        from ingest.mapping.source import open_mapping

        return open_mapping(path, name)
    if str(path).startswith(PREFIX):
        from ingest.sources.pykeen_dataset import PykeenSource

        return PykeenSource(str(path).removeprefix(PREFIX), name)
    from ingest.sources.registry import open_source

    return open_source(path, name, language)
