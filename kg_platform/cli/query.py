"""`kg query`: Cypher that only reads."""

from __future__ import annotations

import csv
import shlex
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

from kg_platform import console
from kg_platform.errors import BadInput
from kg_platform.results import Results
from kg_platform.session import Session


def register(app: typer.Typer) -> None:
    app.command()(query)


def query(
    text: Annotated[
        str | None, typer.Argument(help="Cypher that only reads; - reads it from stdin.")
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param", "-p", help="name=value for $name; a value that is JSON is read as JSON."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, vectors whole.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    saved: Annotated[str | None, typer.Option(help="Run the query saved under this name.")] = None,
    save: Annotated[
        str | None,
        typer.Option(
            help="Save the query under this name, for everybody to run, with the values of --param "
            "to begin with; it is not run. A query of your own is replaced."
        ),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the saved queries.")] = False,
    remove: Annotated[
        str | None, typer.Option(help="Remove the query you saved under this name.")
    ] = None,
) -> None:
    """Run Cypher that can only read. The KG_QUERY_* settings limit time, rows and bytes."""
    if as_json and as_csv:
        raise BadInput("Choose one of --json and --csv.")
    if (save is None and text is not None) + (saved is not None) + (save is not None) + listed + (
        remove is not None
    ) != 1 or (save is not None and text is None):
        raise BadInput(
            "Give one of: a query, a query and --save NAME, --saved NAME, --list, --remove NAME."
        )
    if (as_json or as_csv) and (save is not None or remove is not None):
        raise BadInput("--save and --remove print no answer; leave out --json and --csv.")
    from kg_platform.browse.parameters import split, typed

    parameters = typed(param or [])
    with Session.open() as kg:
        if listed:
            _list(kg, as_json, as_csv)
        elif remove is not None:
            kg.remove_query(remove)
            console.note(f"Removed {remove}.")
        elif save is not None:
            given = split(param or [])
            kept = kg.save_query(save, _from_stdin() if text == "-" else str(text), given=given)
            console.note(f"Saved; `kg query --saved {shlex.quote(kept.name)}` runs it.")
        else:
            found = (
                kg.query_saved(saved, parameters)
                if saved is not None
                else kg.query(_from_stdin() if text == "-" else str(text), parameters)
            )
            _print(found, as_json, as_csv)


def _list(kg: Session, as_json: bool, as_csv: bool) -> None:
    from kg_platform.browse.read_only import named_parameters

    rows = kg.saved_queries()
    if as_json:
        console.print_json(rows.to_dicts())
        return
    names = ("name", "owner", "parameters", "note", "query")
    lines = (
        [
            row.name,
            row.owner,
            ", ".join(named_parameters(row.text)),
            row.note,
            row.text if as_csv else " ".join(row.text.split()),
        ]
        for row in rows
    )
    if as_csv:
        _print_csv(names, lines)
    else:
        console.print_table(names, lines)


def _print(found: Results[dict[str, Any]], as_json: bool, as_csv: bool) -> None:
    from kg_platform.browse.formatting import field, jsonable, short

    columns, rows = found.columns, found.to_rows()
    if as_json:
        answer = {"columns": columns, "rows": jsonable(rows), "truncated": found.truncated}
        console.print_json(answer)
    elif as_csv:
        _print_csv(columns, ([field(value) for value in row] for row in rows))
    else:
        console.print_table(columns, ([short(v) for v in row] for row in rows))
    if found.truncated:
        console.note(
            f"Cut off after {len(rows):,} rows: there is more. Add LIMIT or a filter, or "
            "raise KG_QUERY_MAX_ROWS or KG_QUERY_MAX_BYTES."
        )


def _print_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    writer.writerows(rows)


def _from_stdin() -> str:
    """The query on stdin, whose line ends may be those of any system."""
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise BadInput("The query on stdin is not UTF-8; save its file as UTF-8.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
