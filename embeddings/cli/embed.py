"""`kg embed`: train vectors and publish them; or, with --new-only, vectors without training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from embeddings.cli.publish import Force, Why, reason
from embeddings.session import EmbedKeywords, VectorSession
from embeddings.training import presets
from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.errors import BadInput

if TYPE_CHECKING:  # loading what plans are made of takes seconds
    from embeddings.jobs.cost.estimate import CostPlan


def register(app: typer.Typer) -> None:
    app.command()(embed)


def embed(
    label: Annotated[
        list[str] | None, typer.Option(help="Only entities with this label; may be repeated.")
    ] = None,
    relationship_type: Annotated[
        list[str] | None, typer.Option(help="Only relationships of this type; may be repeated.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="complex, distmult, transe, ... (the preset's: complex).")
    ] = None,
    dimension: Annotated[
        int | None, typer.Option(help="Length of the published vector (real numbers).")
    ] = None,
    fusion: Annotated[
        str | None,
        typer.Option(help="How modalities become one: weighted, concat, attention or gated."),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(help="1-vs-all, k-vs-all, margin, logistic or self-adversarial."),
    ] = None,
    video_pooling: Annotated[
        str | None,
        typer.Option(help="How a film's pictures become one: mean, attention or tcn."),
    ] = None,
    preset: Annotated[str, typer.Option(help=presets.HELP)] = "balanced",
    epochs: Annotated[int | None, typer.Option(help="At most this many epochs.")] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help=presets.SET_HELP)] = None,
    seed: Annotated[int, typer.Option(help="Seed of the split, the start and the order.")] = 0,
    text: Annotated[bool, typer.Option(help="Use texts.")] = True,
    pictures: Annotated[bool, typer.Option(help="Use pictures.")] = True,
    sounds: Annotated[bool, typer.Option(help="Use sounds, those of films too.")] = True,
    films: Annotated[bool, typer.Option(help="Use films.")] = True,
    publish_vectors: Annotated[
        bool, typer.Option("--publish/--no-publish", help="Write the vectors into the graph.")
    ] = True,
    warm: Annotated[
        bool,
        typer.Option("--warm/--cold", help="Go on from the live run's weights, or begin anew."),
    ] = True,
    force: Force = False,
    why: Why = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only say what it will cost: time, memory, disk.")
    ] = False,
    new_only: Annotated[
        bool,
        typer.Option(
            "--new-only",
            help="No training: vectors for entities that are new, or have changed, since the run.",
        ),
    ] = False,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping",
            help="Read a graph that was not adopted as this `adopt.yaml` says; with --no-publish.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Train multimodal vectors for the graph and publish them."""
    if mapping is not None and (publish_vectors or new_only):
        raise BadInput("--mapping only reads the graph: give --no-publish as well.")
    console.note("Loading the learning libraries ...")
    if new_only:
        run_new(
            {
                "--label": label,
                "--relationship-type": relationship_type,
                "--model": model,
                "--dimension": dimension,
                "--fusion": fusion,
                "--loss": loss,
                "--video-pooling": video_pooling,
                "--preset": preset != "balanced",
                "--epochs": epochs,
                "--set": setting,
                "--seed": seed,
                "--no-text": not text,
                "--no-pictures": not pictures,
                "--no-sounds": not sounds,
                "--no-films": not films,
                "--no-publish": not publish_vectors,
                "--plan": plan,
                "--cold": not warm,
                "--force": force,
                "--why": why,
            },
            as_json,
        )
        return
    forced = None if plan else reason(force, why)
    with _session(mapping) as kg, console.steps() as report:
        options: EmbedKeywords = {
            "label": label or (),
            "relationship_type": relationship_type or (),
            "model": model,
            "dimension": dimension,
            "fusion": fusion,
            "loss": loss,
            "video_pooling": video_pooling,
            "preset": preset,
            "epochs": epochs,
            "setting": setting or (),
            "seed": seed,
            "text": text,
            "pictures": pictures,
            "sounds": sounds,
            "films": films,
            "warm": warm,
        }
        if plan:
            made = kg.plan(publish=publish_vectors, on_progress=report, **options)
        else:
            result = kg.embed(publish=publish_vectors, force=forced, on_progress=report, **options)
    if plan:
        _show_plan(made, as_json)
        return
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


def _session(mapping: Path | None) -> VectorSession:
    """On the graph as it is, or as a mapping reads one that is its owner's."""
    if mapping is None:
        return VectorSession.open()
    from kg_platform.adoption.mapping import read_document
    from kg_platform.adoption.reading import by_mapping
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    read_graph = by_mapping(read_document(mapping))
    return VectorSession(Platform.open(load(), read_graph=read_graph))


def _show_plan(made: CostPlan, as_json: bool) -> None:
    from embeddings.jobs.cost.plan import shown

    if as_json:
        console.print_json(made.as_dict())
        return
    encode = ", ".join(f"{count:,} of {name}" for name, count in made.to_encode.items())
    title = (
        f"{made.entities:,} entities, {made.triples:,} triples; to encode: {encode or 'nothing'}"
    )
    console.print_table(("what", "likely", "from - to"), shown(made), title=title)
    for line in made.notes:
        console.note(line)


def run_new(others: Mapping[str, object], as_json: bool) -> None:
    """Give vectors to new entities; `others` are the command's other options as they were given.

    Raises:
        BadInput: one of them was given.
    """
    refuse(others)
    with VectorSession.open() as kg, console.steps() as report:
        done = kg.embed_new(on_progress=report)
    if as_json:
        console.print_json(done.as_dict())
        return
    if not done.vectors and not done.without and not done.unchanged and not done.tombstones:
        console.note(f"Nothing to do: every entity has a vector of run {done.published_run}.")
        return
    rows = [
        ("by their facts", f"{done.fitted:,}"),
        ("by texts and pictures alone", f"{done.from_features:,}"),
        ("given back what was trained", f"{done.restored:,}"),
        ("nothing to make a vector from", f"{done.without:,}"),
        ("of these, trained ones that changed", f"{done.changed:,}"),
        ("marked, but as they were", f"{done.unchanged:,}"),
        ("gone, and have tombstones now", f"{done.tombstones:,}"),
        ("facts used", f"{done.facts:,}"),
        ("facts not used", f"{done.skipped_facts:,}"),
    ]
    console.print_table(("entities", "count"), rows, title=f"Run {done.run_id}")
    if not done.vectors:
        return
    console.note(
        f"They are in the space of run {done.published_run} and provisional; the next `kg embed` "
        "trains them. Try `kg similar <id>`."
    )


def refuse(others: Mapping[str, object]) -> None:
    """Refuse options that --new-only cannot heed."""
    given = [name for name, value in others.items() if value]
    if given:
        raise BadInput(
            f"--new-only takes everything from the published run; leave out {', '.join(given)}."
        )
