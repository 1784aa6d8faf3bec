"""What runs changed: written in parts, read back, put together, compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.versions.composed import Composed
from ingest.versions.journal import ENTITY, MARK, RELATION, Entry, Journal, entries, mark_entries
from kg_platform.errors import ArtifactError, NotFound, Unavailable
from kg_platform.runs.journals import journal_bytes, kept_journals, remove_journal


def entity(name: str, before: str | None, after: str | None) -> Entry:
    return Entry(ENTITY, name, None, None, before, after)


def test_parts_are_read_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path, None)
    numbers = [journal.part(), journal.part(), journal.part()]
    second, first = [entity("B", "1", "2")], [entity("A", None, "{}"), entity("Ä\n\"'", "x", None)]
    journal.put(numbers[1], second)
    journal.put(numbers[0], [entity("tried once", None, "")])
    journal.put(numbers[0], first)  # the transaction was tried again
    journal.put(numbers[2], [])
    assert list(entries(tmp_path)) == [*first, *second]
    again = Journal(tmp_path, None)  # the run was taken up again
    again.put(again.part(), mark_entries([("A", "{}")], "now"))
    assert [one.kind for one in entries(tmp_path)] == [ENTITY, ENTITY, ENTITY, MARK, MARK]


def test_a_run_without_a_journal(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="has no journal in"):
        list(entries(tmp_path / "20260101-000000-abcd"))


def test_a_damaged_part_is_told(tmp_path: Path) -> None:
    journal = Journal(tmp_path, None)
    journal.put(journal.part(), [entity("A", None, "{}")])
    (part,) = (tmp_path / "journal").iterdir()
    part.write_bytes(part.read_bytes()[:20])
    with pytest.raises(ArtifactError, match="not known any more"):
        list(entries(tmp_path))


def test_each_thing_once(tmp_path: Path) -> None:
    relation = Entry(RELATION, "A", "R", "B", None, "1")
    changes = [
        entity("A", None, "1"), relation, entity("A", "1", "2"), entity("B", "1", None),
        relation._replace(before="1", after=None), entity("C", "1", "2"), entity("C", "2", "1"),
    ]  # fmt: skip
    with Composed(changes) as composed:
        found = [one for batch in composed.items(ENTITY, at_once=2) for one in batch]
        assert found == [entity("A", None, "2"), entity("B", "1", None), entity("C", "1", "1")]
        assert composed.find([relation, entity("nobody", None, None)]) == [
            Entry(RELATION, "A", "R", "B", None, None), None,
        ]  # fmt: skip


def test_old_journals_go(tmp_path: Path) -> None:
    runs = ["3", "2", "1", "0"]  # newest first; one has none
    for run in ("3", "1", "0"):
        journal = Journal(tmp_path / run, None)
        journal.put(journal.part(), [entity("A", None, "{}")])
    kept = kept_journals(tmp_path, runs, keep=2)
    assert [(one.run, one.why) for one in kept] == [
        ("3", "one of the 2 newest"), ("1", "one of the 2 newest"), ("0", None),
    ]  # fmt: skip
    assert all(one.bytes for one in kept)
    remove_journal(tmp_path / "0")
    assert journal_bytes(tmp_path / "0") == 0
    remove_journal(tmp_path / "0")


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.parquet as pq

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    journal = Journal(tmp_path, None)
    with pytest.raises(Unavailable, match=r"No space left on device\); make room there"):
        journal.put(journal.part(), [entity("a", None, "{}")])
    assert list(tmp_path.rglob("*.parquet")) == []
