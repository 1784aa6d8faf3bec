"""What an answer holds, free of the driver's types: nodes, relationships, paths, whole tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kg_platform.cypher.vocabulary import Vocabulary


@dataclass(frozen=True)
class NodeValue:
    """A node in a query's answer; `names` are the platform's in the graph it is of."""

    labels: tuple[str, ...]
    properties: dict[str, Any]
    names: Vocabulary = field(default=Vocabulary(), repr=False)

    def ours(self, name: str) -> Any:
        """The property that the platform calls so; None where it has none."""
        return self.properties.get(self.names.name(name))


@dataclass(frozen=True)
class RelationshipValue:
    """A relationship in a query's answer; `start` and `end` are the `id`s of its nodes if known."""

    type: str
    start: Any
    end: Any
    properties: dict[str, Any]


@dataclass(frozen=True)
class PathValue:
    """A path in a query's answer: its nodes, and the relationships between them."""

    nodes: tuple[NodeValue, ...]
    relationships: tuple[RelationshipValue, ...]


@dataclass(frozen=True)
class Table:
    """A capped answer: `truncated` says that there was more."""

    columns: list[str]
    rows: list[list[Any]]
    truncated: bool


@dataclass(frozen=True)
class PlanStep:
    """An operator of a plan, such as `Filter@neo4j`, and those it gets its rows from."""

    operator: str
    arguments: Mapping[str, Any]
    children: tuple[PlanStep, ...]
