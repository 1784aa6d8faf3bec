"""`kg ways`: how two entities hang together."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.session import Session


def register(app: typer.Typer) -> None:
    app.command()(ways)


def ways(
    one: Annotated[str, typer.Argument(help="An entity's id, or its label.")],
    other: Annotated[str, typer.Argument(help="Another one's.")],
    steps: Annotated[int, typer.Option(min=1, max=8, help="Of at most so many facts.")] = 4,
    limit: Annotated[int, typer.Option(min=1, help="At most so many ways.")] = 50,
    relation: Annotated[
        list[str] | None, typer.Option(help="Over this relation alone; repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """All shortest ways from one entity to another, over facts in either direction."""
    from kg_platform.browse.entities import rows

    with Session.open() as kg:
        found = kg.ways(one, other, steps=steps, limit=limit, relations=relation)
        passed = list(dict.fromkeys(id for way in found.ways for id in way.nodes))
        labels = {id: row.label for id, row in rows(kg.graph, passed).items()}
    if as_json:
        console.print_json([asdict(way) for way in found.ways])
        return
    if not found.ways:
        console.note(f"They do not hang together within {steps} steps; --steps looks farther.")
        return
    lines = []
    for way in found.ways:
        text = labels.get(way.nodes[0], way.nodes[0])
        for before, after, step in zip(way.nodes, way.nodes[1:], way.steps, strict=False):
            arrow = f"-{step.relation}->" if step.head == before else f"<-{step.relation}-"
            text += f" {arrow} {labels.get(after, after)}"
        lines.append((text,))
    console.print_table(("way",), lines)
    if found.more:
        console.note(f"There are more than {limit} as short; --limit gives more.")
