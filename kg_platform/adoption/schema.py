"""The platform's constraints and indexes in a graph that has its owner's as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kg_platform.cypher import adopting as cypher
from kg_platform.cypher import vectors
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph
from kg_platform.migrate.files import read_files
from kg_platform.migrate.graph import GRAPH_FOLDER

_LOCKS = ("CONSTRAINT", "graph_lock_id")


def ours() -> list[tuple[str, str]]:
    """(kind, name) of every constraint and index that the platform makes."""
    made = [pair for file in read_files(GRAPH_FOLDER) for pair in file.creates]
    return [*made, _LOCKS, *(("INDEX", name) for name in vectors.INDEX_OF.values())]


def refuse_taken(graph: Graph) -> None:
    """Raises: BadInput: an index or constraint of the owner's has the name of one of ours."""
    if graph.read(Statement(cypher.ANY_MIGRATION))[0]["any"]:
        return  # ours are there, as some command has opened the graph before
    there = {row["name"]: row for row in _schema(graph)}
    for kind, name in ours():
        if name in there and (kind, name) != _LOCKS:
            what = "".join(f":{label}" for label in there[name]["labelsOrTypes"] or ())
            keys = ", ".join(there[name]["properties"] or ())
            raise BadInput(
                f"The graph has {name} on {what}({keys}), and the platform needs that name; drop "
                f"it and make it again under another one, then run this again."
            )


def take_away(graph: Graph) -> None:
    """Every constraint and index of ours goes, and the record of the migrations."""
    for kind, name in ours():
        graph.run_schema(cypher.drop(kind, name))
    graph.write(Statement(cypher.FORGET_MIGRATIONS))


def _schema(graph: Graph) -> list[Mapping[str, Any]]:
    return [
        *graph.read(Statement(cypher.SCHEMA)),
        *graph.read(Statement(cypher.CONSTRAINTS)),
    ]
