"""A `patterns.yaml`: patterns that somebody wrote, or that `kg extract --infer` began.

patterns:
  - "{head:Person} was born in {tail:City} -> BORN_IN"
  - {pattern: "{head:Person} , a native of {tail:City} -> BORN_IN", score: 0.7}
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from ingest.extraction.patterns.pattern import SCORE, Pattern
from kg_platform.yaml_document import YamlDocument, read_yaml

_HINT = "`kg extract --infer > patterns.yaml` writes one to begin with"


def _pattern(said: object) -> Pattern:
    if isinstance(said, str):
        return Pattern.of(said)
    if not isinstance(said, dict) or not {"pattern"} <= set(said) <= {"pattern", "score"}:
        raise ValueError("this is no pattern; write it as text, or {pattern: text, score: 0.8}")
    text, score = str(said["pattern"]), said.get("score", SCORE)
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 < score <= 1:
        raise ValueError(f"a score lies above 0 and is at most 1, and {score!r} does not")
    return Pattern.of(text, score=float(score))


class PatternFile(BaseModel):
    """What a `patterns.yaml` may say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    patterns: list[Annotated[Pattern, PlainValidator(_pattern)]] = Field(min_length=1)


def read_patterns(path: Path) -> list[Pattern]:
    """The patterns in a file.

    Raises:
        BadInput: it cannot be read, is not YAML, or is none of patterns; the message has the line.
    """
    return YamlDocument(path, read_yaml(path), PatternFile, _HINT).content.patterns


def written(patterns: Iterable[Pattern]) -> str:
    """The text of a file with these patterns."""
    entries = []
    for one in patterns:
        text = f"{one.text} -> {one.relation}"
        entries.append(text if one.score == SCORE else {"pattern": text, "score": one.score})
    head = "# How relations are said; docs/extract.md explains the signs.\n"
    return head + yaml.safe_dump({"patterns": entries}, allow_unicode=True, width=10_000)
