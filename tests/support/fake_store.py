"""The graph as ingest sees it, made of dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ingest.loading.store import Node, Row, Written


class FakeStore:
    def __init__(self) -> None:
        self.nodes: dict[str, Node | None] = {}  # None: made for a relation that names it
        self.media: dict[str, float | None] = {}
        self.relations: dict[tuple[str, str, str], Mapping[str, Any]] = {}
        self.merged: dict[str, str] = {}

    def known_entities(self, ids: Sequence[str]) -> dict[str, str | None]:
        found = {i: self.nodes[i] for i in ids if i in self.nodes}
        return {i: node.content_hash if node else None for i, node in found.items()}

    def merged_ids(self) -> dict[str, str]:
        return dict(self.merged)

    def known_media(self, ids: Sequence[str]) -> dict[str, float | None]:
        return {one: self.media[one] for one in ids if one in self.media}

    def put_entities(self, nodes: Sequence[Node]) -> Written:
        nodes = [replace(n, id=n.entity, merged_into=None) for n in nodes]
        known = self.known_entities([n.id for n in nodes])
        same = [n for n in nodes if known.get(n.id) == n.content_hash]
        self.nodes.update({n.id: n for n in nodes})
        self.media |= {m.id: m.duration for n in nodes for m in n.new_media}
        return Written(len(nodes) - len(known), len(known) - len(same), len(same))

    def create_missing(self, ids: Sequence[str], source: str) -> int:
        made = [i for i in ids if i not in self.nodes]
        self.nodes.update(dict.fromkeys(made))
        return len(made)

    def put_relations(self, rows: Sequence[Row], kinds: Sequence[Mapping[str, Any]]) -> int:
        before = len(self.relations)
        self.relations.update({(head, type, tail): kinds[kind] for head, tail, type, kind in rows})
        return len(self.relations) - before
