"""`kg show`: everything the graph says about one entity."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.session import Session


def register(app: typer.Typer) -> None:
    app.command()(show)


def show(
    entity: Annotated[str, typer.Argument(help="An entity's id, or its label.")],
    facts: Annotated[int, typer.Option(min=0, help="At most this many facts.")] = 50,
    history: Annotated[
        bool, typer.Option("--history", help="What became of it instead: sources, merges, reviews.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Everything the graph says about one entity."""
    if history:
        _history(entity, as_json)
        return
    from kg_platform.browse.entities import called_like_the_id
    from kg_platform.browse.formatting import jsonable, short
    from kg_platform.browse.origin import is_accepted, origin, short_origin
    from kg_platform.cypher.browse import MOST_MEDIA

    with Session.open() as kg:
        page = kg.show(entity, facts)
        others = called_like_the_id(kg.graph, entity) if page.id == entity else None
    if len(page.media) == MOST_MEDIA:
        console.note(f"Only its first {MOST_MEDIA:,} media are shown.")
    if as_json:
        console.print_json(jsonable(asdict(page)))
        if others:
            console.note(others)
        return
    vectors = ", ".join(f"{name} ({size})" for name, size in page.vectors.items())
    about: list[tuple[str, object]] = [
        ("id", page.id),
        ("type", page.type),
        ("description", page.description),
        ("aliases", ", ".join(page.aliases)),
        *((name, short(value)) for name, value in page.properties.items()),
        ("source", page.source),
        ("vectors", f"{vectors} of run {page.embedding_run}" if vectors else ""),
        *((f"{m.role or m.kind} {m.rank}", f"{m.mime} {m.id} {m.caption}") for m in page.media),
    ]
    shown = [(name, value) for name, value in about if value]
    console.print_table(("what", "value"), shown, title=page.label)
    if said := page.said():
        console.print_table(
            ("property", "value", "said by"),
            [(name, short(value), ", ".join(sources)) for name, value, sources in said],
            title="What each source says",
        )
    rows = [
        (
            "->" if fact.outgoing else "<-",
            fact.relation,
            fact.entity.label,
            fact.entity.id,
            short_origin(fact.properties),
        )
        for fact in page.neighbours
    ]
    if rows:
        title = f"{page.facts:,} fact{'' if page.facts == 1 else 's'}"
        title += f", the first {len(rows):,} shown" if len(rows) < page.facts else ""
        console.print_table(("", "relation", "entity", "id", "from"), rows, title=title)
    for fact in page.neighbours:
        if is_accepted(fact.properties):
            ends = f"{fact.relation} {fact.entity.label}"
            console.print_lines(f"{ends}: {origin(fact.properties)}")
    if others:
        console.note(others)


def _history(entity: str, as_json: bool) -> None:
    with Session.open() as kg:
        events = kg.history_of(entity)
    if as_json:
        console.print_json([event.as_dict() for event in events])
        return
    rows = [
        (
            event.at[:19].replace("T", " "),
            event.what,
            f"{event.relation} {event.name}".strip(),
            event.note,
            event.by,
        )
        for event in events
    ]
    console.print_table(("when (UTC)", "what", "which", "note", "by"), rows)
