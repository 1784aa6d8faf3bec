"""`kg ingest`: facts, texts and media from files, tables and databases into the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingest.cli.versions import ingest
from ingest.session import IngestSession
from ingest.sources.rdf.vocabulary import LANGUAGE

if TYPE_CHECKING:
    from ingest.loading.dry_run import Preview
    from ingest.loading.summary import IngestSummary


LONGEST = 60  # letters of a value in a table
PAYS = "The database is empty and the source large: --bulk loads it in some two thirds of the time."


def register(app: typer.Typer) -> None:
    ingest.command("load", hidden=True)(ingest_command)
    app.add_typer(ingest, name="ingest")


def ingest_command(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="a mapping.yaml, a folder with entities.jsonl, RDF and triples, one such file, or "
            "a caption table; pykeen:NAME or huggingface:NAME; with --infer any number of tables",
        ),
    ],
    strict: Annotated[
        bool, typer.Option("--strict", help="write nothing when a single row is rejected")
    ] = False,
    create_missing: Annotated[
        bool,
        typer.Option("--create-missing", help="make an entity of an id only triples mention"),
    ] = False,
    fetch_media: Annotated[
        bool,
        typer.Option("--fetch-media", help="fetch media that are http or https addresses"),
    ] = False,
    source: Annotated[
        str | None, typer.Option("--source", help="name kept as `source` (default: the folder's)")
    ] = None,
    bulk: Annotated[
        bool,
        typer.Option("--bulk", help="into an empty local database: by the server's offline import"),
    ] = False,
    infer: Annotated[
        bool,
        typer.Option("--infer", help="print a mapping for these tables, and load nothing"),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="show counts, samples and rejections, and write nothing"),
    ] = False,
    sync: Annotated[
        bool,
        typer.Option(
            "--sync", help="retire what the graph has of this source and it does not state"
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="with --sync: also more than half, and despite rejected rows"),
    ] = False,
    language: Annotated[
        str, typer.Option("--language", help="of labels and descriptions, where RDF has several")
    ] = LANGUAGE,
    as_json: Annotated[bool, typer.Option("--json", help="print the counts as JSON")] = False,
) -> None:
    """Load entities, relations and media. Running it twice changes nothing."""
    from ingest.mapping.choose import open_any
    from kg_platform.console import note, print_json, steps
    from kg_platform.errors import BadInput

    if infer:
        others = {"--strict": strict, "--create-missing": create_missing, "--dry-run": dry_run,
                  "--fetch-media": fetch_media, "--sync": sync, "--bulk": bulk,
                  "--json": as_json}  # fmt: skip
        if given := [name for name, value in others.items() if value]:
            raise BadInput(f"--infer loads nothing; leave out {', '.join(given)}.")
        _infer(paths, source)
        return
    if dry_run and strict:
        raise BadInput("--dry-run writes nothing and shows what is rejected; leave out --strict.")
    if dry_run and fetch_media:
        raise BadInput("--dry-run fetches nothing; leave out --fetch-media.")
    if dry_run and sync:
        raise BadInput("--dry-run does not look at what the graph has besides; leave out --sync.")
    if force and not sync:
        raise BadInput("--force is for --sync; leave it out.")
    if dry_run and bulk:
        raise BadInput("--dry-run writes nothing, in whatever way; leave out --bulk.")
    if bulk and sync:
        raise BadInput("--bulk loads into an empty graph, where nothing is gone; leave out --sync.")
    if len(paths) > 1:
        raise BadInput(
            "One source at a time: name a folder, or write a mapping of these files with "
            "`kg ingest --infer FILE... > mapping.yaml`."
        )
    found = open_any(Path(paths[0]), source, language)
    said = list(found.notes)
    for line in said:
        note(line)
    with IngestSession.open() as kg, steps() as progress:
        if not bulk and kg.bulk_would_pay(found):
            note(PAYS)
        if dry_run:
            preview = kg.preview(found, create_missing=create_missing, on_progress=progress)
        else:
            summary = kg.ingest(
                found,
                strict=strict,
                create_missing=create_missing,
                fetch_media=fetch_media,
                sync=sync,
                force=force,
                bulk=bulk,
                on_progress=progress,
            )
    for line in found.notes:  # what only reading all of it tells
        if line not in said:
            note(line)
    if dry_run:
        if as_json:
            print_json(preview.as_dict())
        else:
            _print_preview(preview)
    elif as_json:
        print_json(summary.as_dict())
    else:
        _print(summary)


def _infer(paths: Sequence[str], source: str | None) -> None:
    from ingest.mapping.infer import infer
    from ingest.mapping.tables_of import tables_of
    from kg_platform.console import note, print_lines, steps

    tables = tables_of(paths)
    for one in tables.values():
        for line in one.table.notes:
            note(line)
    with steps() as progress:  # each table is read to its end
        written = infer(tables, source or next(iter(tables)), progress)
    print_lines(written)
    note("Save it as mapping.yaml; `kg ingest mapping.yaml --dry-run` shows what it loads.")


def _print_preview(preview: Preview) -> None:
    from kg_platform.console import note, print_table

    rows = [("entities", name, count) for name, count in preview.entities.most_common()]
    rows += [("relations", name, count) for name, count in preview.relations.most_common()]
    print_table(
        ["what", "type", "count"],
        [
            (a if i == 0 or rows[i - 1][0] != a else "", b, f"{c:,}")
            for i, (a, b, c) in enumerate(rows)
        ],
    )
    if preview.samples:
        print_table(
            ["id", "type", "label", "properties"],
            [
                (n.id, n.type, n.properties.get("label"), _rest(n.properties))
                for n in preview.samples
            ],
            title="The first entities",
        )
    if preview.facts:
        print_table(
            ["head", "relation", "tail"],
            [(fact.head, fact.type, fact.tail) for fact in preview.facts],
            title="The first relations",
        )
    if preview.refused:
        reasons = [(c, f, r) for (f, r), c in preview.summary.reasons.most_common(10)]
        print_table(["rows", "field", "would be rejected because"], reasons)
        print_table(
            ["where", "line", "field", "value"],
            [(one.source, one.line, one.field, one.value) for one in preview.refused],
            title="The first of them",
        )
    note(
        f"Nothing was written. {preview.new:,} entities would be new, {preview.changed:,} changed, "
        f"{preview.unchanged:,} stay as they are."
    )


def _rest(properties: Mapping[str, Any]) -> str:
    from ingest.validate import shown
    from kg_platform.ledger.rows import excerpt

    known = ("label", "source")
    rest = {k: v for k, v in properties.items() if k not in known and v not in ("", [], None)}
    return ", ".join(f"{key}: {excerpt(shown(value), LONGEST)}" for key, value in rest.items())


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
        ("retired", "entities", s.retired.entities),
        ("", "relations", s.retired.relations),
        ("", "entities that others need", s.retired.bare),
        ("", "said by others as well", s.retired.shared),
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
