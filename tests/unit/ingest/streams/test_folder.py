"""Files that appear, grow, are replaced, are half written."""

from __future__ import annotations

import os
from pathlib import Path

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


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no folder; name one, or kafka://"):
        FolderFeed(tmp_path / "nowhere", "source", {}, lambda _: None)
