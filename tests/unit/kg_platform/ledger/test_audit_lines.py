"""Many ids are written down in as many lines as it takes, each whole."""

from __future__ import annotations

from kg_platform.ledger.audit import fitting
from kg_platform.ledger.rows import TEXT_CHARACTERS, excerpt


def test_ids_are_whole_in_their_lines() -> None:
    ids = [f"id-{n:04}" for n in range(400)]
    groups = list(fitting(ids))
    assert [one for some in groups for one in some] == ids
    lines = [" ".join(some) for some in groups]
    assert [excerpt(line, TEXT_CHARACTERS) for line in lines] == lines
    assert len(lines) == 4
    long = "x" * 2_000
    assert list(fitting(["a", long, "b"])) == [["a"], [long], ["b"]]
    assert list(fitting([])) == []
