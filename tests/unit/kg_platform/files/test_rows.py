"""Cells of rows: quotes, spaces, line ends, and rows that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg_platform.files import lines, rows
from kg_platform.files.rows import read_rows
from kg_platform.records import Rejection


def read(path: Path, content: str | bytes) -> tuple[list[list[str] | tuple[int, str]], list[str]]:
    """(rows, or line and reason of a rejection; what was said)"""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    notes: list[str] = []
    found = [
        (number, row.reason) if isinstance(row, Rejection) else row
        for number, row in read_rows(path, notes)
    ]
    return found, notes


def test_spaces_around_a_field_are_no_content_unless_it_is_quoted(tmp_path: Path) -> None:
    found, notes = read(tmp_path / "f.csv", 'q1, near ,q2\n "q1" , " near ", "q2"\n ,,\n')
    assert found == [["q1", "near", "q2"], ["q1", " near ", "q2"], ["", "", ""]]
    said = "Spaces around a field are not read as part of it (first in {}); "
    said += "quotes in a .csv keep them."
    assert notes == [said.format("f.csv")]
    found, notes = read(tmp_path / "f.tsv", 'q1\tnear \tq2\nq1\t"near "\tq2\n')
    assert found == [["q1", "near", "q2"], ["q1", '"near "', "q2"]]
    assert notes == [said.format("f.tsv")], "once, whatever the number of rows"
    assert read(tmp_path / "f.csv", 'a,"b ",c\n')[1] == [], "nothing was left out"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_marks(tmp_path: Path, end: str, mark: str) -> None:
    text = end.join([f"{mark}a,b,c", "", f'{mark}"d,""{end}""",e,f', "g,h,i"])
    found, _ = read(tmp_path / "f.csv", text)
    assert found == [["a", "b", "c"], [f'd,"{end}"', "e", "f"], ["g", "h", "i"]]
    found, _ = read(tmp_path / "f.tsv", text.replace(",", "\t"))
    assert found[0] == ["a", "b", "c"]
    assert lines.count_lines(tmp_path / "f.tsv") == text.count(end)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'"a"b,R,B', "after a closing quote stands more text (b)"),
        (b'"a\nb\xff",R,B', lines.NOT_UTF8),
        (b'"a\nb"c,R,B', "after a closing quote stands more text (c)"),
        (b'A,R,"' + b"x" * 300 + b'"', lines.TOO_LONG),
        (b"A,R," + b"x" * 300, lines.TOO_LONG),
        (b'"' + b"xxxxxxxxx\n" * 30 + b'",R,B', rows.ROW_TOO_LONG),
    ],
)
def test_a_bad_row_is_one_rejection_and_the_next_is_read(
    tmp_path: Path, bad: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 200)
    monkeypatch.setattr(rows, "MAX_LINE_BYTES", 200)
    found, _ = read(tmp_path / "f.csv", b"a,b,c\n" + bad + b"\nd,e,f\n")
    assert found == [["a", "b", "c"], (2, reason), ["d", "e", "f"]]


def test_a_cell_may_be_as_long_as_a_line(tmp_path: Path) -> None:
    long = "x" * 200_000
    found, _ = read(tmp_path / "f.csv", f'a,"{long}",{long}\n')
    assert found == [["a", long, long]]


def test_a_quote_inside_a_field_that_is_not_quoted_is_content(tmp_path: Path) -> None:
    assert read(tmp_path / "f.csv", '5" disk,R,B\n')[0] == [['5" disk', "R", "B"]]


def test_a_quote_that_is_not_closed(tmp_path: Path) -> None:
    found, _ = read(tmp_path / "f.csv", 'A,R,"B\nC,R,D\n')
    assert found == [(1, "a quote is opened and not closed up to line 2")]
