"""Statements that lock entities wait for whoever writes them, and read what was written."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kg_platform.cypher import changes, loading, merging, provenance, streaming
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph, Run

pytestmark = pytest.mark.neo4j_both

Ask = Callable[[Run], Any]
MARKED = 1_577_836_800_000_000  # 2020, in microseconds
MADE = """
CREATE (:Entity {id: 'one', label: 'before', embedding_stale: ['text'],
                 embedding_stale_at: datetime({epochMillis: $at / 1000})}),
       (:Entity {id: 'two'})
"""
STALE = "MATCH (n:Entity {id: 'one'}) SET n.label = 'after', n.embedding_stale_at = datetime()"


def locked(run: Run) -> Any:
    (row,) = run(Statement(merging.LOCK, {"ids": ["one"]}))
    return row["properties"]["label"]


def whole(run: Run) -> Any:
    (row,) = run(Statement(provenance.LOCK_ENTITIES, {"ids": ["one"], "vectors": False}))
    return dict(row["properties"])["label"]


def ends(run: Run) -> Any:
    run(Statement(loading.LOCK_ENDS, {"ids": ["one"]}))
    return label(run)


def held(run: Run) -> Any:
    run(Statement(streaming.HOLD_ENDS, {"ids": ["one"], "source": "s"}))
    return label(run)


def related(run: Run) -> Any:
    """The mark that writing a relation found at its end."""
    (now,) = run(Statement(provenance.NOW))
    given = {"ids": ["one", "two"], "rows": [[0, 1, "knows", 0, 0]], "kinds": [{}]}
    text = loading.put_relations(["knows"])
    (row,) = run(Statement(text, {**given, "since": now["now"]}))
    found = {name: at for name, _, at, _ in row["marks"]}
    return "before" if found["one"].year == 2020 else "after"


def unmarked(run: Run) -> Any:
    """Whether a mark that was seen before stays, as another has come since."""
    run(Statement(changes.UNMARK, {"rows": [{"id": "one", "at": MARKED}]}))
    text = "MATCH (n:Entity {id: 'one'}) RETURN n.embedding_stale_at IS NULL AS gone"
    (row,) = run(Statement(text))
    return "before" if row["gone"] else "after"


def label(run: Run) -> Any:
    (row,) = run(Statement("MATCH (n:Entity {id: 'one'}) RETURN n.label AS label"))
    return row["label"]


@pytest.mark.parametrize("ask", [locked, whole, ends, held, related, unmarked])
def test_who_locks_waits_and_reads_what_was_written(graph: Graph, ask: Ask) -> None:
    graph.write(Statement(MADE, {"at": MARKED}))
    written, begun = threading.Event(), threading.Event()

    def write(run: Run) -> None:
        run(Statement(STALE))
        written.set()
        assert not begun.wait(0.5), "it did not wait"

    def read(run: Run) -> Any:
        answer = ask(run)
        begun.set()
        return answer

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(graph.transact, write)
        assert written.wait(30)
        reading = pool.submit(graph.transact, read)
        writing.result(30)
        assert reading.result(30) == "after"


def test_a_lock_writes_nothing(graph: Graph) -> None:
    graph.write(Statement("CREATE (:Entity {id: 'one'})"))

    counters = graph.write(Statement(loading.LOCK_ENDS, {"ids": ["one"]}))

    assert (counters.labels_added, counters.properties_set) == (0, 0)
