"""`kg query`: Cypher that only reads."""

from __future__ import annotations

import csv
import json
import sys
from typing import Annotated, Any

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
    parameters = _parameters(param or [])
    from kg_platform.browse.formatting import jsonable, short

    with Session.open() as kg:
        found = kg.query(sys.stdin.read() if text == "-" else text, parameters)
    columns, rows = found.columns, found.to_rows()
    if as_json:
        answer = {"columns": columns, "rows": jsonable(rows), "truncated": found.truncated}
        console.print_json(answer)
    elif as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        writer.writerows([_cell(value) for value in row] for row in rows)
    else:
        console.print_table(columns, ([short(v) for v in row] for row in rows))
    if found.truncated:
        console.note(
            f"Cut off after {len(rows):,} rows: there is more. Add LIMIT or a filter, or "
            "raise KG_QUERY_MAX_ROWS or KG_QUERY_MAX_BYTES."
        )


def _parameters(pairs: list[str]) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise BadInput(f"--param {pair!r} is not name=value.")
        try:
            parameters[name.strip()] = json.loads(value)
        except json.JSONDecodeError:
            parameters[name.strip()] = value
    return parameters


def _cell(value: Any) -> Any:
    from kg_platform.browse.formatting import jsonable

    plain = jsonable(value)
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, dict | list) else plain
