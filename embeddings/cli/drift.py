"""`kg drift A B`: what moved between two runs, and why."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.errors import BadInput


def register(app: typer.Typer) -> None:
    app.command("drift")(drift)


def drift(
    before: Annotated[
        str | None,
        typer.Argument(
            help="The earlier embedding run; left out, what is measured is how the published run "
            "ranks the facts that arrived since its training."
        ),
    ] = None,
    after: Annotated[
        str | None, typer.Argument(help="The later one; the live run if left out.")
    ] = None,
    moved: Annotated[int, typer.Option(min=0, help="How many entities that moved to list.")] = 10,
    sample: Annotated[
        int, typer.Option(min=2, help="Of how many entities neighbours are compared.")
    ] = 2_000,
    entity: Annotated[
        str | None,
        typer.Option(help="An entity's id, or its label: how far the latest runs moved it."),
    ] = None,
    as_json: Json = False,
) -> None:
    """What moved between two runs, and why; how far the world has.

    Who moved, which neighbours stayed, and what of an entity had changed. Without a run: how much
    worse facts that arrived are ranked than those that were held out at the training.
    """
    if entity is not None:
        if before is not None:
            raise BadInput("Give either runs to compare or --entity.")
        _one(entity, as_json)
        return
    if before is None:
        _world(as_json)
        return
    from embeddings.data.artifact import open_artifact
    from embeddings.publish.drift import compare
    from embeddings.publish.drift_report import report
    from embeddings.publish.published import published_run
    from kg_platform.browse.entities import types_of
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    settings = load()
    with Platform.open(settings) as platform:
        later = after or str(published_run(platform.graph)["id"])
        for run in (before, later):
            platform.ledger.run(run)
        one, two = (open_artifact(settings.artifacts_dir / run) for run in (before, later))
        found = compare(one, two, sample)
        asked = [found.shared[i] for i in found.sampled]
        said = report(found, one, two, types_of(platform.graph, asked), moved)
    if as_json:
        console.print_json(said)
        return
    _show(said)


def _one(entity: str, as_json: bool) -> None:
    from embeddings.session import VectorSession

    with VectorSession.open() as kg:
        moves = kg.moves_of(entity)
    if as_json:
        console.print_json([move.as_dict() for move in moves])
        return
    rows = [
        (move.run, move.before, f"{move.distance:.3f}", f"{move.further:.0%}") for move in moves
    ]
    if rows:
        console.print_table(("run", "since", "1 - cosine", "further than"), rows)
    else:
        console.note("No run here says how far it moved: that takes the maps of two (`kg map`).")


def _world(as_json: bool) -> None:
    from embeddings.refresh.world_drift import world_drift
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    with Platform.open(load()) as platform:
        found = world_drift(platform)
    if as_json:
        console.print_json(found.as_dict())
        return
    figures = [
        ("facts that arrived", f"{found.arrived:,}"),
        ("  of these ranked", f"{found.ranked:,}"),
        ("  that the model cannot rank", f"{found.unknown:,}"),
    ]
    if found.drift is None:
        console.print_table(("", ""), figures, title=f"Since run {found.run} was trained")
        console.note("Too few facts have arrived to measure drift on.")
        return
    figures += [
        ("their MRR", f"{found.mrr:.3f}"),
        ("of those held out then", f"{found.expected:.3f}"),
        ("drift", f"{found.drift:.1%} (± {found.margin:.1%})"),
    ]
    console.print_table(("", ""), figures, title=f"Since run {found.run} was trained")
    for what, parts in (("relation", found.relations), ("type", found.types)):
        rows = [
            (
                one.name,
                f"{one.facts:,}",
                f"{one.mrr:.3f}",
                f"{one.expected:.3f}",
                f"{one.drift:.0%}",
            )
            for one in parts[:20]
        ]
        console.print_table((what, "facts", "MRR", "at training", "drift"), rows)


def _show(said: dict[str, Any]) -> None:
    figures = [
        ("entities in both", f"{said['shared']:,}"),
        ("only in the earlier", f"{said['gone']:,}"),
        ("only in the later", f"{said['new']:,}"),
        ("of 10 neighbours stayed", f"{said['overlap']:.0%}"),
        ("cosine of then and now", _cosine(said["cosine"])),
    ]
    console.print_table(("", ""), figures, title=f"{said['before']} to {said['after']}")
    _table("type", said["types"][:20])
    _table("what had changed", said["reasons"])
    rows = [
        (
            each["id"],
            each["type"] or "",
            f"{each['overlap']:.0%}",
            _cosine(each["cosine"]),
            "not known" if each["changed"] is None else ", ".join(each["changed"]) or "nothing",
        )
        for each in said["moved"]
    ]
    if rows:
        head = ("moved most", "type", "stayed", "cosine", "what had changed")
        console.print_table(head, rows)
    if said["cosine"] is None:
        console.note("Their vectors differ in length, so they have no cosine.")
    elif said["turned"]:
        console.note(
            "The later run was not trained in the earlier one's space; it was turned here."
        )


def _table(what: str, groups: list[dict[str, Any]]) -> None:
    rows = [
        (g["name"] or "-", f"{g['entities']:,}", f"{g['overlap']:.0%}", _cosine(g["cosine"]))
        for g in groups
    ]
    if rows:
        console.print_table((what, "entities", "stayed", "cosine"), rows)


def _cosine(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
