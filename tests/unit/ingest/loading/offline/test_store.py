"""What the offline import is given; that it makes the same graph of it is in tests/integration."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ingest.loading.offline import store as module
from ingest.loading.offline.store import OfflineStore
from ingest.loading.store import Node, Written
from ingest.versions.journal import Journal
from kg_platform.errors import Unavailable
from kg_platform.records import Media, MediaRef

START, END, TYPE = ":START_ID(Entity)", ":END_ID(Entity)", ":TYPE"


@pytest.fixture
def store(tmp_path: Path) -> OfflineStore:
    return OfflineStore(tmp_path / "rows", Journal(tmp_path / "run", None))


def rows(paths: list[Path]) -> list[dict[str, Any]]:
    found = [row for path in paths for row in pq.read_table(path).to_pylist()]
    return [{key: value for key, value in row.items() if value is not None} for row in found]


def node(entity_id: str, type: str | None = None, **properties: Any) -> Node:
    return Node(entity_id, type, {"label": entity_id, **properties}, f"hash of {entity_id}")


def test_entities_and_those_that_only_relations_mention(store: OfflineStore) -> None:
    assert store.put_entities([node("a", "Film", year=1), node("b", "X;Y", empty="")]) == Written(
        2, 0, 0
    )
    assert store.create_missing(["m", "n"], "s") == 2
    assert store.known_entities(["a", "m", "z"]) == {"m": None}
    assert store.put_entities([node("m")]) == Written(0, 1, 0)
    store.finish()
    found = {row["id:ID(Entity)"]: row for row in rows(store.nodes)}
    assert {one: row[":LABEL"] for one, row in found.items()} == {
        "a": "Entity;Film", "b": "Entity", "m": "Entity", "n": "Entity",
    }  # fmt: skip
    assert found["a"]["content_hash"] == "hash of a"
    assert found["a"]["embedding_stale:string[]"] == ["new"]
    assert found["n"]["source"] == "s"
    assert "content_hash" not in found["b"]  # it is not whole before what is left is set
    [(one, labels, properties)] = store.completions.items()
    assert (one, labels) == ("b", ["X;Y"])
    assert properties == {"empty": "", "content_hash": "hash of b"}


def test_media_once_and_their_links(store: OfflineStore) -> None:
    media = Media("ab12", "image", "image/png", "media:ab12", 10, 4, None)
    for one in ("a", "b"):
        store.put_entities(
            [Node(one, None, {}, "h", media=[("ab12", MediaRef("p.png"))], new_media=[media])]
        )
    assert store.known_media(["ab12", "cd34"]) == {"ab12": None}
    store.finish()
    nodes = rows(store.nodes)
    assert [row["id:ID(Media)"] for row in nodes if "id:ID(Media)" in row] == ["ab12"]
    assert rows(store.relations) == [
        {START: one, ":END_ID(Media)": "ab12", TYPE: "HAS_MEDIA", "role": "image", "rank": 0}
        for one in ("a", "b")
    ]


def test_a_relation_that_comes_again_is_written_as_it_came_last(
    store: OfflineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RELATIONS_AT_ONCE", 2)
    store.put_entities([node("a"), node("b")])
    kinds: list[dict[str, Any]] = [{"source": "s"}, {"split": "test"}, {"for": timedelta(1)}]
    assert store.put_relations([("a", "b", "R", 0), ("a", "b", "Q", 0)], kinds) == 2
    assert store.put_relations([("a", "b", "R", 2), ("a", "b", "Q", 2)], kinds) == 2
    assert store.put_relations([("a", "b", "R", 1), ("a", "b", "S;", 0)], kinds) == 2
    store.finish()
    assert store.repeated == 3
    assert rows(store.relations) == [{START: "a", END: "b", TYPE: "R", "split": "test"}]
    left = [(fact.type, fact.properties) for fact in store.facts.items()]
    assert left == [("Q", {"for": timedelta(1)}), ("S;", {"source": "s"})]


def test_a_full_disk_is_one_sentence(store: OfflineStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    store.put_entities([node("a")])
    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(Unavailable, match=r"No space left on device\); make room .* as it was"):
        store.finish()
