"""`kg demo`: the whole main job on the demo world, three answers, the explorer."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `kg demo`."""
    app.command()(demo)


def demo(
    open_ui: Annotated[
        bool, typer.Option("--ui/--no-ui", help="Open the explorer afterwards.")
    ] = True,
) -> None:
    """Build a small world, learn its vectors, ask it three things. Then opens the explorer."""
    import time

    import psutil

    from kg_platform import console
    from kg_platform.settings import load
    from ui.demo import run_demo
    from ui.serve import serve

    settings = load()
    with console.steps() as report:
        done = run_demo(settings, report)
    for answer in done.answers:
        console.print_text(f"{answer.title}\n", style="bold")
        console.print_table(answer.columns, answer.rows)
        console.print_text(f"\n{answer.how}\n", soft_wrap=True)
    steps = (f"{step} {seconds:.1f} s" for step, seconds in done.seconds.items() if seconds >= 0.1)
    console.note(f"{', '.join(steps)} (* at the same time as others)")
    if done.overview is not None:
        total = time.time() - psutil.Process().create_time()
        console.note(
            f"{done.overview.entities:,} entities and {done.overview.relations:,} relations in "
            f"{settings.home}; {total:.0f} s in all. The database goes on running: "
            "`kg db stop` stops it."
        )
    if open_ui:
        serve(settings)
