"""`kg paths`: how two entities hang together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.session import Session

if TYPE_CHECKING:
    from kg_platform.browse.paths import ShortestPath


def register(app: typer.Typer) -> None:
    app.command()(paths)


def paths(
    one: Annotated[str, typer.Argument(help="An entity's id, or its label.")],
    other: Annotated[str, typer.Argument(help="Another one's.")],
    steps: Annotated[int, typer.Option(min=1, max=8, help="Of at most so many facts.")] = 4,
    limit: Annotated[int, typer.Option(min=1, help="At most so many paths.")] = 50,
    relation: Annotated[
        list[str] | None, typer.Option(help="Over this relation alone; repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """All shortest paths from one entity to another.

    Facts are followed in either direction.
    """
    from kg_platform.browse.entities import rows

    with Session.open() as kg:
        found = kg.paths(one, other, steps=steps, limit=limit, relations=relation)
        passed = list(dict.fromkeys(id for path in found.paths for id in path.nodes))
        labels = {id: row.label for id, row in rows(kg.graph, passed).items()}
    if as_json:
        console.print_json([asdict(path) for path in found.paths])
    elif not found.paths:
        console.note(f"They do not hang together within {steps} steps; --steps looks farther.")
    else:
        console.print_table(("path",), ([_line(path, labels)] for path in found.paths))
    if found.more:
        console.note(f"There are more than {limit} as short; --limit gives more.")


def _line(path: ShortestPath, labels: Mapping[str, str]) -> str:
    text = labels.get(path.nodes[0], path.nodes[0])
    for before, after, step in zip(path.nodes, path.nodes[1:], path.steps, strict=False):
        arrow = f"-{step.relation}->" if step.head == before else f"<-{step.relation}-"
        text += f" {arrow} {labels.get(after, after)}"
    return text
