"""What the graph itself says of its migrations and its adoption, in one read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kg_platform.cypher import migrating
from kg_platform.cypher.statement import Statement
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.graph.client import Graph


@dataclass(frozen=True)
class Book:
    """`applied` are rows of version, name and checksum; `adoption` is None in most graphs."""

    applied: Sequence[Mapping[str, Any]]
    adoption: GraphAdoption | None


def read_book(graph: Graph) -> Book:
    (row,) = graph.read(Statement(migrating.BOOK))
    adoption = row["adoption"]
    return Book(row["applied"], None if adoption is None else GraphAdoption.of(adoption))
