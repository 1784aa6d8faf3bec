"""`kg extract`: facts that texts state become review items."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.errors import BadInput

if TYPE_CHECKING:
    from ingest.extraction.extract import ExtractSummary

SHOWN = 20  # facts of a dry run, in a table


def register(app: typer.Typer) -> None:
    app.command()(extract)


def extract(
    path: Annotated[
        Path | None,
        typer.Argument(
            help="A document (txt, md, html, pdf, docx), or a folder of them.", show_default=False
        ),
    ] = None,
    property_: Annotated[
        str | None,
        typer.Option("--property", help="Read this property of every entity instead."),
    ] = None,
    model: Annotated[
        str, typer.Option(help="patterns, or gliner:NAME for a learned model.")
    ] = "patterns",
    patterns: Annotated[
        Path | None, typer.Option(help="A patterns.yaml; without, what --infer prints.")
    ] = None,
    infer: Annotated[
        bool,
        typer.Option("--infer", help="print patterns of the graph's relations, and read nothing"),
    ] = False,
    new: Annotated[
        bool, typer.Option("--new/--known", help="propose entities that nobody has, too")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="print what is found, and propose nothing")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read texts and propose the facts that they state. The graph stays as it is."""
    if infer and (path or property_ or patterns or dry_run or as_json):
        raise BadInput("--infer prints patterns and goes alone; leave the rest out.")
    from ingest.session import IngestSession

    if infer:
        with IngestSession.open() as kg:
            typer.echo(kg.infer_patterns(), nl=False)
        return
    with IngestSession.open() as kg, console.steps() as progress:
        done = kg.extract(
            path,
            property=property_,
            model=model,
            patterns=patterns,
            new=new,
            dry_run=dry_run,
            on_progress=progress,
        )
    if as_json:
        listed = {"facts_found": facts_found(done)} if dry_run else {}
        console.print_json({**done.as_dict(), "dry_run": dry_run, **listed})
    else:
        _tell(done, dry_run)


def facts_found(done: ExtractSummary) -> list[dict[str, Any]]:
    """The facts of a dry run, each with its sentence."""
    return [
        {
            "head": fact.head.id,
            "head_label": fact.head.label,
            "relation": fact.relation,
            "tail": fact.tail.id,
            "tail_label": fact.tail.label,
            "new": [end.id for end in (fact.head, fact.tail) if end.new],
            "score": fact.score,
            "by": fact.by,
            "sentence": found.sentence.text,
            "place": found.sentence.place.words(),
            "offset": found.sentence.place.offset,
        }
        for fact, found in done.found
    ]


def _tell(done: ExtractSummary, dry_run: bool) -> None:
    names = {
        "documents": "texts read", "sentences": "sentences", "entities": "entities named",
        "facts": "facts stated", "unsure": "left out: unsure who is meant",
        "new": "proposed (kg review list --kind stated)",
        "updated": "proposed before, with more sentences now or open again",
        "unchanged": "proposed before",
        "known": "in the graph already", "decided": "decided before",
        "superseded": "closed: the graph has them by now", "unread": "documents left out",
    }  # fmt: skip
    figures = [(said, f"{done.figures[k]:,}") for k, said in names.items() if done.figures.get(k)]
    console.print_table(("what", "count"), figures)
    if dry_run:
        rows = [
            (f.head.label, f.relation, f.tail.label, f"{f.score:.2f}", s.sentence.text)
            for f, s in done.found[:SHOWN]
        ]
        if rows:
            console.print_table(("head", "relation", "tail", "score", "sentence"), rows)
        rest = len(done.found) - SHOWN
        more = f" {rest:,} more; --json has them." if rest > 0 else ""
        console.note(f"Nothing was proposed.{more}")
    for line in done.notes:
        console.note(line)
