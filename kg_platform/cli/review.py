"""`kg review`: proposed facts and duplicates, and what people say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.errors import BadInput, NotFound
from kg_platform.ledger.review_rows import KINDS, SORTS, STATUSES, ReviewRow

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
    sort: Annotated[
        str,
        typer.Option(help="likeliest, teaches (what is least certain) or newest first."),
    ] = "likeliest",
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 20,
    offset: Annotated[int, typer.Option(min=0, help="Leave out the first ones.")] = 0,
    as_json: Json = False,
) -> None:
    """Review items, the likeliest first; what was put off comes last."""
    if status not in (*STATUSES, "all"):
        raise BadInput(f"There is no status {status!r}; choose {', '.join(STATUSES)} or all.")
    if kind not in (None, *KINDS):
        raise BadInput(f"There is no kind {kind!r}; choose one of {', '.join(KINDS)}.")
    if sort not in SORTS:
        raise BadInput(f"There is no order {sort!r}; choose one of {', '.join(SORTS)}.")
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    wanted = (None if status == "all" else status, kind, relation, entity)
    with Platform.open(load()) as platform:
        rows = platform.ledger.reviews.items(*wanted, limit, offset, sort)
        total = platform.ledger.reviews.count(*wanted)
        if not total and entity is not None:  # it may be named by its label
            from kg_platform.browse.entities import resolve

            wanted = (*wanted[:3], resolve(platform.graph, entity).id)
            rows = platform.ledger.reviews.items(*wanted, limit, offset, sort)
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
        comments = platform.ledger.reviews.comments([item])[item]
    if as_json:
        console.print_json(asdict(row) | {"comments": [asdict(one) for one in comments]})
        return
    head, relation, tail = _named(row)
    facts = [
        ("kind", row.kind),
        ("head", f"{head} ({row.head})"),
        ("relation", relation),
        ("tail", f"{tail} ({row.tail})"),
        ("probability", chance(row)),
        ("which is", basis(row)),
        ("score", f"{row.score:.4g}"),
        ("run", row.run_id),
        ("status", state(row)),
        ("note", row.note),
    ]
    facts += [(f"{h['what']} by {h['by']}", f"{h['at'][:19]} {h['note']}") for h in row.history]
    facts += [
        (
            f"{c.by} would have it {c.verdict}" if c.verdict else f"{c.by} says",
            f"{c.at[:19]} {c.text}",
        )
        for c in comments
    ]
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


@review.command()
def later(items: Ids, as_json: Json = False) -> None:
    """Put open items behind the others, for everybody, until somebody decides."""
    _each(items, lambda p, by, item: p.ledger.reviews.later(item, by), as_json, decides=False)


@review.command()
def comment(
    item: Annotated[int, typer.Argument(metavar="ID", help="An item, by its number.")],
    text: Annotated[str, typer.Argument(help="What there is to say.")] = "",
    would: Annotated[
        str | None,
        typer.Option(help="A second opinion, which changes nothing: accept or reject."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say something of an item, for whoever decides or looks later."""
    from kg_platform.people import who
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    verdicts = {"accept": "accepted", "reject": "rejected", None: ""}
    if would not in verdicts:
        raise BadInput(f"A second opinion is accept or reject, not {would!r}.")
    settings = load()
    with Platform.open(settings) as platform:
        said = platform.ledger.reviews.comment(
            item,
            who(settings),
            text,
            verdicts[would],  # type: ignore[arg-type]
        )
    if as_json:
        console.print_json(asdict(said))
    else:
        console.note(f"Said of item {item}, as {said.by}.")


@review.command()
def bulk(
    what: Annotated[str, typer.Argument(help="accept, reject or later.")],
    kind: Annotated[str | None, typer.Option(help="link, duplicate or stated.")] = None,
    relation: Annotated[str | None, typer.Option(help="Only this relationship type.")] = None,
    at_least: Annotated[float, typer.Option(help="The smallest probability.")] = 0.0,
    at_most: Annotated[float, typer.Option(help="The largest probability.")] = 1.0,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 100,
    note: Note = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only look.")] = False,
    as_json: Json = False,
) -> None:
    """Decide on many open items at once: first look at what it would be, then do it with --yes."""
    from kg_platform.curation.bulk import BulkOutcome, Choice, decide_many, preview
    from kg_platform.people import who
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    if what not in ("accept", "reject", "later"):
        raise BadInput(f"Items are decided by accept, reject or later, not {what!r}.")
    if kind not in (None, *KINDS):
        raise BadInput(f"There is no kind {kind!r}; choose one of {', '.join(KINDS)}.")
    settings = load()
    by = who(settings)
    with Platform.open(settings) as platform:
        reviews = platform.ledger.reviews
        rows = Choice(kind, relation, at_least, at_most, limit).items(reviews)
        seen = preview(rows)
        if not rows and relation is not None:
            _check_relation(relation, reviews.relations())
        if not yes:
            if as_json:
                console.print_json(seen.as_dict() | {"items": [row.id for row in rows]})
                return
            lines = [(r.id, *_named(r), chance(r)) for r in rows[:20]]
            names = ("id", "head", "relation", "tail", "probability")
            console.print_table(names, lines, whole=("id", "probability"))
            right = ""
            if seen.expected is not None:
                right = f", of which {seen.expected:.0f} are right by their probabilities"
            console.note(
                f"{what} would be for {seen.facts:,} facts{right}, and {seen.pairs:,} pairs; "
                "the same with --yes does it."
            )
            return
        done = BulkOutcome()
        try:
            with console.steps() as report:
                decide_many(
                    platform.graph,
                    reviews,
                    [row.id for row in rows],
                    what,  # type: ignore[arg-type]
                    by,
                    note,
                    report,
                    done,
                )
        finally:  # also where it ends half-way
            if as_json:
                console.print_json(done.as_dict())
            else:
                for sentence in done.refused.values():
                    console.note(sentence)
                console.note(f"{what}: {len(done.done):,} done, {len(done.refused):,} refused.")


@review.command()
def experience(
    relation: Annotated[str | None, typer.Option(help="Thresholds of this relation only.")] = None,
    as_json: Json = False,
) -> None:
    """What was decided so far: rates by relation, what a threshold would bring, who agrees."""
    from kg_platform.curation.experience import experience as look_back
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    with Platform.open(load()) as platform:
        found = look_back(platform.ledger.reviews.verdicts(), relation)
    if as_json:
        console.print_json(found.as_dict())
        return
    console.print_table(
        ("kind", "relation", "accepted", "rejected", "rate", "expected"),
        [
            (r.kind, r.relation, r.accepted, r.rejected, f"{r.rate:.0%}", _share(r.expected))
            for r in found.relations
        ],
    )
    console.print_table(
        ("probability at least", "decided", "accepted", "share"),
        [
            (f"{t.at_least:.0%}", t.decided, t.accepted, _share(t.share))
            for t in found.thresholds
            if t.decided
        ],
    )
    console.print_table(
        ("one", "other", "both decided", "alike"),
        [(a.one, a.other, a.both, f"{a.same / a.both:.0%}") for a in found.agreements],
    )
    if found.error is None:
        console.note("Nothing that was shown with a probability is decided yet.")
    else:
        console.note(f"Probabilities were off by {found.error:.0%} on average, in ten bins.")


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def basis(row: ReviewRow) -> str:
    """What the probability of a link is of; "" of anything else."""
    if row.kind != "link" or row.probability is None:
        return ""
    if row.lower_bound is None:
        return "at even odds: an upper bound for what was picked for its score"
    if abs(row.lower_bound - row.probability) < 0.005:
        return "of what is shown; what nobody wrote down counts as wrong"
    return f"of what is shown, {row.lower_bound:.0%} before decisions on others corrected it"


def state(row: ReviewRow) -> str:
    """The status, and whether the graph has not got it yet, or somebody put it off."""
    if row.status == "open" and row.later_at:
        return "later"
    return "not done" if row.unfinished else row.status


def _unfinished(rows: Iterable[ReviewRow]) -> None:
    if ids := " ".join(str(row.id) for row in rows if row.unfinished):
        console.note(f"What is not done was cut short: `kg review accept {ids}` finishes it.")


def chance(row: ReviewRow) -> str:
    """The probability, or what there is instead."""
    from kg_platform.curation.review_text import percent

    return f"score {row.score:.2f}" if row.probability is None else percent(row.probability)


def _each(
    items: list[int],
    decide: Callable[[Platform, str, int], ReviewRow],
    as_json: bool,
    decides: bool = True,
) -> None:
    """Decide on items one after the other, or put them off; the first that cannot be ends it."""
    from kg_platform.curation.experience import learn_if_possible
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
                    now = done[-1].status if decides else "put off"
                    console.note(f"{item} is {now}: {head} {relation} {tail}")
        finally:
            if done and decides:
                learn_if_possible(platform.ledger.reviews)
            if as_json:
                console.print_json([asdict(row) for row in done])


def _named(row: ReviewRow) -> tuple[Any, str, Any]:
    said = row.explanation
    relation = row.relation if row.is_fact else "is the same as"
    return said.get("head_label", row.head), relation, said.get("tail_label", row.tail)
