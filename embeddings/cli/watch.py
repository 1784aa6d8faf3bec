"""`kg watch`, as a person starts and stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kg_platform import console
from kg_platform.cli.ending import ended_by_signals

if TYPE_CHECKING:
    from embeddings.jobs.watch import Watched


def register(app: typer.Typer) -> None:
    app.command("watch")(watch)


def watch(
    every: Annotated[
        float, typer.Option(min=0.05, help="Seconds between two looks at what has changed.")
    ] = 0.5,
    scan_every: Annotated[
        float,
        typer.Option(
            min=0,
            help="Seconds between two looks at everything, for changes made directly in Cypher; "
            "0: only at the start.",
        ),
    ] = 600.0,
    once: Annotated[bool, typer.Option("--once", help="End when nothing is left to do.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document at the end.")
    ] = False,
) -> None:
    """Give entities vectors as they come and change."""
    console.note("Loading the learning libraries ...")
    import torch

    from embeddings.jobs.watch import WatchOptions
    from embeddings.jobs.watch import watch as run
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    # Fits are small: threads would wait for each other longer than they work, and a watch shares
    # the machine with whoever changes the graph.
    torch.set_num_threads(1)
    with Platform.open(load()) as platform, ended_by_signals() as ended:
        done = run(platform, WatchOptions(every, scan_every, once), console.note, ended)
    _show(done, as_json)


def _show(done: Watched, as_json: bool) -> None:
    if as_json:
        console.print_json(done.as_dict())
        return
    console.note(
        f"Ended. {done.fitted:,} entities got vectors, {done.restored:,} their trained ones back, "
        f"{done.stand:,} needed none, {done.without:,} had nothing to make one from."
    )
