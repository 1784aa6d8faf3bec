"""`kg adopt`: a graph that exists, as the platform's, and back again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.session import IngestSession
from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.errors import BadInput

if TYPE_CHECKING:
    from ingest.adoption.adopt import Adopted


def register(app: typer.Typer) -> None:
    app.command("adopt")(adopt_command)


def adopt_command(
    mapping: Annotated[
        Path | None, typer.Argument(help="what is what, as --infer writes it", show_default=False)
    ] = None,
    infer: Annotated[
        bool,
        typer.Option("--infer", help="look at the graph and propose a mapping; change nothing"),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="check and count, and change nothing")
    ] = False,
    sync: Annotated[
        bool, typer.Option("--sync", help="take in what the graph's owner wrote since")
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="take everything off the graph that was added")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="undo without asking")] = False,
    as_json: Json = False,
) -> None:
    """Make entities of the nodes of a graph that exists. Nothing of its owner's is changed."""
    if sum((mapping is not None, infer, sync, undo)) != 1:
        raise BadInput("Give a mapping, or one of --infer, --sync and --undo.")
    if dry_run and mapping is None:  # nobody may take it for a promise that nothing is changed
        raise BadInput("--dry-run goes with a mapping; leave it out.")
    if yes and not undo:
        raise BadInput("--yes goes with --undo; leave it out.")
    if as_json and infer:
        raise BadInput("--infer prints YAML; leave out --json.")
    if infer:
        _infer()
    elif undo:
        _undo(yes, as_json)
    elif sync:
        _sync(as_json)
    elif mapping is not None:
        _adopt(mapping, dry_run, as_json)


def _infer() -> None:
    with IngestSession.open() as kg:
        typer.echo(kg.propose_adoption(), nl=False)


def _adopt(path: Path, dry_run: bool, as_json: bool) -> None:
    with IngestSession.open() as kg, console.steps() as progress:
        done = kg.adopt(path, dry_run=dry_run, on_progress=progress)
    if as_json:
        console.print_json({**done.as_dict(), "dry_run": dry_run})
        return
    rows = [(kind.label, f"{kind.nodes:,}", f"{kind.waiting:,}") for kind in done.kinds]
    console.print_table(("label", "nodes", "to adopt" if dry_run else "adopted"), rows)
    if dry_run:
        console.note("Every key tells its nodes apart. Nothing was changed.")
    else:
        _tell(done)


def _sync(as_json: bool) -> None:
    with IngestSession.open() as kg:
        done = kg.sync_adopted()
    if as_json:
        console.print_json(done.as_dict())
        return
    nodes = done.nodes
    rows = [("new", nodes.new), ("changed", nodes.changed), ("no entities any more", nodes.left)]
    console.print_table(("nodes", "count"), [(what, f"{count:,}") for what, count in rows])
    _tell(done)


def _tell(done: Adopted) -> None:
    taken = done.pictures
    if taken.entities:
        console.note(f"Looked at the pictures of {taken.entities:,} entities.")
    if taken.bad:
        console.note(f"Left out {taken.bad:,} that are none: {'; '.join(taken.named)}.")
    console.note("`kg embed` makes vectors; `kg adopt --undo` takes everything off again.")


def _undo(yes: bool, as_json: bool) -> None:
    with IngestSession.open() as kg:
        agreed = yes or (
            not as_json and sys.stdin.isatty() and typer.confirm("Take everything off?")
        )
        if not agreed:
            console.note("Nothing was changed; `kg adopt --undo --yes` does it.")
            return
        with console.steps() as progress:
            count = kg.undo_adoption(on_progress=progress)
    if as_json:
        console.print_json({"entities": count})
    else:
        console.note(f"{count:,} nodes are as they were, and the graph has no trace of ours.")
