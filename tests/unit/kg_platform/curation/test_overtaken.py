"""Which open items are closed, and what that asks of the graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from kg_platform.curation.overtaken import supersede
from kg_platform.cypher import reviewing as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.ledger.ledger import Ledger
from kg_platform.ledger.review_rows import Candidate
from kg_platform.migrate.ledger import migrate_ledger


class _FakeGraph:
    """Has the entities a and b, and the fact a KNOWS b."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def read(self, statement: Statement) -> list[dict[str, Any]]:
        self.asked.append(statement.text)
        if statement.text == cypher.WHERE_ARE:
            ids = cast("list[str]", (statement.parameters or {})["ids"])
            return [{"id": one, "there": one in "ab", "merged_into": None} for one in ids]
        rows = cast("list[dict[str, Any]]", (statement.parameters or {})["rows"])
        return [
            {
                "id": row["id"],
                "head": row["head"] in "ab",
                "tail": row["tail"] in "ab",
                "known": (row["head"], row["relation"], row["tail"]) == ("a", "KNOWS", "b"),
            }
            for row in rows
        ]


def test_a_new_end_is_not_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg_platform.ledger.reviews._PAGE", 2)
    new = {"new": {"x": {"label": "X", "labels": []}}}
    facts: list[tuple[str, str, str, Mapping[str, Any]]] = [
        ("a", "KNOWS", "b", {}),
        ("a", "SEES", "b", {}),
        ("a", "SEES", "x", new),
        ("gone", "SEES", "x", new),
        ("a", "SEES", "gone", {}),
    ]
    graph = _FakeGraph()
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    migrate_ledger(url)
    with Ledger(url) as ledger:
        reviews = ledger.reviews
        reviews.propose(
            "run", [Candidate("stated", h, r, t, None, 1.0, why) for h, r, t, why in facts]
        )
        assert supersede(cast(Graph, graph), reviews, "stated") == 3
        assert [[row.ends for row in rows] for rows in reviews.open_pages("stated")] == [
            [("a", "SEES", "b"), ("a", "SEES", "x")]
        ]
        assert {row.note for row in reviews.items("superseded")} == {
            "the graph has this fact by now",
            "gone is not in the graph any more",
        }
    assert graph.asked.count(cypher.STAND) == 3, "a page each"
    assert graph.asked.count(cypher.WHERE_ARE) == 2, "of those whose end is gone"
