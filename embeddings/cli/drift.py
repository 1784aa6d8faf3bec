"""`kg drift A B`: what moved between two runs, and why."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from kg_platform import console
from kg_platform.cli.options import Json


def register(app: typer.Typer) -> None:
    app.command("drift")(drift)


def drift(
    before: Annotated[str, typer.Argument(help="The earlier embedding run.")],
    after: Annotated[
        str | None, typer.Argument(help="The later one; the live run if left out.")
    ] = None,
    moved: Annotated[int, typer.Option(min=0, help="How many entities that moved to list.")] = 10,
    sample: Annotated[
        int, typer.Option(min=2, help="Of how many entities neighbours are compared.")
    ] = 2_000,
    as_json: Json = False,
) -> None:
    """What moved between two runs, and why.

    Who moved, which neighbours stayed, and what of an entity had changed.
    """
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
