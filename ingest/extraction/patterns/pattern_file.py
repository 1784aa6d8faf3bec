"""A `patterns.yaml`: patterns that somebody wrote, or that `kg extract --infer` began.

patterns:
  - "{head:Person} was born in {tail:City} -> BORN_IN"
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ingest.extraction.patterns.pattern import Pattern
from kg_platform.yaml_document import YamlDocument, read_yaml

_HINT = "`kg extract --infer > patterns.yaml` writes one to begin with"


def _pattern(text: str) -> str:
    Pattern.of(text)
    return text


class PatternFile(BaseModel):
    """What a `patterns.yaml` may say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    patterns: list[Annotated[str, AfterValidator(_pattern)]] = Field(min_length=1)


def read_patterns(path: Path) -> list[Pattern]:
    """The patterns in a file.

    Raises:
        BadInput: it cannot be read, is not YAML, or is none of patterns; the message has the line.
    """
    content = YamlDocument(path, read_yaml(path), PatternFile, _HINT).content
    return [Pattern.of(text) for text in content.patterns]


def written(patterns: Iterable[Pattern]) -> str:
    """The text of a file with these patterns."""
    lines = [f"{one.text} -> {one.relation}" for one in patterns]
    head = "# How relations are said; docs/extract.md explains the signs.\n"
    return head + yaml.safe_dump({"patterns": lines}, allow_unicode=True, width=10_000)
