"""`kg query`: Cypher that only reads."""

from __future__ import annotations

import csv
import sys
from typing import Annotated

import typer

from kg_platform import console
from kg_platform.errors import BadInput
from kg_platform.session import Session


def register(app: typer.Typer) -> None:
    app.command()(query)


def query(
    text: Annotated[str, typer.Argument(help="Cypher that only reads; - reads it from stdin.")],
    param: Annotated[
        list[str] | None,
        typer.Option(help="name=value for $name; a value that is JSON is read as JSON."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, vectors whole.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Run Cypher that can only read. The KG_QUERY_* settings limit time, rows and bytes."""
    if as_json and as_csv:
        raise BadInput("Choose one of --json and --csv.")
    from kg_platform.browse.formatting import field, jsonable, short
    from kg_platform.browse.parameters import typed

    parameters = typed(param or [])

    with Session.open() as kg:
        found = kg.query(_from_stdin() if text == "-" else text, parameters)
    columns, rows = found.columns, found.to_rows()
    if as_json:
        answer = {"columns": columns, "rows": jsonable(rows), "truncated": found.truncated}
        console.print_json(answer)
    elif as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        writer.writerows([field(value) for value in row] for row in rows)
    else:
        console.print_table(columns, ([short(v) for v in row] for row in rows))
    if found.truncated:
        console.note(
            f"Cut off after {len(rows):,} rows: there is more. Add LIMIT or a filter, or "
            "raise KG_QUERY_MAX_ROWS or KG_QUERY_MAX_BYTES."
        )


def _from_stdin() -> str:
    """The query on stdin, whose line ends may be those of any system."""
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise BadInput("The query on stdin is not UTF-8; save its file as UTF-8.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
