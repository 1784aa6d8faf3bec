"""`kg similar`: entities like an entity, a text, a picture, a sound or a film."""

from __future__ import annotations

from typing import Annotated

import typer

from embeddings.session import VectorSession
from kg_platform import console
from kg_platform.cli.options import Count, Json, Type
from kg_platform.errors import BadInput
from kg_platform.modality import BY_NAME


def register(app: typer.Typer) -> None:
    app.command()(similar)


def similar(
    entity: Annotated[str | None, typer.Argument(help="An entity's id, or its label.")] = None,
    text: Annotated[str | None, typer.Option(help="Nearest to this text instead.")] = None,
    image: Annotated[
        str | None, typer.Option(metavar="PATH", help="Nearest to this picture instead.")
    ] = None,
    audio: Annotated[
        str | None, typer.Option(metavar="PATH", help="Nearest to this sound instead.")
    ] = None,
    video: Annotated[
        str | None, typer.Option(metavar="PATH", help="Nearest to this film instead.")
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            help="embedding, structure, text, image, audio or video; with --text, one of the last "
            "four."
        ),
    ] = "embedding",
    type: Type = None,
    count: Count = 10,
    as_json: Json = False,
) -> None:
    """Entities like an entity, a text, a picture, a sound or a film."""
    asked = (entity, text, image, audio, video)
    if sum(given is not None for given in asked) != 1:
        raise BadInput("Give one of an entity, --text, --image, --audio or --video.")
    from embeddings.answers.similar import either, property_of

    if text is not None and by not in ("embedding", *BY_NAME):
        raise BadInput(f"A text is compared --by {either(BY_NAME)}, not by {by!r}.")
    property_of(by)  # a misspelt way is said before a database is started
    with VectorSession.open() as kg:
        row = None if entity is None else kg.resolve(entity)
        found = kg.similar(
            row, text=text, image=image, audio=audio, video=video, by=by, type=type, k=count
        )
    if as_json:
        console.print_json(found.to_dicts())
        return
    like = next(given for given in asked if given is not None)
    if row is not None:
        like = row.label if row.label == row.id else f"{row.label} ({row.id})"
    rows = [(n.id, n.label, n.type, f"{n.score:.4f}") for n in found]
    console.print_table(("id", "label", "type", "score"), rows, title=f"Like {like}")
