"""Which reader a table gets, and options that it does not know."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from ingest.sources.table import TableOptions
from ingest.sources.tables import FORMATS, open_table
from kg_platform.errors import BadInput
from tests.support.tables import rows_of, written


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("F.CSV", "a\n1\n"), ("f.txt", "a\n1\n"), ("f.tab", "a\n1\n"), ("f.TSV.GZ", "a\n1\n"),
        ("f.ndjson", '{"a": "1"}'), ("f.JSONL", '{"a": "1"}'), ("f.json", '[{"a": "1"}]'),
        ("f.json.gz", '[{"a": "1"}]'),
    ],
)  # fmt: skip
def test_the_name_says_the_format(tmp_path: Path, name: str, content: str) -> None:
    packed = name.lower().endswith(".gz")
    table = written(tmp_path / name, gzip.compress(content.encode()) if packed else content)
    assert rows_of(table) == [{"a": "1"}]


def test_a_declared_format_comes_before_the_name(tmp_path: Path) -> None:
    assert rows_of(written(tmp_path / "f.data", '{"a": 1}', format="jsonl")) == [{"a": 1}]
    assert rows_of(written(tmp_path / "f.json", "a\n1\n", format="csv")) == [{"a": "1"}]
    with pytest.raises(BadInput, match=f"'xml' is no format of a table; there are {FORMATS[0]}"):
        written(tmp_path / "f.csv", "a\n1\n", format="xml")


def test_where_a_file_is_and_what_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    written(tmp_path / "sub" / "f.csv", "a\n1\n")
    table = open_table("sub/f.csv", TableOptions(), tmp_path)
    assert (table.name, table.folder) == ("sub/f.csv", tmp_path / "sub")
    table = open_table(str(tmp_path / "sub" / "f.csv"), TableOptions(), Path("/nowhere"))
    assert (table.name, table.folder) == ("f.csv", tmp_path / "sub")


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("g.csv", "g.csv is not there (looked for in "),
        ("sub", "sub is a folder, not a table"),
        ("x" * 300 + ".csv", "cannot be looked for: File name too long"),
        ("\0.csv", "is not there"),
        ("f.doc", "f.doc is of no known kind of table; give its format, one of csv"),
    ],
)
def test_files_that_are_no_tables(tmp_path: Path, location: str, reason: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "f.doc").touch()
    with pytest.raises(BadInput) as refused:
        open_table(location, TableOptions(), tmp_path)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"sheet": "S"}, "`sheet` is for excel and ods, and this table is csv; leave it out"),
        ({"rows": "a"}, "`rows` is for json, and this table is csv"),
        ({"format": "jsonl", "delimiter": ";"}, "`delimiter` is for csv and tsv"),
        ({"format": "parquet", "encoding": "utf-8"}, "`encoding` is for csv and tsv and jsonl"),
        ({"query": "SELECT 1", "quote": "'"}, "`quote` is for csv and tsv, and this table is sql"),
    ],
)
def test_options_that_it_does_not_know(
    tmp_path: Path, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadInput) as refused:
        written(tmp_path / "f.csv", "a\n1\n", **options)
    assert reason in str(refused.value)


@pytest.mark.parametrize("name", ["f.csv", "f.jsonl", "f.json"])
def test_texts_that_mean_nothing(tmp_path: Path, name: str) -> None:
    content = {
        "f.csv": 'a,b,c\nNULL,"NULL",\n', "f.jsonl": '{"a": "NULL", "b": ["NULL"], "c": 0}',
        "f.json": '[{"a": "NULL", "b": ["NULL"], "c": 0}]',
    }[name]  # fmt: skip
    table = written(tmp_path / name, content, null=["NULL", "-"])
    more = {"b": None, "c": None} if name == "f.csv" else {"b": ["NULL"], "c": 0}
    assert rows_of(table) == [{"a": None, **more}]
    assert (table.columns(), table.count()) == (["a", "b", "c"], table.count())
