"""`kg map`: the vectors of a run as points on a plane, for the explorer's page Map."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from embeddings.session import VectorSession
from kg_platform import console
from kg_platform.cli.options import Json


def register(app: typer.Typer) -> None:
    app.command(name="map")(map_vectors)


def map_vectors(
    run: Annotated[
        str | None, typer.Argument(help="Embedding run; the published one if left out.")
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="Only of these vectors: embedding, structure, text, image, audio or video; may be "
            "repeated."
        ),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            help="umap, tsne or pca; auto is t-SNE for up to 2,000 points and UMAP for more."
        ),
    ] = "auto",
    again: Annotated[
        bool, typer.Option("--again", help="Make those anew that are there already.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Lay a run's vectors out on a plane, for the explorer.

    They are the page Map of `kg ui`. `kg embed` does it for the runs it makes. A map begins where
    the one of the run before was, so that entities stay in their places. Maps go with the artifact
    (`kg runs prune`).
    """
    from embeddings.jobs.map import make_maps

    with VectorSession.open() as kg, console.steps() as report:
        made = make_maps(kg.platform, run, by or (), method, again, report)
    if as_json:
        console.print_json([asdict(each) for each in made])
        return
    if not made:
        console.note("The maps are there already; --again makes them anew.")
        return
    rows = [
        (
            each.vectors,
            f"{each.points:,}",
            str(each.clusters),
            each.method,
            "" if each.moved is None else f"{each.moved[0]:.1%}",
            f"{each.seconds:.1f}",
        )
        for each in made
    ]
    console.print_table(
        ("vectors", "points", "clusters", "by", "moved (median)", "seconds"),
        rows,
        title=f"Maps of run {made[0].run}",
    )
