"""Files that appear, grow, are replaced, are half written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ingest.streams.feed import StreamMessage
from ingest.streams.folder import FileNote, FolderFeed
from kg_platform.errors import BadInput
from kg_platform.records import Rejection


class Folder:
    """A folder, and what a graph would keep of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writes = 0
        self.told: list[str] = []
        self.notes: dict[str, FileNote] = {}
        self.feed = self.opened()

    def opened(self) -> FolderFeed:
        return FolderFeed(self.path, "source", self.notes, self.told.append)

    def write(self, name: str, text: str, settled: bool = True) -> None:
        file = self.path / name
        file.write_text(text, encoding="utf-8")
        self.writes += 1
        if settled:
            os.utime(file, (self.writes, self.writes))

    def take(self, most: int = 100) -> list[StreamMessage]:
        found: list[StreamMessage] = []
        while some := self.feed.take(most, 0):
            found += some
            for part, end in self.feed.ends().items():
                assert end.note is not None
                last = max(one.offset for one in some)
                self.notes[part.name] = FileNote.of(last, end.note)
        return found

    def values(self, most: int = 100) -> list[object]:
        return [one.value for one in self.take(most)]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "in").mkdir()
    return Folder(tmp_path / "in")


def test_files_in_the_order_of_their_names_each_once(folder: Folder) -> None:
    folder.write("b.jsonl", '{"b": 1}\n')
    folder.write("a.jsonl", '{"a": 1}\n\n{"a": 2}')
    assert folder.values() == [b'{"a": 1}', b'{"a": 2}', b'{"b": 1}']
    assert folder.values() == []
    folder.feed = folder.opened()
    assert folder.values() == []


def test_a_file_that_grows_is_read_on_and_one_that_is_replaced_anew(folder: Folder) -> None:
    folder.write("a.jsonl", "{1}\n{2}\n")
    assert len(folder.values()) == 2
    folder.write("a.jsonl", "{1}\n{2}\n{3}\n")
    assert folder.values() == [b"{3}"]
    folder.write("a.jsonl", "{9}\n{2}\n")
    folder.feed = folder.opened()
    again = folder.take()
    assert [one.value for one in again] == [b"{9}", b"{2}"]
    assert again[0].part.id.endswith(",1]")


def test_one_that_is_taken_in_part_goes_on(folder: Folder) -> None:
    folder.write("a.jsonl", "{1}\n{2}\n{3}\n")
    (first,) = folder.feed.take(1, 0)
    (end,) = folder.feed.ends().values()
    assert end.note is not None
    folder.notes["a.jsonl"] = FileNote.of(first.offset, end.note)
    folder.feed = folder.opened()
    assert folder.values() == [b"{2}", b"{3}"]


def test_what_is_half_written_is_waited_for(folder: Folder) -> None:
    folder.write("a.jsonl", "{1}\n", settled=False)
    folder.write("b.jsonl.part", "{1}\n")
    folder.write(".hidden.jsonl", "{1}\n")
    assert folder.values() == []
    folder.write("a.jsonl", "{1}\n{2}\n")
    assert len(folder.values()) == 2


def test_a_last_line_that_grows_while_it_is_read_is_not_taken_in_half(folder: Folder) -> None:
    folder.write("a.jsonl", '{"a": 1}\n{"b"')
    (first,) = folder.feed.take(1, 0)
    assert first.value == b'{"a": 1}'
    folder.write("a.jsonl", '{"a": 1}\n{"b": 2}\n')
    assert folder.values() == [b'{"b": 2}']


def test_lines_that_cannot_be_read_and_files_that_are_not_ours(folder: Folder) -> None:
    (folder.path / "a.jsonl").write_bytes(b"\xff\n{2}\n")
    os.utime(folder.path / "a.jsonl", (1, 1))
    folder.write("table.csv", "a,b\n")
    bad, good = folder.values()
    assert isinstance(bad, Rejection)
    assert bad.reason == "the line is not valid UTF-8"
    assert good == b"{2}"
    assert folder.told == ["table.csv is left alone: without --mapping only JSON Lines are read."]


def test_a_file_that_breaks_off_while_it_is_read_is_read_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever starts anew goes on as well: its end is not noted."""
    states = {"broken": True}

    def rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
        yield 1, {"a": 1}
        if states["broken"]:
            raise OSError(5, "Input/output error")
        yield 2, {"a": 2}

    file = tmp_path / "a.csv"
    file.write_text("a\n1\n2\n", encoding="utf-8")
    os.utime(file, (1, 1))
    told: list[str] = []
    feed = FolderFeed(tmp_path, "source", {}, told.append, rows)
    (first,) = feed.take(100, 0)
    (end,) = feed.ends().values()
    assert end.note is not None
    note = FileNote.of(first.offset, end.note)
    assert (note.offset, note.ended) == (1, False)
    assert feed.take(100, 0) == []
    states["broken"] = False
    assert feed.take(100, 0) == []  # not in a hurry
    monkeypatch.setattr("time.monotonic", lambda: 1e9)
    assert [one.value for one in feed.take(100, 0)] == [{"a": 2}]
    assert told == [
        f"{file} cannot be read: Input/output error. What of a.csv was not read is tried again "
        "later."
    ]
    again = FolderFeed(tmp_path, "source", {"a.csv": note}, told.append, rows)
    assert [one.value for one in again.take(100, 0)] == [{"a": 2}]


def test_files_that_are_known_are_not_read_at_a_start(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("a.jsonl", "{1}\n")
    folder.take()
    older = json.loads(folder.notes["a.jsonl"].as_text())
    del older["mtime_ns"]  # a note of before there were times in it
    folder.notes["a.jsonl"], known = FileNote.of(1, json.dumps(older)), folder.notes["a.jsonl"]
    folder.feed = folder.opened()
    assert folder.values() == []
    folder.notes["a.jsonl"] = known
    folder.feed = folder.opened()
    monkeypatch.setattr("ingest.streams.folder._digests", None)
    assert folder.values() == []


def test_many_files_are_looked_for_once(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        folder.write(f"{number:02}.jsonl", "{1}\n")
    looks, look = [0], os.scandir

    def scandir(path: Path) -> Any:
        looks[0] += 1
        return look(path)

    monkeypatch.setattr("os.scandir", scandir)
    assert len(folder.values()) == 30
    assert looks[0] <= 2


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no folder; name one, or kafka://"):
        FolderFeed(tmp_path / "nowhere", "source", {}, lambda _: None)
