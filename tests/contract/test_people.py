"""Who may do what, and who did what, in each kind of ledger."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kg_platform.errors import BadInput, NotFound
from kg_platform.ledger.ledger import Ledger
from kg_platform.ledger.review_rows import Candidate
from kg_platform.migrate.ledger import migrate_ledger

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgres").new_database())
    migrate_ledger(url)
    with Ledger(url, by="ada") as opened:
        yield opened


def said(ledger: Ledger) -> list[tuple[str, str, str, str]]:
    """From the first on."""
    return [(one.by, one.kind, one.what, one.about) for one in ledger.audit.every()][::-1]


def test_the_newest_login_counts_for_all(ledger: Ledger) -> None:
    people = ledger.people
    assert people.get("bob") is None
    assert people.signed_in("bob", "operator", 100).role == "operator"
    assert people.signed_in("bob", "viewer", 200).role == "viewer"
    assert people.signed_in("bob", "operator", 100).role == "viewer", "an older one says nothing"
    assert people.signed_in("bob", "", 300).role is None
    logins = ["operator", "viewer", "no role"]
    assert said(ledger) == [("bob", "login", "bob", about) for about in logins]


def test_a_login_that_is_known_is_read_once(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.people.signed_in("bob", "viewer", 100)
    read: list[str] = []
    get = ledger.people.get
    monkeypatch.setattr(ledger.people, "get", lambda name: read.append(name) or get(name))
    assert ledger.people.signed_in("bob", "viewer", 100).role == "viewer"
    assert read == ["bob"]


def test_granted_and_revoked(ledger: Ledger) -> None:
    people = ledger.people
    assert people.grant("bob", "curator", "ada").role == "curator"
    assert people.signed_in("bob", "viewer", 100).role == "curator"
    assert people.revoke("bob", "ada").role is None
    assert people.signed_in("bob", "operator", 200).role is None
    assert people.forget("bob", "ada").role == "operator"
    assert [one.name for one in people.all()] == ["bob"]
    for act in (people.revoke, people.forget):
        with pytest.raises(NotFound, match="kg people list"):
            act("nobody", "ada")
    with pytest.raises(BadInput, match="viewer, curator, operator"):
        people.grant("bob", "king", "ada")
    with pytest.raises(BadInput, match="to whom"):
        people.grant(" ", "viewer", "ada")


def test_a_login_that_was_ended_and_older_ones(ledger: Ledger) -> None:
    people = ledger.people
    people.signed_in("bob", "viewer", 100)
    people.signed_out("bob", 100)
    people.signed_out("bob", 90)
    there = people.get("bob")
    assert there is not None
    assert there.signed_out == 100
    assert [kind for _, kind, _, _ in said(ledger)] == ["login", "logout"]


def test_many_first_looks_at_once_are_one_login(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        roles = pool.map(lambda _: ledger.people.signed_in("bob", "viewer", 100).role, range(24))
    assert set(roles) == {"viewer"}
    assert said(ledger) == [("bob", "login", "bob", "viewer")]


def test_each_change_is_written_down_with_who_made_it(ledger: Ledger) -> None:
    run = ledger.start_run("ingest", {"source": "world"})
    with ledger.acting_as("bob"):
        second = ledger.start_run("publish", {"run": "run-7"})
        ledger.schedules.add("nightly", "0 3 * * *", "UTC", {}, None, NOW)
        ledger.schedules.pause("nightly")
    ledger.schedules.resume("nightly", NOW)
    ledger.schedules.remove("nightly")
    ledger.reviews.propose(run, [Candidate("link", "a", "KNOWS", "b", 0.5, 1.0, {})])
    ledger.reviews.decide(1, "open", "rejected", "cy")
    assert said(ledger) == [
        ("ada", "ingest", run, "world"),
        ("bob", "publish", second, "run-7"),
        ("bob", "schedule", "nightly", "added: 0 3 * * * UTC"),
        ("bob", "schedule", "nightly", "paused"),
        ("ada", "schedule", "nightly", "resumed"),
        ("ada", "schedule", "nightly", "removed"),
        ("cy", "review", "link 1: rejected", "a KNOWS b"),
    ]


def test_what_failed_left_no_line(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        ledger.schedules.pause("nobody")
    ledger.reviews.propose("run", [Candidate("link", "a", "KNOWS", "b", 0.5, 1.0, {})])
    with pytest.raises(BadInput):
        ledger.reviews.decide(1, "accepted", "open", "cy")
    assert said(ledger) == []


def test_lines_by_person_and_kind_page_by_page(ledger: Ledger) -> None:
    for i in range(7):
        ledger.audit.note("ada" if i % 2 else "bob", "forget", f"{i}", "x" * 5_000)
    ledger.audit.note("cy", "people", "\x00 \ud800")
    audit = ledger.audit
    assert (audit.count(), audit.count("ada"), audit.count(kind="people")) == (8, 3, 1)
    assert [one.what for one in audit.lines(by="bob", limit=2, offset=1)] == ["4", "2"]
    assert audit.people() == ["ada", "bob", "cy"]
    assert audit.kinds() == ["forget", "people"]
    assert len(audit.lines(by="bob")[0].about) == 1_000
    assert audit.lines(by="nobody") == []
