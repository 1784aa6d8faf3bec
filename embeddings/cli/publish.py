"""`kg publish`, `kg gate` and `kg rollback`: which run is live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from embeddings.session import VectorSession
from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.errors import BadInput
from kg_platform.runs.figures import flattened

if TYPE_CHECKING:  # loading what plans are made of takes seconds
    from embeddings.publish.publish import PublishSummary

Force = Annotated[
    bool, typer.Option("--force", help="Publish although the gate refuses; needs --why.")
]
Why = Annotated[str | None, typer.Option(help="Why it is forced; written down with your name.")]


def register(app: typer.Typer) -> None:
    for command in (publish, gate, rollback):
        app.command()(command)


def publish(
    run: Annotated[
        str | None,
        typer.Argument(help="Embedding run; the latest one with an artifact if left out."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Finish the publish that stands half-way.")
    ] = False,
    force: Force = False,
    why: Why = None,
    as_json: Json = False,
) -> None:
    """Write a run's vectors into the graph. A publish that was killed goes on where it stopped."""
    forced = reason(force, why)
    if resume and forced:
        raise BadInput("A publish that stands half-way passed the gate; leave --force out.")
    if run and resume:
        raise BadInput("Give a run or --resume: the publish that stands half-way has its own run.")
    with VectorSession.open() as kg, console.steps() as report:
        done = kg.publish(run, resume=resume, force=forced, on_progress=report)
    _show_published(done, as_json)


def gate(
    run: Annotated[
        str | None,
        typer.Argument(help="Embedding run; the latest one with an artifact if left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask whether a run may go live.

    It is compared with the one that is; nothing is changed.
    """
    from embeddings.publish.gate.decision import refusal
    from embeddings.publish.gate.verdict import described
    from kg_platform.errors import GateRefused

    with VectorSession.open() as kg:
        verdict = kg.gate(run)
    if as_json:
        console.print_json(verdict.as_dict())
    else:
        against = f"beside {verdict.live}" if verdict.live else verdict.alone
        title = f"Run {verdict.run}, {against}"
        console.print_table(("check", "", "found"), described(verdict.as_dict()), title=title)
    if not verdict.passed:
        raise GateRefused(refusal(verdict))


def reason(force: bool, why: str | None) -> str | None:
    """Why it is forced; None: it is not.

    Raises:
        BadInput: one of --force and --why is without the other.
    """
    if not force and why is None:
        return None
    if not (force and why and why.strip()):
        raise BadInput('Give --force and --why "..." together: it is written down who and why.')
    return why


def rollback(
    run: Annotated[
        str | None,
        typer.Argument(help="The run to go back to; the one before the current if left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Go back to the vectors of an earlier run, from its artifact."""
    with VectorSession.open() as kg, console.steps() as report:
        summary = kg.rollback(run, on_progress=report)
    _show_published(summary, as_json)
    if not as_json:
        console.note(f"Run {summary.run_id} is the current one again.")


def _show_published(summary: PublishSummary, as_json: bool) -> None:
    if as_json:
        console.print_json(summary.as_dict())
        return
    console.print_table(("what", "value"), list(flattened(summary.as_dict()).items()))
