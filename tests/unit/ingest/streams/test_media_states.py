"""Which failures a stream keeps, and which count no more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.streams.media_states import MediaStates
from kg_platform.ledger.ledger import Ledger
from kg_platform.migrate.ledger import migrate_ledger
from kg_platform.records import HeldMedium, MediaRef, MediumRejection

WEB = "https://example.org/a.png"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    migrate_ledger(url)
    with Ledger(url) as opened:
        yield opened


def failed(entity: str, place: str, role: str = "image") -> MediumRejection:
    ref = MediaRef(place, role)
    return MediumRejection("topic/0", 1, "image", "it is away", place, entity, ref)


def keep(ledger: Ledger, states: MediaStates, *, fetched: bool = True) -> list[tuple[str, ...]]:
    states.keep(ledger.media_failures, "run", "s", "/f", fetched=fetched)
    return [(one.entity, one.role, one.location) for one in ledger.media_failures.rows("s")]


def test_what_is_said_anew_is_not_tried_again(ledger: Ledger) -> None:
    states = MediaStates()
    for entity in "ABCD":
        states.refused(failed(entity, WEB))
        states.refused(failed(entity, "b.png", "flag"))
    assert len(keep(ledger, states)) == 8

    states = MediaStates()
    states.entity("A")
    states.refused(failed("A", "c.png"))
    states.gone("B", "flag")
    states.had("C", MediaRef(WEB))
    states.refused(failed("D", "late.png"))
    expected = [
        ("A", "image", "c.png"), ("B", "image", WEB), ("C", "flag", "b.png"),
        ("D", "flag", "b.png"), ("D", "image", WEB), ("D", "image", "late.png"),
    ]  # fmt: skip
    assert keep(ledger, states) == keep(ledger, states) == expected


def test_within_a_batch_what_is_said_last_counts(ledger: Ledger) -> None:
    states = MediaStates()
    states.refused(failed("A", WEB))
    states.entity("A")
    states.refused(failed("B", WEB))
    states.had("B", MediaRef(WEB))
    states.gone("C", "image")
    states.refused(failed("C", WEB))
    assert keep(ledger, states) == [("C", "image", WEB)]


def test_addresses_stay_where_none_are_fetched_and_bytes_have_no_place(ledger: Ledger) -> None:
    states = MediaStates()
    states.refused(failed("A", WEB))
    states.refused(failed("A", "b.png"))
    states.refused(failed("A", str(HeldMedium.of(b"x"))))
    keep(ledger, states)
    states = MediaStates()
    states.entity("A")
    assert keep(ledger, states, fetched=False) == [("A", "image", WEB)]
