"""Saved queries and what people asked, in each kind of ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kg_platform.errors import BadInput, NotFound
from kg_platform.ledger import query_history
from kg_platform.ledger.ledger import Ledger
from kg_platform.ledger.query_history import AskedQuery
from kg_platform.migrate.ledger import migrate_ledger


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgres").new_database())
    migrate_ledger(url)
    with Ledger(url) as opened:
        yield opened


def test_only_its_owner_changes_or_removes_a_saved_query(ledger: Ledger) -> None:
    queries = ledger.saved_queries
    queries.save(" Near ", "RETURN $id", "ann", note="about", given={"id": '"7"'})
    queries.save("Near", "RETURN $id, 2", "ann", given={"id": "8"})
    (kept,) = queries.rows()
    assert (kept.name, kept.owner, kept.text, kept.note) == ("Near", "ann", "RETURN $id, 2", "")
    assert kept.given == {"id": "8"}
    with pytest.raises(BadInput, match="'Near' is ann's; save yours under another name"):
        queries.save("Near", "RETURN 1", "bob")
    with pytest.raises(BadInput, match="only they remove it"):
        queries.remove("Near", "bob")
    assert queries.get("Near ") == kept
    queries.remove("Near", "ann")
    with pytest.raises(NotFound, match="No query is saved as 'Near'"):
        queries.get("Near")
    said = [(line.by, line.what, line.about) for line in ledger.audit.lines(kind="query")]
    assert said == [("ann", "Near", about) for about in ("removed", "changed", "saved")]


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "two\nlines", "a\u202eb"])
def test_a_name_is_one_line(ledger: Ledger, name: str) -> None:
    with pytest.raises(BadInput, match="a name of 1 to 80 characters"):
        ledger.saved_queries.save(name, "RETURN 1", "ann")


def test_each_person_has_a_history(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_history, "KEPT", 3)
    history = ledger.query_history
    history.add("bob", AskedQuery("RETURN 0", {}, 1.0, None, "no"))
    for text in ("RETURN 1", "RETURN 2", "RETURN 2", "RETURN 3", "RETURN 4"):
        history.add("ann", AskedQuery(text, {"a": "1"}, 0.5, 1))
    assert [one.text for one in history.rows("ann")] == ["RETURN 4", "RETURN 3", "RETURN 2"]
    assert [one.text for one in history.rows("ann", 1)] == ["RETURN 4"]
    (theirs,) = history.rows("bob")
    assert (theirs.rows, theirs.error, theirs.at > "2000") == (None, "no", True)
    history.clear("ann")
    assert (history.rows("ann"), len(history.rows("bob"))) == ([], 1)
