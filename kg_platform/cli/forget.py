"""`kg forget`: entities out of the graph."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from kg_platform import console
from kg_platform.cli.options import Json


def register(app: typer.Typer) -> None:
    app.command("forget")(forget)


def forget(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Entities, by id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Remove, without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Remove entities and leave tombstones of them."""
    from dataclasses import asdict

    from kg_platform.curation.forget import forget as remove
    from kg_platform.curation.forget import to_forget
    from kg_platform.ledger.audit import fitting
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    with Platform.open(load()) as platform:
        found = to_forget(platform.graph, ids)
        if not as_json:
            rows = [(e.id, e.label, e.type or "", f"{e.facts:,}", f"{e.media:,}") for e in found]
            console.print_table(("id", "label", "type", "relations", "media"), rows, whole=("id",))
        agreed = yes or (not as_json and sys.stdin.isatty() and typer.confirm("Remove?"))
        gone = 0
        if agreed:
            ledger = platform.ledger  # nothing goes where it cannot be written down who removed it
            for some in fitting([each.id for each in found]):
                here = remove(platform.graph, some)
                ledger.audit.note(ledger.by, "forget", f"{here:,} entities", " ".join(some))
                gone += here
    if as_json:
        console.print_json({"removed": gone, "entities": [asdict(each) for each in found]})
    elif agreed:
        console.note(f"Removed {gone:,}. `kg sweep` shows media that nothing refers to any more.")
    else:
        console.note("Nothing was removed; `kg forget --yes` does it.")
