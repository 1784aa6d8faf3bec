"""`kg ingest`: facts, texts and pictures from files into the graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.session import IngestSession
from ingest.sources.rdf.vocabulary import LANGUAGE

if TYPE_CHECKING:
    from ingest.loading.summary import IngestSummary


def register(app: typer.Typer) -> None:
    app.command("ingest")(ingest_command)


def ingest_command(
    path: Annotated[
        Path,
        typer.Argument(
            help="a folder with entities.jsonl, RDF and triples, one such file, or a caption table"
        ),
    ],
    strict: Annotated[
        bool, typer.Option("--strict", help="write nothing when a single row is rejected")
    ] = False,
    create_missing: Annotated[
        bool,
        typer.Option("--create-missing", help="make an entity of an id only triples mention"),
    ] = False,
    source: Annotated[
        str | None, typer.Option("--source", help="name kept as `source` (default: the folder's)")
    ] = None,
    language: Annotated[
        str, typer.Option("--language", help="of labels and descriptions, where RDF has several")
    ] = LANGUAGE,
    as_json: Annotated[bool, typer.Option("--json", help="print the counts as JSON")] = False,
) -> None:
    """Load entities, relations and pictures. Running it twice changes nothing."""
    from ingest.sources.registry import open_source
    from kg_platform.console import note, print_json, steps

    found = open_source(path, source, language)
    said = list(found.notes)
    for line in said:
        note(line)
    with IngestSession.open() as kg, steps() as progress:
        summary = kg.ingest(
            found, strict=strict, create_missing=create_missing, on_progress=progress
        )
    for line in found.notes[len(said) :]:  # what only reading all of it tells
        note(line)
    if as_json:
        print_json(summary.as_dict())
    else:
        _print(summary)


def _print(summary: IngestSummary) -> None:
    from kg_platform.console import note, print_table

    s = summary
    rows: list[tuple[str, str, int]] = [
        ("entities", "new", s.entities_new),
        ("", "changed", s.entities_changed),
        ("", "unchanged", s.entities_unchanged),
        ("", "repeated", s.entities_duplicate),
        ("", "created for triples", s.entities_created_missing),
        ("", "merged into others", s.entities_merged),
        ("relations", "new", s.relations_new),
        ("", "known", s.relations_known),
        ("", "led to merged entities", s.relations_merged),
        ("media", "stored", s.media_stored),
        ("", "known", s.media_known),
        ("rejected", "", s.rejected),
    ]
    always = {("entities", "new"), ("relations", "new"), ("media", "stored"), ("rejected", "")}
    shown = [row for row in rows if row[2] or row[:2] in always]
    print_table(["what", "", "count"], [(a, b, f"{count:,}") for a, b, count in shown])
    rate = s.rows / s.seconds if s.seconds else 0.0
    note(f"{s.rows:,} rows of {s.source} in {s.seconds:.1f} s ({rate:,.0f} rows/s).")
    if s.rejected:
        reasons = [(count, f, reason) for (f, reason), count in s.reasons.most_common(10)]
        print_table(["rows", "field", "rejected because"], reasons)
        note(f"`kg rejections {s.run_id}` lists every one.")
