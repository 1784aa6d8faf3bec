"""`kg runs reproduce`, as a person sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kg_platform import console
from kg_platform.errors import NotReproduced
from kg_platform.settings import load

if TYPE_CHECKING:  # loading what trains takes seconds
    from embeddings.jobs.reproduce import Reproduced


def reproduce(
    run: Annotated[str, typer.Argument(help="An embedding run that succeeded.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Train again what a run trained, publish nothing, compare; exit 8 if figures differ."""
    console.note("Loading the learning libraries ...")
    from embeddings.jobs.reproduce import reproduce as again
    from kg_platform.platform import Platform

    with Platform.open(load()) as platform, console.steps() as report:
        found = again(platform, run, report)
    if as_json:
        console.print_json(found.as_dict())
    else:
        _show(found)
    if not found.same:
        others = sum(not figure.same for figure in found.figures)
        raise NotReproduced(
            f"{others} of {len(found.figures)} figures of run {run} did not come again; "
            f"`kg runs show {found.run_id}` has them side by side."
        )
    if not as_json:
        console.note("Every figure came again.")


def _show(found: Reproduced) -> None:
    rows = [
        (f.name, _digits(f.recorded), _digits(f.again), _digits(f.difference), _word(f.same))
        for f in found.figures
    ]
    names = ("figure", "recorded", "again", "difference", "")
    console.print_table(names, rows, title=f"Run {found.of}, again as {found.run_id}")
    if found.differs:
        differs = [(name, then, now) for name, (then, now) in found.differs.items()]
        console.print_table(("what is not as it was", "then", "now"), differs)


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _word(same: bool) -> str:
    return "same" if same else "other"
