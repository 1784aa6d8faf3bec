"""`kg mapping`: what a mapping.yaml may say, for editors and for people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kg_platform.cli.options import Json


def register(app: typer.Typer) -> None:
    mapping = typer.Typer(no_args_is_help=True, help="What a mapping.yaml may say.")
    mapping.command("schema")(schema_command)
    mapping.command("functions")(functions_command)
    mapping.command("check")(check_command)
    app.add_typer(mapping, name="mapping")


def schema_command() -> None:
    """Print the JSON Schema of a mapping; editors complete and check with it."""
    from ingest.mapping.model import json_schema
    from kg_platform.console import print_json

    print_json(json_schema())


def functions_command(as_json: Json = False) -> None:
    """Print the functions of expressions."""
    from ingest.mapping.functions import described
    from kg_platform.console import print_json, print_table

    if as_json:
        print_json(dict(described()))
    else:
        print_table(["function", "gives"], described())


def check_command(
    file: Annotated[Path, typer.Argument(help="a mapping.yaml", show_default=False)],
) -> None:
    """Read a mapping and its tables' columns, without a graph; says the line of a mistake."""
    from ingest.mapping.source import open_mapping
    from kg_platform.console import note

    found = open_mapping(file)
    for line in found.notes:
        note(line)
    mapping = found.document.mapping
    note(
        f"{file} can be read: {len(mapping.tables)} tables, {len(mapping.entities)} kinds of "
        f"entities, {len(mapping.relations)} of relations. `kg ingest {file} --dry-run` shows what "
        "it loads."
    )
