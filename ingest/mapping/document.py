"""Reads a `mapping.yaml`, and says in which line a mistake is."""

from __future__ import annotations

from pathlib import Path

from ingest.mapping.model import MappingFile
from kg_platform.yaml_document import YamlDocument, read_yaml

_HINT = (
    "it needs `tables` and `entities` or `relations`, and `kg ingest --infer FILE` writes one to "
    "begin with"
)


class MappingDocument(YamlDocument[MappingFile]):
    """A mapping and the lines its parts stand in."""

    def __init__(self, path: Path, text: str) -> None:
        super().__init__(path, text, MappingFile, _HINT)
        self.mapping = self.content


def read_mapping(path: Path) -> MappingDocument:
    """The mapping in a file.

    Raises:
        BadInput: it cannot be read, is not YAML, or is not a mapping; the message has the line.
    """
    return MappingDocument(path, read_yaml(path))
