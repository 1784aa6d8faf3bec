"""Spreadsheets: sheets, values, and files that would take all memory."""

from __future__ import annotations

import random
import zipfile
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.sources.table import RowTable, TableOptions
from ingest.sources.tables import open_table
from ingest.sources.tabular import workbook
from kg_platform.errors import BadInput
from tests.support.tables import rows_of
from tests.support.workbooks import write_ods, write_xls, write_xlsb, write_xlsx


def opened(path: Path, **options: Any) -> RowTable:
    return open_table(path.name, TableOptions(**options), path.parent)


def test_values(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "f.xlsx", {"Cast": {
        "B3": "id", "C3": "value", "D3": 2020,
        "B4": 1, "C4": 1.5, "D4": "=x",
        "B5": "007", "C5": date(2020, 2, 29), "D5": datetime(2020, 2, 29, 12, 30, 15),
        "B6": True, "C6": b"><f>1+1</f><v>2</v>", "D6": b"><f>1+1</f>",
        "B1000": 12_345_678_901, "C1000": b' t="e"><v>#N/A</v>', "D1000": " ",
    }})  # fmt: skip
    table = opened(path)
    assert (table.name, table.columns()) == ("f.xlsx, sheet Cast", ["id", "value", "2020"])
    assert list(table.rows()) == [
        (4, {"id": 1, "value": 1.5, "2020": "=x"}),
        (5, {"id": "007", "value": date(2020, 2, 29),
             "2020": datetime(2020, 2, 29, 12, 30, 15)}),
        (6, {"id": True, "value": 2, "2020": None}),
        (1000, {"id": 12_345_678_901, "value": None, "2020": " "}),
    ]  # fmt: skip
    assert [type(row["id"]) for row in rows_of(table)] == [int, str, bool, int]
    assert not table.notes


def test_sheets(tmp_path: Path) -> None:
    sheets = {"secret": {"A1": "s"}, "A & b": {"A1": "a"}, "other": {"A1": "o"}}
    path = write_xlsx(tmp_path / "f.xlsx", sheets, hidden=["secret"])
    first = opened(path)
    assert (first.name, first.columns()) == ("f.xlsx, sheet A & b", ["a"])
    assert first.notes == ["Of f.xlsx the sheet A & b is read, not other."]
    assert opened(path, sheet="secret").columns() == ["s"]
    assert opened(path, sheet="other").notes == []
    with pytest.raises(BadInput, match=r"f.xlsx has no sheet 'x'; there are 'A & b', 'other'"):
        opened(path, sheet="x")
    write_xlsx(path, {"secret": {"A1": "s"}}, hidden=["secret"])
    with pytest.raises(BadInput, match="has no sheet that is not hidden; name one"):
        opened(path)


def test_merged_cells_and_cells_without_a_column_are_said(tmp_path: Path) -> None:
    cells = {"B1": "a", "D1": "b", "B2": 1, "E2": "more", "B3": 2}
    table = opened(write_xlsx(tmp_path / "f.xlsx", {"S": cells}, merged=["B2:B3"]))
    assert rows_of(table) == [{"a": 1, "b": None}, {"a": 2, "b": None}]
    assert table.notes == [
        "Merged cells of f.xlsx, sheet S have their value in the first of them alone.",
        "Column 3 of f.xlsx, sheet S has no name and is left out.",
        "Cells to the right of the header of f.xlsx, sheet S are left out.",
    ]


def test_a_declared_header_and_nulls(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "f.xlsm", {"S": {"A1": "x", "B1": "-"}})
    table = opened(path, header=["a", "b"], null=["-"])
    assert list(table.rows()) == [(1, {"a": "x", "b": None})]
    assert table.count() == 1


def test_other_formats(tmp_path: Path) -> None:
    rows = [["id", "day"], [7.0, date(2020, 2, 29)], ["öl", None]]
    wanted = [{"id": 7, "day": date(2020, 2, 29)}, {"id": "öl", "day": None}]
    assert rows_of(opened(write_ods(tmp_path / "f.ods", {"Old": rows}))) == wanted
    assert rows_of(opened(write_xls(tmp_path / "f.xls"))) == wanted
    binary = write_xlsb(tmp_path / "f.xlsb", "Old", [["id", "n"], [7.0, 1.5], ["öl", "x" * 200]])
    assert rows_of(opened(binary)) == [{"id": 7, "n": 1.5}, {"id": "öl", "n": "x" * 200}]


def test_a_sheet_that_would_take_all_memory(tmp_path: Path) -> None:
    """Two cells: as a rectangle they are 550 GB, which ends the process that reads them."""
    path = write_xlsx(tmp_path / "f.xlsx", {"S": {"A1": "id", "XFD1048576": "x"}})
    with pytest.raises(BadInput) as refused:
        opened(path)
    assert str(refused.value) == (
        "f.xlsx cannot be read: its sheet is too large for 1 GiB of memory, or damaged; save the "
        "sheet as CSV."
    )


def test_a_sheet_of_which_rows_are_all_empty(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "f.xlsx", {"S": {"A1": "id", "A2": 1, "A200000": 2}})
    assert [number for number, _ in opened(path).rows()] == [2, 200_000]
    with pytest.raises(BadInput, match=r"sheet S is empty; its first row has to name the columns"):
        opened(write_xlsx(tmp_path / "g.xlsx", {"S": {}}))


def test_a_file_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "UNPACKED_BYTES", 2**20)
    with zipfile.ZipFile(tmp_path / "f.xlsx", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/sharedStrings.xml", " " * 2**22)
    with pytest.raises(BadInput, match=r"f.xlsx is 0.0 GiB unpacked, more than 0.0"):
        opened(tmp_path / "f.xlsx")


def test_files_cut_or_changed_anywhere(tmp_path: Path) -> None:
    """A table or one sentence. Each costs a process, so they are few."""
    files = [
        write_xlsx(tmp_path / "f.xlsx", {"S": {f"A{n}": f"x{n}" for n in range(1, 40)}}),
        write_xls(tmp_path / "f.xls"),
        write_ods(tmp_path / "f.ods", {"S": [["a"], ["b"]]}),
    ]
    chance = random.Random(3)
    for file in files:
        content = file.read_bytes()
        for at in range(2):
            cut = bytearray(content[: chance.randrange(len(content))] if at % 2 else content)
            for _ in range(20):
                cut[chance.randrange(len(cut))] = chance.randrange(256)
            file.write_bytes(cut)
            with suppress(BadInput):
                rows_of(opened(file))
