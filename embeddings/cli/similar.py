"""`kg similar`: entities like an entity, a text or a picture."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kg_platform import console
from kg_platform.cli.options import Count, Json, Type
from kg_platform.errors import BadInput, NotFound
from kg_platform.settings import Settings, load

if TYPE_CHECKING:
    from embeddings.answers.similar import Neighbour
    from kg_platform.graph.client import Graph


def register(app: typer.Typer) -> None:
    app.command()(similar)


def similar(
    entity: Annotated[str | None, typer.Argument(help="An entity's id, or its label.")] = None,
    text: Annotated[str | None, typer.Option(help="Nearest to this text instead.")] = None,
    image: Annotated[Path | None, typer.Option(help="Nearest to this picture instead.")] = None,
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
    from kg_platform.platform import Platform

    property_of(by)  # a misspelt way is said before a database is started
    settings = load()
    with Platform.open(settings) as platform:
        graph = platform.graph
        if text is not None:
            asked, found = text, _like_text(graph, settings, text, count, type, by)
        elif image is not None:
            asked, found = str(image), _like_picture(graph, settings, image, count, type)
        else:
            from embeddings.answers.similar import similar_to_entity
            from kg_platform.browse.entities import resolve

            row = resolve(graph, str(entity))
            asked = row.label if row.label == row.id else f"{row.label} ({row.id})"
            found = similar_to_entity(graph, row.id, count, by, type)
    if as_json:
        console.print_json([asdict(n) for n in found])
        return
    rows = [(n.id, n.label, n.type, f"{n.score:.4f}") for n in found]
    console.print_table(("id", "label", "type", "score"), rows, title=f"Like {asked}")


def _like_text(
    graph: Graph, settings: Settings, text: str, count: int, type: str | None, by: str
) -> list[Neighbour]:
    from embeddings.answers.similar import similar_to_text
    from embeddings.features.encoders.load import load_text_encoder, load_text_side
    from embeddings.publish.published import with_encoder

    by = "text" if by == "embedding" else by  # what --by is when it is not given
    open_encoder = load_text_side if by == "image" else load_text_encoder
    return with_encoder(
        graph,
        by,
        lambda name: open_encoder(name, settings.device),
        lambda encoder: similar_to_text(graph, text, count, encoder, type, by),
    )


def _like_picture(
    graph: Graph, settings: Settings, file: Path, count: int, type: str | None
) -> list[Neighbour]:
    from embeddings.answers.similar import similar_to_picture
    from embeddings.features.encoders.load import load_image_encoder
    from embeddings.publish.published import with_encoder
    from kg_platform.media.pictures import decode_rgb

    try:
        picture = decode_rgb(file.read_bytes(), settings.max_picture_pixels)
    except OSError as error:
        raise NotFound(f"The picture {file} cannot be read: {error.strerror}.") from error
    return with_encoder(
        graph,
        "image",
        lambda name: load_image_encoder(name, settings.device),
        lambda encoder: similar_to_picture(graph, picture, count, encoder, type),
    )
