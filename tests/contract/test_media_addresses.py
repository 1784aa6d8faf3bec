"""What addresses of media gave, in each kind of ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kg_platform.ledger.ledger import Ledger
from kg_platform.ledger.media_addresses import AddressRow
from kg_platform.migrate.ledger import migrate_ledger


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgres").new_database())
    migrate_ledger(url)
    with Ledger(url) as opened:
        yield opened


def test_an_address_is_what_it_gave_last(ledger: Ledger) -> None:
    found = ledger.media_addresses
    long = "https://example.org/" + "x" * 10_000
    assert found.known(long) is None
    found.remember(AddressRow(long, "a" * 64, '"1"', ""))
    found.remember(AddressRow("https://example.org/\x00", "c" * 64, "", ""))
    found.remember(AddressRow(long, "b" * 64, "", "Sat, 01 Jan 2000 00:00:00 GMT"))
    row = found.known(long)
    assert row is not None
    assert (row.digest, row.etag, row.modified) == (
        "b" * 64, "", "Sat, 01 Jan 2000 00:00:00 GMT",
    )  # fmt: skip
    assert row.fetched_at
