"""Small sources as folders, what they make of a graph, and two graphs compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PIL import Image

from ingest.loading.load import load
from ingest.loading.summary import IngestSummary
from ingest.mapping.choose import open_any
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.graph.kept import keep, to_text
from kg_platform.platform import Platform

Triple = tuple[str, str, str]


def write(folder: Path, entities: list[dict[str, Any]], triples: list[Triple] = []) -> Path:  # noqa: B006
    folder.mkdir(exist_ok=True)
    lines = "".join(json.dumps(row) + "\n" for row in entities)
    (folder / "entities.jsonl").write_text(lines, encoding="utf-8")
    text = "".join("\t".join(one) + "\n" for one in triples)
    (folder / "facts.tsv").write_text(text, encoding="utf-8")
    return folder


def picture(folder: Path, name: str, colour: str) -> str:
    folder.mkdir(exist_ok=True)
    Image.new("RGB", (8, 8), colour).save(folder / name)
    return name


def ingest(platform: Platform, folder: Path, **options: Any) -> IngestSummary:
    return load(platform, open_any(folder), **options)


def dump(graph: Graph) -> list[str]:
    """Every node and relationship, with all labels and properties, marks and times included; what
    says how the graph was set up is left out."""
    nodes = graph.read(
        Statement(
            "MATCH (n) WHERE NOT n:GraphMigration AND NOT n:GraphLock "
            "RETURN labels(n) AS labels, properties(n) AS properties"
        )
    )
    relations = graph.read(
        Statement(
            "MATCH (h)-[r]->(t) RETURN h.id AS head, type(r) AS type, t.id AS tail, "
            "properties(r) AS properties"
        )
    )
    return sorted(to_text(keep(row | {"labels": sorted(row.get("labels", []))}))
                  for row in [*nodes, *relations])  # fmt: skip


def differences(one: list[str], other: list[str]) -> list[str]:
    """For a message a person can read."""
    return sorted(set(one) ^ set(other))


def one(graph: Graph, text: str, **given: Any) -> dict[str, Any]:
    [row] = graph.read(Statement(text, given))
    return row
