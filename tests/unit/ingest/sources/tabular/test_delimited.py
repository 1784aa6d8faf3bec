"""Text with cells: what tells them apart, encodings, and rows that are none."""

from __future__ import annotations

import csv
import io
import random
from contextlib import suppress
from pathlib import Path

import pytest

from kg_platform.errors import BadInput
from kg_platform.files import lines, rows
from kg_platform.records import Rejection
from tests.support.packing import PACKERS
from tests.support.tables import read, rows_of, written


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("delimiter", "said"), [
    (",", ""), (";", "semicolons"), ("\t", "tabs"), ("|", "bars"),
])  # fmt: skip
def test_the_delimiter_is_found_and_said(
    tmp_path: Path, delimiter: str, said: str, end: str
) -> None:
    text = end.join(["id,name,price", '1,"x, y; z",=1+1', '2,"say ""so""|",', '3,"",2', ""])
    cells = text.replace(",", delimiter).replace(f"x{delimiter} y", "x, y")
    table = written(tmp_path / "f.csv", "\ufeff" + cells)
    assert rows_of(table) == [
        {"id": "1", "name": "x, y; z", "price": "=1+1"},
        {"id": "2", "name": 'say "so"|', "price": None},
        {"id": "3", "name": "", "price": "2"},
    ]
    assert table.columns() == ["id", "name", "price"]
    assert table.notes == ([f"f.csv is read with {said} between its cells."] if said else [])
    assert table.count() == 3
    assert [number for number, _ in table.rows()] == [2, 3, 4]


def test_decimal_commas_do_not_make_cells(tmp_path: Path) -> None:
    table = written(tmp_path / "f.csv", "name;price\nA;1,5\nB;2,25\n")
    assert rows_of(table) == [{"name": "A", "price": "1,5"}, {"name": "B", "price": "2,25"}]


def test_what_is_declared_is_done(tmp_path: Path) -> None:
    text = "a::b\n'x''::y'::1\n\"z\"::NULL\n"
    table = written(tmp_path / "f.txt", text, delimiter="::", quote="'", null=["NULL"])
    assert rows_of(table) == [{"a": "x'::y", "b": "1"}, {"a": '"z"', "b": None}]
    table = written(tmp_path / "f.csv", '5" disk,"y\n', quote="", header=["a", "b"])
    assert rows_of(table) == [{"a": '5" disk', "b": '"y'}]


def test_tabs_are_literal_unless_a_quote_is_declared(tmp_path: Path) -> None:
    text = 'a\tb\n"x"\t "y\n'
    assert rows_of(written(tmp_path / "f.tsv", text)) == [{"a": '"x"', "b": '"y'}]
    assert rows_of(written(tmp_path / "f.tsv", 'a\tb\n"x\ty"\t1\n', quote='"')) == [
        {"a": "x\ty", "b": "1"}
    ]
    table = written(tmp_path / "f.tsv", '"a"\t"b"\n')
    assert table.columns() == ['"a"', '"b"']
    [note] = table.notes
    assert note == "Quotes are read as content in f.tsv; declare its `quote` if they are not."


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"delimiter": ""}, "The `delimiter` of f.csv cannot be ''"),
        ({"delimiter": '"'}, "The `delimiter` of f.csv cannot be"),
        ({"delimiter": "\n"}, "The `delimiter` of f.csv cannot be"),
        ({"quote": "''"}, "The `quote` of f.csv is one character"),
        ({"encoding": "utf-9"}, "cannot be read as 'utf-9': there is no such encoding of text"),
        ({"encoding": "base64"}, "cannot be read as 'base64'"),
        ({"encoding": "undefined"}, "cannot be read as 'undefined'"),
        ({"header": ["a", "a"]}, "names the column 'a' twice"),
    ],
)
def test_options_that_cannot_be_met(tmp_path: Path, options: dict[str, str], reason: str) -> None:
    with pytest.raises(BadInput) as refused:
        written(tmp_path / "f.csv", "a,b\n1,2\n", **options)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8-sig", ""),
        ("cp1252", "is not UTF-8 and is read as cp1252 (Western European)"),
        ("utf-16", "is read as UTF-16, as it begins like that"),
        ("utf-32", "is read as UTF-32, as it begins like that"),
    ],
)
def test_encodings_are_seen_and_said(tmp_path: Path, encoding: str, said: str) -> None:
    table = written(tmp_path / "f.csv", "näme,x\nÖl €,1\n".encode(encoding))
    assert rows_of(table) == [{"näme": "Öl €", "x": "1"}]
    assert said in " ".join(table.notes)
    assert len(table.notes) == bool(said)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le", "shift_jis", "koi8-r", "UTF-8"])
def test_a_declared_encoding_is_used(tmp_path: Path, encoding: str) -> None:
    word = {"shift_jis": "東京", "koi8-r": "Москва"}.get(encoding, "Öl")
    table = written(tmp_path / "f.csv", f"a,b\n{word},1\n".encode(encoding), encoding=encoding)
    assert rows_of(table) == [{"a": word, "b": "1"}]
    assert not table.notes


@pytest.mark.parametrize(
    ("content", "options", "reason"),
    [
        ("a,b\nx,y\n".encode("utf-16-le"), {}, "UTF-16 without a mark; give its encoding"),
        ("a,b\nx,y\n".encode("utf-16"), {"encoding": "utf-8"}, "begins as UTF-16 does"),
        (b"a,b\n\x81,\x8d\n", {}, "is neither UTF-8 nor cp1252; give its encoding"),
    ],
)
def test_encodings_that_nobody_can_tell(
    tmp_path: Path, content: bytes, options: dict[str, str], reason: str
) -> None:
    with pytest.raises(BadInput) as refused:
        written(tmp_path / "f.csv", content, **options)
    assert reason in str(refused.value)


def test_a_damaged_letter_costs_its_row_and_changes_no_other(tmp_path: Path) -> None:
    table = written(tmp_path / "f.csv", b"a,b\n\xc3\xb6,1\n\xff,2\n\xc3\xa4,3\n")
    assert read(table) == [{"a": "ö", "b": "1"}, lines.NOT_UTF8, {"a": "ä", "b": "3"}]
    damaged = (
        "a,b\nö,1\n".encode("utf-16-le") + b"\x00\xd8,\x002\x00\n\x00" + "z,3".encode("utf-16-le")
    )
    table = written(tmp_path / "g.csv", damaged, encoding="utf-16-le")
    good = [{"a": "ö", "b": "1"}, "the line is not valid utf-16-le", {"a": "z", "b": "3"}]
    assert read(table) == good


@pytest.mark.parametrize("suffix", PACKERS)
def test_packed_files(tmp_path: Path, suffix: str) -> None:
    content = PACKERS[suffix](b"a,b\n" + b"1,2\n" * 5_000)
    table = written(tmp_path / f"f.csv{suffix}", content)
    assert len(rows_of(table)) == 5_000 == table.count()
    with pytest.raises(BadInput, match="is cut off or damaged; unpack it, or fetch it again"):
        rows_of(written(tmp_path / f"f.csv{suffix}", content[:-12]))


def test_the_count_of_a_long_file_is_about_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "_SAMPLE", 10_000)
    content = b"a,b\n" + b"".join(b"%d,%d\n" % (n * n, n) for n in range(5_000))
    assert 4_000 < written(tmp_path / "f.csv", content).count() < 7_000
    assert 3_000 < written(tmp_path / "f.csv.gz", PACKERS[".gz"](content)).count() < 8_000


def test_rows_that_are_none(tmp_path: Path) -> None:
    table = written(tmp_path / "f.csv", 'a,b\n1\n\n1,2,3\na,b\n"x"y,2\n3,4\n')
    assert [(number, row.reason) for number, row in table.rows() if isinstance(row, Rejection)] == [
        (2, "the row has 1 cell, the header 2"),
        (4, "the row has 3 cells, the header 2"),
        (5, "the header stands here again"),
        (6, "after a closing quote stands more text (y)"),
    ]


def test_a_quote_that_is_not_closed_names_its_lines(tmp_path: Path) -> None:
    [first, rejection] = written(tmp_path / "f.csv", 'a,b\n1,2\n3,"x\n4,5\n').rows()
    assert first == (2, {"a": "1", "b": "2"})
    why = "a quote is opened and not closed up to line 4"
    assert rejection == (3, Rejection("f.csv", 3, "line", why, '3,"x'))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "f.csv is empty; its first row has to name the columns"),
        ("\n\n", "f.csv is empty"),
        ("a,b,a\n1,2,3\n", "f.csv names the column 'a' twice; rename one"),
        (",,\n1,2,3\n", "f.csv names no columns"),
        ('a,"b\n1,2\n', "f.csv names no columns: in line 1 a quote is opened and not closed"),
    ],
)
def test_headers_that_are_none(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(BadInput) as refused:
        written(tmp_path / "f.csv", text)
    assert reason in str(refused.value)


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    table = written(tmp_path / "f.csv", "a,b")
    assert (table.columns(), table.count(), rows_of(table)) == (["a", "b"], 0, [])


def test_a_column_without_a_name_is_left_out_and_said(tmp_path: Path) -> None:
    table = written(tmp_path / "f.csv", ",a,\n0,x,\n")
    assert (table.columns(), rows_of(table)) == (["a"], [{"a": "x"}])
    assert table.notes == ["Columns 1, 3 of f.csv have no name and are left out."]


def test_a_long_cell(tmp_path: Path) -> None:
    long = "x" * 10_000_000
    found = rows_of(written(tmp_path / "f.csv", f'a,b\n{long},1\n"{long}",\n'))
    assert found == [{"a": long, "b": "1"}, {"a": long, "b": None}]


def test_what_is_quoted_comes_back_as_it_was(tmp_path: Path) -> None:
    """Beside Python's own writer: whatever stands in quotes, any delimiter, line end, encoding."""
    chance = random.Random(5)
    signs = "ab\"\n\r,;\t| 'é€😀\\\u2028\x0b\x1c\x85"
    for _ in range(60):
        cells = [
            ["".join(chance.choices(signs, k=chance.randrange(6))) for _ in range(3)]
            for _ in range(chance.randrange(1, 25))
        ]
        made = io.StringIO(newline="")
        delimiter, end = chance.choice(",;|\t"), chance.choice(["\n", "\r\n", "\r"])
        writer = csv.writer(made, quoting=csv.QUOTE_ALL, delimiter=delimiter, lineterminator=end)
        writer.writerows([["x", "y", "z"], *cells])
        content = made.getvalue().encode(chance.choice(["utf-8", "utf-8-sig", "utf-16"]))
        table = written(tmp_path / "f.csv", content)
        assert [list(row.values()) for row in rows_of(table)] == cells


def test_files_cut_or_changed_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row is as it was, a rejection, or the table is a `BadInput`: nothing else comes out."""
    monkeypatch.setattr(rows, "MAX_LINE_BYTES", 10_000)
    chance = random.Random(0)
    whole = "a,b,c\n" + "".join(f'{n},"x ""{n}"", y\nz",ö{n}\n' for n in range(50))
    for encoding in ("utf-8", "utf-16", "cp1252"):
        content = whole.encode(encoding)
        for _ in range(60):
            cut = bytearray(content[: chance.randrange(len(content))])
            for _ in range(chance.randrange(3) if cut else 0):
                cut[chance.randrange(len(cut))] = chance.randrange(256)
            with suppress(BadInput):
                table = written(tmp_path / "f.csv", bytes(cut))
                for number, row in table.rows():
                    assert number >= 2
                    assert isinstance(row, Rejection) or len(row) <= 60
