"""`kg watch`, as a person starts and stops it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg_platform import console

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
    with Platform.open(load()) as platform, _ended_by_signals() as ended:
        done = run(platform, WatchOptions(every, scan_every, once), console.note, ended)
    _show(done, as_json)


@contextmanager
def _ended_by_signals() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM came: the batch that is under way is finished. The second one does
    not wait for it. (An exception in the middle of the driver's work would leave it in disorder.)
    """
    came: list[int] = []

    def note(number: int, frame: Any) -> None:
        came.append(number)
        if len(came) > 1:
            raise KeyboardInterrupt

    before = {one: signal.signal(one, note) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(came)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _show(done: Watched, as_json: bool) -> None:
    if as_json:
        console.print_json(done.as_dict())
        return
    console.note(
        f"Ended. {done.fitted:,} entities got vectors, {done.restored:,} their trained ones back, "
        f"{done.stand:,} needed none, {done.without:,} had nothing to make one from."
    )
