"""`kg rejections`: rows that were not loaded, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.ledger.rows import excerpt
from kg_platform.session import Session

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
    with Session.open() as kg:
        chosen = run or kg.latest_ingest()
        found = kg.rejections(chosen, limit, offset)
    total = found.total or 0
    if as_json:
        console.print_json({"run": chosen, "total": total, "rejections": found.to_dicts()})
        return
    rows = [(r.source, r.line, r.field, r.reason, excerpt(r.value, SHOWN)) for r in found]
    title = f"{total:,} rejection{'' if total == 1 else 's'} of run {chosen}"
    console.print_table(("source", "line", "field", "reason", "value"), rows, title=title)
    if offset + len(found) < total:
        console.note(f"{total - offset - len(found):,} more; --limit and --offset show them.")
