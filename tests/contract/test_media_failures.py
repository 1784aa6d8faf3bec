"""Media that could not be had, in each kind of ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kg_platform.ledger.ledger import Ledger
from kg_platform.migrate.ledger import migrate_ledger
from kg_platform.records import MediaRef, MediumRejection


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgres").new_database())
    migrate_ledger(url)
    with Ledger(url) as opened:
        yield opened


def failed(entity: str, place: str, *, gone: bool = False) -> MediumRejection:
    ref = MediaRef(place, "audio", 2, "a horn", 0.5, None)
    return MediumRejection("f", 1, "audio", "it is cut off", place, entity, ref, gone)


def test_a_failure_counts_its_tries_and_goes_when_it_is_settled(ledger: Ledger) -> None:
    failures = ledger.media_failures
    long = "x" * 10_000
    failures.note("1", "s", "/f", [failed("a", long), failed("a", long), failed("b", "b.wav")])
    failures.note("1", "t", "/g", [failed("a", long, gone=True)])
    assert failures.counts() == {"failed": 2, "gone": 1}
    failures.note("2", "s", "/f2", [failed("a", long, gone=True)])
    first, second = failures.rows("s")
    assert (first.tries, first.state, first.folder) == (2, "gone", "/f2")
    assert first.ref() == MediaRef(long, "audio", 2, "a horn", 0.5, None)
    assert (second.tries, second.state, second.location) == (1, "failed", "b.wav")
    assert [one.source for one in failures.rows(gone=True)] == ["s", "t"]
    assert len(failures.rows(limit=1)) == 1
    assert failures.sources() == {"s": 2, "t": 1}
    assert [one.key for one in failures.of("s", ["x", "a", *map(str, range(500))])] == [first.key]
    assert failures.of("u", ["a"]) == []
    assert failures.reasons() == [("it is cut off", "/f", 3)]
    assert failures.reasons("t") == [("it is cut off", "/g", 1)]
    failures.settle_others("s", "2", "/f2", fetched=True)
    assert [one.key for one in failures.rows("s")] == [first.key]
    failures.settle([first.key])
    assert failures.counts() == {"failed": 0, "gone": 1}


def test_a_load_settles_what_it_looked_for(ledger: Ledger, tmp_path: Path) -> None:
    failures, other = ledger.media_failures, str(tmp_path)
    address = "https://example.org/a.wav"
    failures.note("1", "s", "/f", [failed("a", address), failed("a", "a.wav")])
    failures.note("1", "s", "/unpacked", [failed("b", "b.wav")])
    failures.note("1", "s", other, [failed("c", "c.wav")])
    failures.settle_others("s", "2", "/f", fetched=False)
    assert [(one.entity, one.location) for one in failures.rows()] == [
        ("a", address), ("c", "c.wav"),
    ]  # fmt: skip
    failures.settle_others("s", "3", "/f", fetched=True)
    assert [one.entity for one in failures.rows()] == ["c"]
    failures.settle_others("s", "4", other, fetched=True)
    assert failures.rows() == []
