"""`kg rejections`: rows that were not loaded, and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.errors import NotFound
from kg_platform.ledger.rows import excerpt
from kg_platform.settings import load

SHOWN = 60  # characters of a refused value; --json prints all that is kept


def register(app: typer.Typer) -> None:
    app.command()(rejections)


def rejections(
    run: Annotated[str | None, typer.Argument(help="The latest ingest if left out.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 100,
    offset: Annotated[int, typer.Option(min=0, help="Leave out the first ones.")] = 0,
    as_json: Json = False,
) -> None:
    """Rows that were not loaded: where they stand, and why."""
    from kg_platform.platform import Platform

    with Platform.open(load()) as platform:
        ledger = platform.ledger
        chosen = ledger.run(run).id if run else _latest_ingest(ledger.runs("ingest", 1))
        total = ledger.count_rejections(chosen)
        found = ledger.rejections(chosen, limit, offset)
    if as_json:
        listed = [asdict(r) for r in found]
        console.print_json({"run": chosen, "total": total, "rejections": listed})
        return
    rows = [(r.source, r.line, r.field, r.reason, excerpt(r.value, SHOWN)) for r in found]
    title = f"{total:,} rejection{'' if total == 1 else 's'} of run {chosen}"
    console.print_table(("source", "line", "field", "reason", "value"), rows, title=title)
    if offset + len(found) < total:
        console.note(f"{total - offset - len(found):,} more; --limit and --offset show them.")


def _latest_ingest(found: list[Any]) -> str:
    if not found:
        raise NotFound("Nothing has been ingested yet; `kg ingest PATH` does it.")
    return str(found[0].id)
