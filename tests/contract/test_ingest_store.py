"""The store made of dictionaries and the real one keep the same promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ingest.loading.store import Node, Row, Store, Written
from kg_platform.graph.client import Graph
from kg_platform.records import Media, MediaRef
from tests.support.fake_store import FakeStore
from tests.support.journalled import journalled


def node(entity_id: str, content_hash: str = "h1", **values: Any) -> Node:
    return Node(entity_id, "T", {"label": entity_id}, content_hash, **values)


class StoreContract:
    def test_new_changed_unchanged(self, store: Store) -> None:
        assert store.put_entities([node("A"), node("B"), node("C")]) == Written(3, 0, 0)
        again = [node("A"), node("B", "h2"), node("C"), node("D")]
        assert store.put_entities(again) == Written(1, 1, 2)
        assert store.put_entities(again) == Written(0, 0, 4)
        known = store.known_entities(["A", "B", "X"])
        assert known == {"A": "h1", "B": "h2"}

    def test_missing_ends_become_entities_once_and_are_replaced_by_the_real_thing(
        self, store: Store
    ) -> None:
        store.put_entities([node("A")])
        assert store.create_missing(["A", "B"], "test") == 1
        assert store.create_missing(["A", "B"], "test") == 0
        assert store.known_entities(["A", "B"]) == {"A": "h1", "B": None}
        assert store.put_entities([node("B")]) == Written(0, 1, 0)
        assert store.known_entities(["B"]) == {"B": "h1"}

    def test_media_is_known_when_its_entity_is_written(self, store: Store) -> None:
        media = Media("ab12", "audio", "audio/wav", "media:ab12", 10, duration=2.5)
        assert store.known_media(["ab12"]) == {}
        with_media = node("A", media=[("ab12", MediaRef("a.png"))], new_media=[media])
        assert store.put_entities([with_media]) == Written(1, 0, 0)
        assert store.known_media(["ab12", "cd34"]) == {"ab12": 2.5}
        assert store.put_entities([with_media]) == Written(0, 0, 1)

    def test_relations_are_counted_once(self, store: Store) -> None:
        store.put_entities([node("A"), node("B")])
        kinds = [{"source": "s"}, {"source": "t"}]
        rows: list[Row] = [("A", "B", "R", 0), ("B", "A", "R", 1), ("A", "B", "R", 0)]
        assert store.put_relations(rows, kinds) == 2
        assert store.put_relations(rows, kinds) == 0
        strange: list[Row] = [
            (head, tail, "a `strange` type", kind) for head, tail, _, kind in rows
        ]
        assert store.put_relations([*strange, *rows], kinds) == 2
        assert store.put_relations([], kinds) == 0

    def test_nothing_is_asked_about_nothing(self, store: Store) -> None:
        assert store.put_entities([]) == Written(0, 0, 0)
        assert store.known_entities([]) == {}
        assert store.known_media([]) == {}
        assert store.create_missing([], "test") == 0


class TestFakeStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return FakeStore()


@pytest.mark.neo4j_both
class TestGraphStore(StoreContract):
    @pytest.fixture
    def store(self, graph: Graph, tmp_path: Path) -> Store:
        return journalled(graph, tmp_path, 2)
