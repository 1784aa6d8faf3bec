"""`kg similar`: entities like entities, a text, a picture, a sound or a film, and unlike others."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from embeddings.session import VectorSession
from kg_platform import console
from kg_platform.cli.options import Count, Json, Type

if TYPE_CHECKING:
    from embeddings.answers.similar import SimilarAnswer


def register(app: typer.Typer) -> None:
    app.command()(similar)


def similar(
    entity: Annotated[
        list[str] | None, typer.Argument(help="Entities' ids, or their labels.")
    ] = None,
    unlike: Annotated[
        list[str] | None,
        typer.Option("--not", metavar="ENTITY", help="Away from this entity; several times."),
    ] = None,
    text: Annotated[str | None, typer.Option(help="Like this text.")] = None,
    image: Annotated[str | None, typer.Option(metavar="PATH", help="Like this picture.")] = None,
    audio: Annotated[str | None, typer.Option(metavar="PATH", help="Like this sound.")] = None,
    video: Annotated[str | None, typer.Option(metavar="PATH", help="Like this film.")] = None,
    start: Annotated[
        float | None,
        typer.Option(
            "--from", metavar="SECONDS", help="Where the part of --audio or --video begins."
        ),
    ] = None,
    end: Annotated[
        float | None, typer.Option("--to", metavar="SECONDS", help="Where it ends.")
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            help="embedding, structure, text, image, audio or video; with --text, one of the last "
            "four."
        ),
    ] = "embedding",
    weight: Annotated[
        list[str] | None,
        typer.Option(metavar="WAY=NUMBER", help="How much a way counts; several times."),
    ] = None,
    type: Type = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PROPERTY=VALUE", help="Only entities with this value; several times."
        ),
    ] = None,
    count: Count = 10,
    as_json: Json = False,
) -> None:
    """Entities like some, a text or a medium, and unlike others."""
    from embeddings.answers.filtering import parsed
    from embeddings.answers.question import (
        SimilarQuestion,
        examples,
        parsed_weights,
        part,
        weights_of,
    )

    # What is mistyped is said before a database is started.
    kept, weights = parsed(where or ()), parsed_weights(weight or ())
    contents = examples(text, part(start, end), image=image, audio=audio, video=video)
    SimilarQuestion(
        tuple(entity or ()), tuple(unlike or ()), contents, weights_of(by, weights), k=count
    ).ways()
    with VectorSession.open() as kg:
        like = [kg.resolve(one) for one in entity or ()]
        found = kg.alike(
            like, unlike=unlike or (), text=text, image=image, audio=audio, video=video,
            start=start, end=end, by=by, weights=weights, type=type, where=kept, k=count,
        )  # fmt: skip
    if as_json:
        several = len(found.ways) > 1
        rows = [asdict(one) for one in found.found]
        console.print_json(
            [row | {"scores": found.scores[row["id"]]} for row in rows] if several else rows
        )
        return
    names = [one.label if one.label == one.id else f"{one.label} ({one.id})" for one in like]
    names += [str(one) for one in (text, image, audio, video) if one is not None]
    ways = [one.way for one in found.ways] if len(found.ways) > 1 else []
    table = [
        (
            one.id, one.label, one.type, f"{one.score:.4f}",
            *(_score(found.scores[one.id].get(way)) for way in ways),
        )
        for one in found.found
    ]  # fmt: skip
    title = f"Like {', '.join(names)}" + (f", not like {', '.join(unlike)}" if unlike else "")
    console.print_table(("id", "label", "type", "score", *ways), table, title=title)
    for sentence in notes(found):
        console.note(sentence)


def notes(found: SimilarAnswer) -> list[str]:
    """What a person should know of how an answer was found."""
    said = []
    if found.silent:
        said.append(f"Nothing given has a vector of {', '.join(found.silent)}: left out.")
    for one in found.ways:
        if one.looked.how == "scan":
            said.append(f"{one.way}: each of {one.looked.at:,} entities was compared.")
        elif one.looked.how == "wider":
            few = "" if one.looked.all else "; there may be more that match further away"
            said.append(f"{one.way}: the filter kept some of the nearest {one.looked.at:,}{few}.")
    return said


def _score(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
