"""`kg fuse`: which source is believed where several say something else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingest.session import IngestSession
from kg_platform.cli.options import Json


def register(app: typer.Typer) -> None:
    app.command("fuse")(fuse_command)


def fuse_command(
    rules: Annotated[
        Path | None, typer.Argument(help="A fusion.yaml (default: the rules the graph has).")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show how much would change, and change nothing.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of such a file, and do nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Decide what is shown where sources differ, by rules."""
    from kg_platform import console
    from kg_platform.provenance.rules_file import json_schema, read_rules

    if schema:
        console.print_json(json_schema())
        return
    given = read_rules(rules) if rules is not None else None
    with IngestSession.open() as kg, console.steps() as progress:
        found = kg.fuse(given, dry_run=dry_run, on_progress=progress)
    for note in found.notes:
        console.note(note)
    if as_json:
        console.print_json(found.as_dict())
        return
    console.print_table(
        ("what", "of several sources", "changed"),
        [
            ("entities", f"{found.entities:,}", f"{found.entities_changed:,}"),
            ("relations", f"{found.relations:,}", f"{found.relations_changed:,}"),
        ],
    )
    if dry_run:
        console.note("Nothing was changed, and the graph keeps its rules.")
    elif found.entities_changed or found.relations_changed:
        console.note(f"`kg ingest undo {found.run}` takes back what changed; the rules stay.")
