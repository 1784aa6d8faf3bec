"""How fitted vectors are sent."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from embeddings.refresh.write_fitted import Observed, write_fitted
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Counters, Graph


class RecordedGraph:
    def __init__(self) -> None:
        self.rows: list[list[tuple[str, Any]]] = []

    def vectors(self, rows: Any) -> list[Any]:
        return [float(row[0]) for row in rows]

    def write(self, statement: Statement) -> Counters:
        rows = cast(Any, statement.parameters["rows"])
        self.rows.append([(row["id"], row.get("embedding")) for row in rows])
        return Counters(properties_set=9)


def test_locks_are_taken_in_the_order_of_ids_and_each_gets_its_vector() -> None:
    graph = RecordedGraph()
    entities = [Observed(name, "said", 1) for name in "DBACE"]
    vectors = np.array([[4], [2], [1], [3], [5]], np.float32)
    present = {"embedding": np.array([True, True, False, True, False])}
    write_fitted(cast(Graph, graph), "run", entities, {"embedding": vectors}, present)
    assert graph.rows == [[("A", None), ("E", None)], [("B", 2.0), ("C", 3.0), ("D", 4.0)]]
