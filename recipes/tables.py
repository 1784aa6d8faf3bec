"""Rows into files, each in a form that sources have: the same rows give the same bytes."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Fact = tuple[str, str, str]


def write_csv(path: Path, rows: Sequence[Row], delimiter: str = ",") -> None:
    """The first row's names are the header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_parquet(path: Path, rows: Sequence[Row]) -> None:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), path)


def write_lines(path: Path, rows: Iterable[Row]) -> None:
    """A JSON object a line."""
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def write_document(path: Path, document: Row) -> None:
    """One JSON document."""
    text = json.dumps(document, ensure_ascii=False, indent=1)
    path.write_text(text, encoding="utf-8", newline="\n")


def write_facts(path: Path, facts: Iterable[Fact]) -> None:
    """Head, relation and tail, with tabs between them."""
    lines = ["\t".join(fact) + "\n" for fact in facts]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def read_facts(path: Path) -> list[Fact]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(head, relation, tail) for head, relation, tail in (x.split("\t") for x in lines)]
