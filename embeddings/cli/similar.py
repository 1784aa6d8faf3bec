"""`kg similar`: entities like an entity, a text or a picture."""

from __future__ import annotations

from typing import Annotated

import typer

from embeddings.session import VectorSession
from kg_platform import console
from kg_platform.cli.options import Count, Json, Type
from kg_platform.errors import BadInput


def register(app: typer.Typer) -> None:
    app.command()(similar)


def similar(
    entity: Annotated[str | None, typer.Argument(help="An entity's id, or its label.")] = None,
    text: Annotated[str | None, typer.Option(help="Nearest to this text instead.")] = None,
    image: Annotated[
        str | None, typer.Option(metavar="PATH", help="Nearest to this picture instead.")
    ] = None,
    by: Annotated[
        str, typer.Option(help="embedding, structure, text or image; with --text, text or image.")
    ] = "embedding",
    type: Type = None,
    count: Count = 10,
    as_json: Json = False,
) -> None:
    """Entities like an entity, a text or a picture."""
    if sum(given is not None for given in (entity, text, image)) != 1:
        raise BadInput("Give one of an entity, --text or --image.")
    if text is not None and by not in ("embedding", "text", "image"):
        raise BadInput(f"A text is compared --by text or image, not by {by!r}.")
    from embeddings.answers.similar import property_of

    property_of(by)  # a misspelt way is said before a database is started
    with VectorSession.open() as kg:
        row = None if entity is None else kg.resolve(entity)
        found = kg.similar(row, text=text, image=image, by=by, type=type, k=count)
    if as_json:
        console.print_json(found.to_dicts())
        return
    asked = text if text is not None else image
    if row is not None:
        asked = row.label if row.label == row.id else f"{row.label} ({row.id})"
    rows = [(n.id, n.label, n.type, f"{n.score:.4f}") for n in found]
    console.print_table(("id", "label", "type", "score"), rows, title=f"Like {asked}")
