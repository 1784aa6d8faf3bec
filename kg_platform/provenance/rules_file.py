"""`fusion.yaml`: which source is believed, as people write it.

default: newest
properties:
  population: {trusted: [census, wikidata]}
  aliases: all
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema, field_validator

from kg_platform.cypher.loading import RESERVED, is_vector_property
from kg_platform.provenance.fusion import ALL, FREQUENT, NEWEST, TRUSTED, FusionRule, FusionRules
from kg_platform.yaml_document import YamlDocument, read_yaml

_HINT = "it says `default: newest`, or another rule, and rules of `properties`"
_BARE = (NEWEST, FREQUENT, ALL)


def _rule(given: Any) -> FusionRule:
    if isinstance(given, str) and given in _BARE:
        return FusionRule(given)
    if given == TRUSTED:
        raise ValueError("trusted needs its sources, the most trusted first: {trusted: [a, b]}")
    if isinstance(given, Mapping) and set(given) == {TRUSTED}:
        sources = given[TRUSTED]
        if not isinstance(sources, list) or not sources:
            raise ValueError("trusted needs a list of sources, the most trusted first")
        if not all(isinstance(one, str) and one for one in sources):
            raise ValueError("a source is a text")
        if len(set(sources)) < len(sources):
            raise ValueError("a source stands there twice")
        return FusionRule(TRUSTED, tuple(sources))
    raise ValueError(f"a rule is {', '.join(_BARE)} or {{trusted: [sources]}}")


_SCHEMA = {
    "anyOf": [
        {"enum": list(_BARE)},
        {
            "type": "object",
            "properties": {
                TRUSTED: {"type": "array", "items": {"type": "string"}, "minItems": 1,
                          "uniqueItems": True}
            },
            "required": [TRUSTED],
            "additionalProperties": False,
        },
    ]
}  # fmt: skip
Rule = Annotated[Any, PlainValidator(_rule), WithJsonSchema(_SCHEMA)]


class FusionFile(BaseModel):
    """What the file says."""

    model_config = ConfigDict(extra="forbid")

    default: Rule = Field(default=FusionRule(), description="of what has no rule of its own")
    properties: dict[str, Rule] = Field(
        default_factory=dict,
        description="by name; `label`, `description`, `type`, `aliases` and `media` among them",
    )

    @field_validator("properties")
    @classmethod
    def _names(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name in given:
            if name in RESERVED or is_vector_property(name):
                raise ValueError(f"the platform keeps {name} itself")
        return given


def read_rules(path: Path) -> FusionRules:
    """The rules in a file.

    Raises:
        BadInput: it cannot be read, or is no such file; the message has the line.
    """
    found = YamlDocument(path, read_yaml(path), FusionFile, _HINT).content
    return FusionRules(found.default, found.properties)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **FusionFile.model_json_schema(),
        "title": "fusion.yaml of kg fuse",
    }
