"""What needs attention, from a ledger and what was counted; no graph is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kg_platform.browse.attention import concerns
from kg_platform.browse.facets import Census
from kg_platform.browse.status import Status
from kg_platform.browse.streams import FollowedStream
from kg_platform.ledger.ledger import Ledger
from kg_platform.ledger.review_rows import Candidate
from kg_platform.migrate.ledger import migrate_ledger
from tests.unit.kg_platform.browse.test_facets import CENSUS

STATUS = Status(
    run="r1", published_at=None, age=None, half_way=None, entities=11, with_vector=8,
    provisional=0, without_vector=3, nothing_said=1, stale=3, stale_by_reason={}, no_facts=0,
    earlier=0, tombstones={},
)  # fmt: skip
NOTHING = Census(())


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path}/ledger.db"
    migrate_ledger(url)
    with Ledger(url) as opened:
        yield opened


def test_vectors_that_are_behind(ledger: Ledger) -> None:
    found = concerns(ledger, CENSUS, STATUS, [])
    assert [(one.what, one.count, one.page, dict(one.query)) for one in found] == [
        ("stale", 3, "browse", {"browse_state": "stale"}),
        ("without a vector", 2, "browse", {"browse_state": "none"}),  # one says nothing
    ]


def test_of_each_kind_the_last_run_counts(ledger: Ledger) -> None:
    broken = ledger.start_run("ingest", {"source": "a"})
    ledger.finish_run(broken, "failed", error="no room")
    better = ledger.start_run("ingest", {"source": "a"})
    ledger.finish_run(better, "succeeded", {"rejected": 4})
    refused = ledger.start_run("embed", {})
    with ledger.stepping(refused, "gate") as details:
        details["passed"] = False
    ledger.finish_run(refused, "failed", error="refused")
    ledger.reviews.propose("r", [Candidate("link", "a", "R", "b", 0.5, 1.0)])
    found = {(one.what, one.name, one.count) for one in concerns(ledger, NOTHING, STATUS, [])}
    assert found == {("refused", refused, 0), ("rejected", "a", 4), ("open reviews", "", 1)}


def test_streams_that_nobody_follows(ledger: Ledger) -> None:
    rows = [
        FollowedStream("kafka:a", "a", 1, 5, 10, 0, None, 3_600),
        FollowedStream("kafka:b", "b", 1, 5, 10, 0, None, 1),
        FollowedStream("kafka:c", "c", 1, 5_000, 10, 0, None, 1),
    ]
    found = [(one.what, one.name) for one in concerns(ledger, NOTHING, STATUS, rows)]
    assert found == [("stream silent", "a"), ("stream behind", "c")]


def test_a_ledger_that_is_not_there_yet(tmp_path: Path) -> None:
    with Ledger(f"sqlite:///{tmp_path}/none.db") as empty:
        assert concerns(empty, NOTHING, STATUS, []) == []
