"""`kg review`: proposed facts and duplicates, and what people say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.errors import BadInput, NotFound
from kg_platform.ledger.review_rows import KINDS, STATUSES, ReviewRow

if TYPE_CHECKING:
    from kg_platform.platform import Platform

Ids = Annotated[list[int], typer.Argument(metavar="ID...", help="Items, by their numbers.")]
Note = Annotated[str, typer.Option(help="Why, for whoever reads it later.")]
review = typer.Typer(
    help="Proposed facts and duplicates: look, accept, reject.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    app.add_typer(review, name="review")


@review.command("list")
def listed(
    status: Annotated[
        str, typer.Option(help="open, accepted, rejected, superseded or all.")
    ] = "open",
    kind: Annotated[str | None, typer.Option(help="link, duplicate or stated.")] = None,
    relation: Annotated[str | None, typer.Option(help="Only this relationship type.")] = None,
    entity: Annotated[
        str | None, typer.Option(help="Only items with this entity (id or label) at an end.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 20,
    offset: Annotated[int, typer.Option(min=0, help="Leave out the first ones.")] = 0,
    as_json: Json = False,
) -> None:
    """Review items, the likeliest first."""
    if status not in (*STATUSES, "all"):
        raise BadInput(f"There is no status {status!r}; choose {', '.join(STATUSES)} or all.")
    if kind not in (None, *KINDS):
        raise BadInput(f"There is no kind {kind!r}; choose one of {', '.join(KINDS)}.")
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    wanted = (None if status == "all" else status, kind, relation, entity)
    with Platform.open(load()) as platform:
        rows = platform.ledger.reviews.items(*wanted, limit, offset)
        total = platform.ledger.reviews.count(*wanted)
        if not total and entity is not None:  # it may be named by its label
            from kg_platform.browse.entities import resolve

            wanted = (*wanted[:3], resolve(platform.graph, entity).id)
            rows = platform.ledger.reviews.items(*wanted, limit, offset)
            total = platform.ledger.reviews.count(*wanted)
        if not total and relation is not None:
            _check_relation(relation, platform.ledger.reviews.relations())
    if as_json:
        console.print_json({"total": total, "items": [asdict(row) for row in rows]})
        return
    lines = [(r.id, *_named(r), chance(r), state(r)) for r in rows]
    names = ("id", "head", "relation", "tail", "probability", "status")
    console.print_table(names, lines, whole=("id", "probability", "status"))
    if offset + len(rows) < total:
        console.note(f"{total - offset - len(rows):,} more; --limit and --offset show them.")
    _unfinished(rows)
    if not total:
        console.note(
            "There is nothing to review; `kg review propose`, `kg match` and `kg extract` look for "
            "something."
        )


def _check_relation(relation: str, there: list[str]) -> None:
    if there and relation not in there:
        named = ", ".join(there[:20]) + (", …" if len(there) > 20 else "")
        raise NotFound(f"No item proposes the relation {relation!r}; there are {named}.")


@review.command()
def show(
    item: Annotated[int, typer.Argument(metavar="ID", help="An item, by its number.")],
    as_json: Json = False,
) -> None:
    """One item: what speaks for it, and what was decided."""
    from kg_platform.curation.review_text import grounds
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    with Platform.open(load()) as platform:
        row = platform.ledger.reviews.item(item)
    if as_json:
        console.print_json(asdict(row))
        return
    head, relation, tail = _named(row)
    facts = [
        ("kind", row.kind),
        ("head", f"{head} ({row.head})"),
        ("relation", relation),
        ("tail", f"{tail} ({row.tail})"),
        ("probability", chance(row)),
        ("score", f"{row.score:.4g}"),
        ("run", row.run_id),
        ("status", state(row)),
        ("note", row.note),
    ]
    facts += [(f"{h['what']} by {h['by']}", f"{h['at'][:19]} {h['note']}") for h in row.history]
    facts += grounds(row)
    console.print_table(("what", "value"), [f for f in facts if f[1]], title=f"Item {row.id}")
    _unfinished([row])


@review.command()
def accept(
    items: Ids,
    note: Note = "",
    keep: Annotated[
        str | None,
        typer.Option(help="Duplicates: the id that stays; else the one with more facts."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Duplicates: merge entities of different types, too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write facts into the graph, with where they are from; merge duplicates."""
    if keep is not None and len(set(items)) > 1:
        raise BadInput("--keep is for one item; accept the others on their own.")
    from kg_platform.curation.review import accept as decide

    _each(
        items,
        lambda p, by, item: decide(p.graph, p.ledger.reviews, item, by, note, keep, force),
        as_json,
    )


@review.command()
def reject(items: Ids, note: Note = "", as_json: Json = False) -> None:
    """Say that items are wrong: never proposed again. The next `kg embed` learns from links."""
    from kg_platform.curation.review import reject as decide

    _each(items, lambda p, by, item: decide(p.ledger.reviews, item, by, note), as_json)


@review.command()
def undo(items: Ids, as_json: Json = False) -> None:
    """Take decisions back: the items are open again, and what they wrote is removed."""
    from kg_platform.curation.review import undo as decide

    _each(items, lambda p, by, item: decide(p.graph, p.ledger.reviews, item, by), as_json)


def state(row: ReviewRow) -> str:
    """The status, and whether the graph has not got it yet."""
    return "not done" if row.unfinished else row.status


def _unfinished(rows: Iterable[ReviewRow]) -> None:
    if ids := " ".join(str(row.id) for row in rows if row.unfinished):
        console.note(f"What is not done was cut short: `kg review accept {ids}` finishes it.")


def chance(row: ReviewRow) -> str:
    """The probability, or what there is instead."""
    from kg_platform.curation.review_text import percent

    return f"score {row.score:.2f}" if row.probability is None else percent(row.probability)


def _each(
    items: list[int], decide: Callable[[Platform, str, int], ReviewRow], as_json: bool
) -> None:
    """Decide on items one after the other; the first that cannot be ends it."""
    from kg_platform.people import who
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    settings = load()
    by, done = who(settings), []
    with Platform.open(settings) as platform:
        try:
            for item in dict.fromkeys(items):
                done.append(decide(platform, by, item))
                if not as_json:
                    head, relation, tail = _named(done[-1])
                    console.note(f"{item} is {done[-1].status}: {head} {relation} {tail}")
        finally:
            if as_json:
                console.print_json([asdict(row) for row in done])


def _named(row: ReviewRow) -> tuple[Any, str, Any]:
    said = row.explanation
    relation = row.relation if row.is_fact else "is the same as"
    return said.get("head_label", row.head), relation, said.get("tail_label", row.tail)
