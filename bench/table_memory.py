"""Memory of reading a table of each kind, with few rows and with many. Each in a process of its
own; for a spreadsheet, which another process reads, both together."""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import resource
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from ingest.sources.table import TableOptions
from ingest.sources.tables import open_table
from kg_platform.records import Rejection
from kg_platform.runs.memory import peak_bytes

GOAL, MOST_MIB = 1.2, 1024
EXCEL_ROWS = 1_048_575  # with the header all that a sheet has room for
_BATCH = 50_000
Rows = Iterator[tuple[int, str, float, str]]


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    few, many = min(options.sizes), max(options.sizes)
    spawn = multiprocessing.get_context("spawn")
    for kind in (*WRITERS, *(["postgresql"] if options.database else [])):
        peaks = []
        for rows in (few, min(many, EXCEL_ROWS) if kind == "xlsx" else many):
            with tempfile.TemporaryDirectory() as folder:
                location, asked = _written(kind, Path(folder), rows, options.database)
                with spawn.Pool(1) as pool:
                    found = pool.apply(measured, (location, asked, rows))
            peaks.append(found["peak_mib"])
            yield {"what": "one pass over a table", "kind": kind, **found}
        ratio = peaks[1] / peaks[0]
        yield {
            "what": f"peak memory of {rows:,} against {few:,} rows",
            "kind": kind,
            "ratio": round(ratio, 3),
            "goal": f"<= {GOAL}, and {MOST_MIB} MiB",
            "met": ratio <= GOAL and peaks[1] <= MOST_MIB,
        }


def measured(location: str, asked: dict[str, Any], rows: int) -> dict[str, Any]:
    """One pass over a table of so many rows, and what it took."""
    begun = time.perf_counter()
    table = open_table(location, TableOptions(**asked), Path("/"))
    looked = time.perf_counter()
    names, count = list(table.columns()), table.count()
    told = time.perf_counter()
    read = 0
    for _, row in table.rows():
        assert not isinstance(row, Rejection), row
        read += 1
    assert (read, len(names)) == (rows, 4)
    done = time.perf_counter()
    # Of the process that read a spreadsheet; it counts at least as much as this one held then.
    other = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return {
        "rows": rows,
        "count_says": count,
        "seconds_to_open": round(looked - begun, 2),
        "seconds_columns_and_count": round(told - looked, 2),
        "rows_a_second": round(rows / (done - told)),
        "peak_mib": round((peak_bytes() + other) / 2**20, 1),
    }


def _made(rows: int) -> Rows:
    for number in range(rows):
        yield (
            number,
            f'Film "{number}", the {number % 97}th',
            number / 7,
            f"2020-01-{number % 28 + 1:02}",
        )


def _written(
    kind: str, folder: Path, rows: int, database: str | None
) -> tuple[str, dict[str, Any]]:
    """Where the table is, and what its options are."""
    if kind == "postgresql":
        return str(database), _postgres(str(database), rows)
    file = folder / f"films.{kind}"
    return WRITERS[kind](file, _made(rows))


def _csv(file: Path, rows: Rows) -> tuple[str, dict[str, Any]]:
    write = gzip.open if file.suffix == ".gz" else open
    with write(file, "wt") as out:
        out.write("id,name,price,seen\n")
        for number, name, price, seen in rows:
            quoted = name.replace('"', '""')
            out.write(f'{number},"{quoted}",{price},{seen}\n')
    return str(file), {}


def _tsv(file: Path, rows: Rows) -> tuple[str, dict[str, Any]]:
    with file.open("w") as out:
        out.write("id\tname\tprice\tseen\n")
        for row in rows:
            out.write("\t".join(map(str, row)) + "\n")
    return str(file), {}


def _jsonl(file: Path, rows: Rows) -> tuple[str, dict[str, Any]]:
    with file.open("w") as out:
        for row in rows:
            out.write(json.dumps(_object(row)) + "\n")
    return str(file), {}


def _json(file: Path, rows: Rows) -> tuple[str, dict[str, Any]]:
    with file.open("w") as out:
        out.write('{"about": "films", "data": {"items": [')
        for at, row in enumerate(rows):
            out.write((", " if at else "") + json.dumps(_object(row)))
        out.write("]}}")
    return str(file), {"rows": "data.items"}


def _object(row: Sequence[Any]) -> dict[str, Any]:
    return {"id": row[0], "name": {"en": row[1]}, "price": row[2], "seen": [row[3]]}


def _arrow_tables(rows: Rows) -> Iterator[pyarrow.RecordBatch]:
    names = ["id", "name", "price", "seen"]
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield pyarrow.record_batch([list(one) for one in zip(*batch, strict=True)], names)
            batch = []
    if batch:
        yield pyarrow.record_batch([list(one) for one in zip(*batch, strict=True)], names)


def _parquet(file: Path, rows: Rows) -> tuple[str, dict[str, Any]]:
    # One row group, which is the worst case: pyarrow's own writers begin one each million rows.
    table = pyarrow.RowTable.from_batches(list(_arrow_tables(rows)))
    pyarrow.parquet.write_table(table, file, row_group_size=table.num_rows)
    return str(file), {}


def _arrow(file: Path, rows: Rows) -> tuple[str, dict[str, Any]]:
    batches = _arrow_tables(rows)
    first = next(batches)
    with pyarrow.ipc.new_file(str(file), first.schema) as writer:
        writer.write_batch(first)
        for batch in batches:
            writer.write_batch(batch)
    return str(file), {}


def _xlsx(file: Path, rows: Rows) -> tuple[str, dict[str, Any]]:
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    text = '<c t="inlineStr"><is><t>{}</t></is></c>'.format
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        for name, kind, target in (
            ("_rels/.rels", "officeDocument", "xl/workbook.xml"),
            ("xl/_rels/workbook.xml.rels", "worksheet", "s.xml"),
        ):
            link = f'<Relationship Id="r" Type="{kinds}/{kind}" Target="{target}"/>'
            book.writestr(name, f"{links}{link}</Relationships>")
        book.writestr(
            "xl/workbook.xml",
            f'<workbook {main} xmlns:r="{kinds}"><sheets><sheet name="S" sheetId="1" r:id="r"/>'
            "</sheets></workbook>",
        )
        with book.open("xl/s.xml", "w", force_zip64=True) as sheet:
            sheet.write(f"<worksheet {main}><sheetData><row>".encode())
            sheet.write("".join(map(text, ("id", "name", "price", "seen"))).encode())
            sheet.write(b"</row>")
            for number, name, price, seen in rows:
                numbers = [f"<c><v>{value}</v></c>" for value in (number, price)]
                cells = f"{numbers[0]}{text(name)}{numbers[1]}{text(seen)}"
                sheet.write(f"<row>{cells}</row>".encode())
            sheet.write(b"</sheetData></worksheet>")
    return str(file), {}


def _sqlite(file: Path, rows: Rows) -> tuple[str, dict[str, Any]]:
    with closing(sqlite3.connect(file)) as made, made:
        made.execute("CREATE TABLE films (id INTEGER PRIMARY KEY, name TEXT, price REAL, seen)")
        made.executemany("INSERT INTO films VALUES (?, ?, ?, ?)", rows)
    return f"sqlite:///{file}", {"format": "sql", "table": "films"}


def _postgres(address: str, rows: int) -> dict[str, Any]:
    import psycopg

    with psycopg.connect(address) as made:
        made.execute("DROP TABLE IF EXISTS bench_films")
        made.execute(
            "CREATE TABLE bench_films (id bigint PRIMARY KEY, name text, price float8, seen date)"
        )
        with made.cursor().copy("COPY bench_films FROM STDIN") as copy:
            for row in _made(rows):
                copy.write_row(row)
    return {"format": "sql", "table": "bench_films"}


WRITERS: dict[str, Callable[[Path, Rows], tuple[str, dict[str, Any]]]] = {
    "csv": _csv,
    "csv.gz": _csv,
    "tsv": _tsv,
    "jsonl": _jsonl,
    "json": _json,
    "parquet": _parquet,
    "arrow": _arrow,
    "sqlite": _sqlite,
    "xlsx": _xlsx,
}
