"""What is embedded, what is not, and what is stale: the figures of `kg status`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kg_platform.cypher import status as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph

TEST_FACTS = ("facts", "leaked", "joined", "unseen_entities", "unseen_relations")


@dataclass(frozen=True)
class Status:
    """`run` is the published one (None: none is), `age` its seconds since then, `split` what it
    held out together, or "given", and `test_facts` what its training could know of them (None: a
    version made it that did not say). The other figures count entities, but for `tombstones`, of
    entities that are gone, by why."""

    run: str | None
    published_at: str | None
    age: int | None
    half_way: str | None
    entities: int
    with_vector: int
    provisional: int
    without_vector: int
    nothing_said: int  # of these, with nothing to make one from
    stale: int
    stale_by_reason: Mapping[str, int]
    no_facts: int
    earlier: int
    tombstones: Mapping[str, int]
    split: str | None = None
    test_facts: Mapping[str, int] | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def status(graph: Graph) -> Status:
    """Counts over the whole graph; about a second for a million entities."""
    runs, half_way = _rows(graph, cypher.RUN), _rows(graph, cypher.HALF_WAY)
    run = runs[0] if runs else {}
    reasons = {row["reason"]: row["count"] for row in _rows(graph, cypher.STALE_BY_REASON)}
    tombstones = {row["why"]: row["count"] for row in _rows(graph, cypher.TOMBSTONES)}
    return Status(
        run=run.get("run"),
        published_at=run.get("published_at"),
        age=run.get("age"),
        half_way=half_way[0]["run"] if half_way else None,
        entities=count(graph, cypher.ENTITIES),
        with_vector=count(graph, cypher.WITH_VECTOR),
        provisional=count(graph, cypher.PROVISIONAL),
        without_vector=count(graph, cypher.WITHOUT_VECTOR),
        nothing_said=count(graph, cypher.NOTHING_SAID),
        stale=count(graph, cypher.STALE),
        stale_by_reason=reasons,
        no_facts=count(graph, cypher.NO_FACTS),
        earlier=count(graph, cypher.EARLIER),
        tombstones=tombstones,
        split=run.get("split"),
        test_facts=None if run.get("facts") is None else {name: run[name] for name in TEST_FACTS},
    )


def count(graph: Graph, text: str) -> int:
    return int(_rows(graph, text)[0]["count"])


def _rows(graph: Graph, text: str) -> list[dict[str, Any]]:
    return graph.read(Statement(text))
