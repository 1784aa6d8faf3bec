"""neomodel's side of `bench bulk`; its relationships look for the class in the module."""

from __future__ import annotations

from typing import Any

import neomodel

from kg_platform.graph.client import Connection

AT_ONCE = 1_000


class Thing(neomodel.StructuredNode):  # type: ignore[misc]
    key = neomodel.StringProperty(unique_index=True, required=True)
    name = neomodel.StringProperty()
    description = neomodel.StringProperty()
    aliases = neomodel.ArrayProperty(neomodel.StringProperty())
    year = neomodel.IntegerProperty()
    facts = neomodel.RelationshipTo("Thing", "REL")


def write(
    there: Connection, entities: list[dict[str, Any]], facts: list[tuple[str, str, str]]
) -> None:
    """`get_or_create` of many nodes at once, the fastest it offers, and `connect`."""
    address = there.uri.replace("bolt://", f"bolt://{there.username}:{there.password}@")
    neomodel.db.set_connection(address)
    neomodel.db.install_all_labels()
    made: dict[str, Any] = {}
    for start in range(0, len(entities), AT_ONCE):
        some = entities[start : start + AT_ONCE]
        given = [
            {"key": row["id"], "name": row["label"], "description": row["description"],
             "aliases": row["aliases"], "year": row["year"]}
            for row in some
        ]  # fmt: skip
        nodes = Thing.get_or_create(*given)
        made.update(zip((row["id"] for row in some), nodes, strict=True))
    with neomodel.db.transaction:
        for head, _, tail in facts:
            made[head].facts.connect(made[tail])
