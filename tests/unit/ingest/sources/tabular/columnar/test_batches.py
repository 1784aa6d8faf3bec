"""Parquet and Arrow: every type comes out as a plain value, or its row says why not."""

from __future__ import annotations

import decimal
import random
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from ingest.sources.table import RowTable, TableOptions
from ingest.sources.tables import open_table
from ingest.sources.tabular.columnar import batches
from kg_platform.errors import BadInput
from kg_platform.records import Rejection
from tests.support.tables import read, rows_of, written

WRITERS = ("parquet", "arrow", "feather", "ipc")


def table_of(path: Path, arrow: pa.RowTable, kind: str) -> RowTable:
    file = path / f"f.{kind}"
    if kind == "parquet":
        pyarrow.parquet.write_table(arrow, file, row_group_size=3)
    elif kind == "feather":
        pyarrow.feather.write_feather(arrow, str(file), compression="zstd")
    else:
        made = pa.ipc.new_file if kind == "arrow" else pa.ipc.new_stream
        with made(str(file), arrow.schema) as writer:
            writer.write_table(arrow, max_chunksize=3)
    return open_table(file.name, TableOptions(), path)


TYPES: list[tuple[str, pa.Array, Any]] = [
    ("i", pa.array([-(2**63)]), -(2**63)),
    ("u", pa.array([2**64 - 1], pa.uint64()), 2**64 - 1),
    ("f", pa.array([1.5], pa.float32()), 1.5),
    ("yes", pa.array([True]), True),
    ("s", pa.array(["ö=\x00"]), "ö=\x00"),
    ("dec", pa.array([decimal.Decimal("1.20")]), decimal.Decimal("1.20")),
    ("day", pa.array([date(2020, 2, 29)]), date(2020, 2, 29)),
    ("us", pa.array([1], pa.timestamp("us")), datetime(1970, 1, 1, 0, 0, 0, 1)),
    ("ns", pa.array([2_000], pa.timestamp("ns")), datetime(1970, 1, 1, 0, 0, 0, 2)),
    ("tz", pa.array([0], pa.timestamp("s", "Europe/Berlin")),
     datetime(1970, 1, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))),
    ("clock", pa.array([61_000_000_000], pa.time64("ns")), time(0, 1, 1)),
    ("long", pa.array([90], pa.duration("s")), str(timedelta(seconds=90))),
    ("dict", pa.array(["x"]).dictionary_encode(), "x"),
    ("list", pa.array([[1, None]]), [1, None]),
    ("fixed", pa.array([[1.0, 2.0]], pa.list_(pa.float64(), 2)), [1.0, 2.0]),
    ("nested", pa.array([{"a": [{"b": 1}], "c": None}]), {"a": [{"b": 1}], "c": None}),
    ("map", pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), {"k": 1}),
    ("deep", pa.array([[1_000]], pa.list_(pa.timestamp("ns"))),
     [datetime(1970, 1, 1, 0, 0, 0, 1)]),
    ("none", pa.array([None]), None),
    ("view", pa.array(["x"], pa.string_view()), "x"),
    ("half", pa.array([1.5], pa.float16()), 1.5),
    ("uuid", pa.array([UUID(int=7).bytes], pa.uuid()), str(UUID(int=7))),
]  # fmt: skip


@pytest.mark.parametrize("kind", WRITERS)
def test_types_and_nulls(tmp_path: Path, kind: str) -> None:
    arrow = pa.table(
        {name: pa.concat_arrays([one, pa.nulls(1, one.type)]) for name, one, _ in TYPES}
    )
    table = table_of(tmp_path, arrow, kind)
    value, nothing = rows_of(table)
    wanted = {name: expected for name, _, expected in TYPES}
    assert value == wanted
    assert {name: type(one) for name, one in value.items()} == {
        name: type(one) for name, one in wanted.items()
    }
    assert nothing == dict.fromkeys(wanted)
    assert list(table.columns()) == list(wanted)
    assert table.count() == (0 if kind == "ipc" else 2)
    assert not table.notes


@pytest.mark.parametrize("kind", WRITERS)
def test_binary_values_are_left_out_and_said(tmp_path: Path, kind: str) -> None:
    arrow = pa.table({"id": [1], "photo": [b"x"], "in": [{"a": 1, "raw": b"y"}]})
    table = table_of(tmp_path, arrow, kind)
    assert table.columns() == ["id", "in"], "a mapping that names it is told that it is not there"
    assert rows_of(table) == [{"id": 1, "in": {"a": 1, "raw": None}}]
    note = "The column {!r} of f.{} holds binary values; they are left out."
    assert table.notes == [note.format("photo", kind), note.format("in", kind)]


def test_nanoseconds_that_are_lost_are_said(tmp_path: Path) -> None:
    arrow = pa.table({
        "t": pa.array([1_001], pa.timestamp("ns", "UTC")),
        "in": pa.array([{"x": 5}], pa.struct({"x": pa.time64("ns")})),
    })  # fmt: skip
    table = table_of(tmp_path, arrow, "parquet")
    assert rows_of(table)[0]["in"] == {"x": time(0)}
    note = "Nanoseconds in {!r} of f.parquet are cut to microseconds."
    assert table.notes == [note.format("t"), note.format("in")]


@pytest.mark.parametrize("kind", WRITERS)
def test_a_value_that_has_no_form_costs_its_row(tmp_path: Path, kind: str) -> None:
    far = pa.array([0, 2**61, 0], pa.timestamp("us"))
    table = table_of(tmp_path, pa.table({"id": [1, 2, 3], "far": far}), kind)
    day = datetime(1970, 1, 1)
    why = "the value, of type timestamp[us], cannot be read (date value out of range)"
    assert read(table) == [{"id": 1, "far": day}, why, {"id": 3, "far": day}]
    [(number, row)] = [found for found in table.rows() if isinstance(found[1], Rejection)]
    assert (number, row.line, row.field) == (2, 2, "far")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (pa.array([0], pa.timestamp("s", "Mars/Phobos")), "cannot be read ('Mars/Phobos')"),
        (pa.array([[("k", 1), ("k", 2)]], pa.map_(pa.string(), pa.int8())), "a key stands twice"),
        (pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]), "duplicate field"),
        (pa.array([2**62], pa.duration("s")), "cannot be read (Python int too large"),
    ],
)
def test_other_values_that_have_none(tmp_path: Path, value: pa.Array, reason: str) -> None:
    [why] = read(table_of(tmp_path, pa.table({"x": value}), "arrow"))
    assert reason in str(why)


@pytest.mark.parametrize("kind", WRITERS)
def test_nanoseconds_at_any_depth(tmp_path: Path, kind: str) -> None:
    """Arrow would give pandas' times, which are not Python's."""
    time_ns, moment = pa.timestamp("ns"), datetime(1970, 1, 1, 0, 0, 0, 1)
    arrow = pa.table({
        "list": pa.array([[1_000]], pa.list_(time_ns)),
        "fixed": pa.array([[1_000]], pa.list_(time_ns, 1)),
        "map": pa.array([[("k", 1_000)]], pa.map_(pa.string(), time_ns)),
        "deep": pa.array([[{"a": [1_000]}]], pa.list_(pa.struct({"a": pa.large_list(time_ns)}))),
        "coded": pa.array([1_000], time_ns).dictionary_encode(),
    })  # fmt: skip
    [row] = rows_of(table_of(tmp_path, arrow, kind))
    assert row == {
        "list": [moment], "fixed": [moment], "map": {"k": moment}, "deep": [{"a": [moment]}],
        "coded": moment,
    }  # fmt: skip
    assert {type(row["coded"]), type(row["list"][0]), type(row["map"]["k"])} == {datetime}


@pytest.mark.parametrize("kind", WRITERS)
def test_rows_are_numbered_over_batches(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    table = table_of(tmp_path, pa.table({"id": list(range(10))}), kind)
    assert [(n, row["id"]) for n, row in table.rows()] == [  # type: ignore[index]
        (n + 1, n) for n in range(10)
    ]
    assert len(rows_of(table)) == 10, "rows can be read again"


def test_files_that_are_none(tmp_path: Path) -> None:
    for kind, name in (("parquet", "Parquet"), ("arrow", "Arrow")):
        for content in (b"", b"a,b\n1,2\n", b"PAR1", b"ARROW1\0\0"):
            with pytest.raises(BadInput, match=f"f.{kind} cannot be read as {name}"):
                written(tmp_path / f"f.{kind}", content)
    with pytest.raises(BadInput, match="is Feather of version 1"):
        written(tmp_path / "f.feather", b"FEA1" + bytes(100))
    twice = pa.table([[1], [2]], ["a", "a"])
    for kind in WRITERS[1:]:
        with pytest.raises(BadInput, match="names the column 'a' twice"):
            table_of(tmp_path, twice, "arrow" if kind == "feather" else kind)
    with pytest.raises(BadInput, match="has no column that can be read"):
        table_of(tmp_path, pa.table({"x": [b"1"]}), "parquet")


@pytest.mark.parametrize("kind", WRITERS)
def test_files_cut_or_changed_anywhere(tmp_path: Path, kind: str) -> None:
    """A row, a rejection or `BadInput`; never a crash, and no other error."""
    arrow = pa.table({
        "id": list(range(200)), "s": [f"ö{n}" for n in range(200)],
        "l": [[n] for n in range(200)],
        "t": pa.array(range(200), pa.timestamp("ns")),
        "d": pa.array(["x"] * 200).dictionary_encode(),
    })  # fmt: skip
    table_of(tmp_path, arrow, kind)
    content = (tmp_path / f"f.{kind}").read_bytes()
    chance = random.Random(2)
    for at in range(150):
        cut = bytearray(content[: chance.randrange(len(content))] if at % 2 else content)
        for _ in range(chance.randrange(1, 4) if cut else 0):
            cut[chance.randrange(len(cut))] = chance.randrange(256)
        with suppress(BadInput):
            for _, row in written(tmp_path / f"f.{kind}", bytes(cut)).rows():
                assert isinstance(row, Rejection | dict)
