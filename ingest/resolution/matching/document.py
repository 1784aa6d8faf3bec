"""Reads a `match.yaml`, and says in which line a mistake is."""

from __future__ import annotations

from pathlib import Path

from ingest.resolution.matching.rules import MatchRules
from kg_platform.yaml_document import YamlDocument, read_yaml

_HINT = "`kg match --infer > match.yaml` writes one to begin with"


class MatchDocument(YamlDocument[MatchRules]):
    """Rules of matching and the lines their parts stand in."""

    def __init__(self, path: Path, text: str) -> None:
        super().__init__(path, text, MatchRules, _HINT)


def read_rules(path: Path) -> MatchRules:
    """The rules in a file.

    Raises:
        BadInput: it cannot be read, is not YAML, or is no rules; the message has the line.
    """
    return MatchDocument(path, read_yaml(path)).content
