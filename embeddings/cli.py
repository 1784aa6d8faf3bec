"""`kg embed` and `kg publish`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from kg_platform import console
from kg_platform.run_figures import flattened
from kg_platform.settings import load


def register(app: typer.Typer) -> None:
    app.command("embed")(embed)
    app.command("publish")(publish)


def embed(
    label: Annotated[
        list[str] | None, typer.Option(help="Only entities with this label; may be repeated.")
    ] = None,
    relationship_type: Annotated[
        list[str] | None, typer.Option(help="Only relationships of this type; may be repeated.")
    ] = None,
    model: Annotated[str, typer.Option(help="complex, distmult or transe.")] = "complex",
    dimension: Annotated[
        int | None, typer.Option(help="Length of the published vector (real numbers).")
    ] = None,
    fusion: Annotated[
        str | None, typer.Option(help="How modalities become one: weighted, concat or attention.")
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(help="cross-entropy (one against all) or margin (negative sampling)."),
    ] = None,
    preset: Annotated[str, typer.Option(help="balanced, or fast for a first look.")] = "balanced",
    epochs: Annotated[int | None, typer.Option(help="At most this many epochs.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the split, the start and the order.")] = 0,
    text: Annotated[bool, typer.Option(help="Use texts.")] = True,
    pictures: Annotated[bool, typer.Option(help="Use pictures.")] = True,
    publish_vectors: Annotated[
        bool, typer.Option("--publish/--no-publish", help="Write the vectors into the graph.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Train multimodal vectors for the graph and publish them."""
    console.note("Loading the learning libraries ...")
    from embeddings.pipeline import EmbedOptions
    from embeddings.pipeline import embed as run_job
    from embeddings.train import preset_options
    from kg_platform.platform import Platform

    given: dict[str, Any] = {
        "model": model,
        "dimension": dimension,
        "fusion": fusion,
        "loss": loss,
        "epochs": epochs,
        "seed": seed,
    }
    settings = load()
    chosen = {name: value for name, value in given.items() if value is not None}
    options = EmbedOptions(
        labels=tuple(label or ()),
        relationship_types=tuple(relationship_type or ()),
        text=text,
        pictures=pictures,
        train=preset_options(preset, device=settings.device, **chosen),
    )
    with Platform.open(settings) as platform, console.steps() as report:
        result = run_job(platform, options, publish_vectors=publish_vectors, on_progress=report)
    for line in result.notes:
        console.note(line)
    if as_json:
        console.print_json(
            {
                "run": result.run_id,
                "artifact": str(result.artifact.folder),
                "metrics": dict(result.metrics),
                "seconds": dict(result.seconds),
                "published": result.published.as_dict() if result.published else None,
            }
        )
        return
    rows = [(name, f"{value:.4f}") for name, value in result.metrics.items()]
    timings = [(name, f"{value:.1f}") for name, value in result.seconds.items()]
    console.print_table(("step", "seconds"), timings, title=f"Run {result.run_id}")
    if rows:
        console.print_table(("metric", "value"), rows)
    else:
        console.note("There are too few facts to hold some out, so nothing could be measured.")
    if result.published is None:
        console.note(f"Not published. `kg publish {result.run_id}` does it.")
    else:
        console.note(f"Published {result.published.entities:,} entities. Try `kg similar <id>`.")


def publish(
    run: Annotated[
        str | None,
        typer.Argument(help="Embedding run; the latest one with an artifact if left out."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write a run's vectors into the graph. A publish that was killed goes on where it stopped."""
    from embeddings.pipeline import publish_run
    from kg_platform.platform import Platform

    with Platform.open(load()) as platform, console.steps() as report:
        summary = publish_run(platform, run, report)
    if as_json:
        console.print_json(summary.as_dict())
        return
    console.print_table(("what", "value"), list(flattened(summary.as_dict()).items()))
