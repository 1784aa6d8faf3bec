"""What people decide about review items: accept, reject, undo; ledger and graph in one order.

The ledger first says who accepted, so that of two people one does; then the graph is written; then
the ledger says that it is done. A process that dies in between, or loses the graph, leaves an
accepted item that is not done, and accepting it again finishes it: what the graph gets carries the
item's id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kg_platform.curation.items_of_text import new_ends, stated_in
from kg_platform.curation.merge import kept_of, merge, merged_ids
from kg_platform.curation.unmerge import unmerge
from kg_platform.cypher import reviewing as cypher
from kg_platform.cypher.merging import MERGE_OF
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, KgError, NotFound
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.graph.client import Graph, Rows, Run
from kg_platform.ledger.review_rows import Kind, ReviewRow, Status, Triple
from kg_platform.ledger.reviews import Reviews, decided


def accept(
    graph: Graph,
    reviews: Reviews,
    review_id: int,
    by: str,
    note: str = "",
    keep: str | None = None,
    force: bool = False,
) -> ReviewRow:
    """Write an item's fact into the graph, or merge its two entities.

    Of duplicates, `keep` is the id that stays (without it, the one with more facts); with `force`
    entities of different types are merged as well.

    Raises:
        NotFound: there is no such item.
        BadInput: it is decided already; the merge is refused; or the graph does not let it be true
            (an end is gone, the fact is there): the item is superseded then.
        Unavailable: the graph went away; what it has done is not known, so the item stays accepted
            and not done.
    """
    row = reviews.item(review_id)
    if row.is_fact and (keep or force):
        raise BadInput(f"Review item {review_id} is a fact; --keep and --force are for duplicates.")
    if keep is not None and keep not in (row.head, row.tail):
        raise BadInput(f"Keep one of the two, {row.head} or {row.tail}; {keep!r} is neither.")
    if row.status != "accepted" or row.done:
        row = reviews.decide(review_id, "open", "accepted", by, note)
    try:
        problem = _write_fact(graph, row) if row.is_fact else _merge(graph, row, keep, force)
    except (BadInput, NotFound):
        reviews.decide(review_id, "accepted", "open", by, "could not be written", done=False)
        raise
    except KgError as error:
        again = f"Review item {review_id} is accepted and not done; accepting it again finishes it."
        raise type(error)(f"{error} {again}") from error
    if problem:
        reviews.decide(review_id, "accepted", "superseded", by, problem, done=False)
        raise BadInput(f"Review item {review_id} cannot be accepted and is superseded: {problem}.")
    reviews.finish(review_id)
    return reviews.item(review_id)


def reject(reviews: Reviews, review_id: int, by: str, note: str = "") -> ReviewRow:
    """Say that an item is wrong: it is not proposed again, and the next training learns it.

    Raises:
        NotFound: there is no such item. BadInput: it is decided already.
    """
    return reviews.decide(review_id, "open", "rejected", by, note)


def undo(graph: Graph, reviews: Reviews, review_id: int, by: str) -> ReviewRow:
    """Take a decision back; the item is open again. What accepting it wrote is removed.

    Raises:
        NotFound: there is no such item.
        BadInput: it is not decided, or what it wrote was changed since.
    """
    row = reviews.item(review_id)
    if row.status == "rejected":
        return reviews.decide(review_id, "rejected", "open", by)
    if row.status != "accepted":
        raise BadInput(decided(row))
    if row.is_fact:
        _remove_fact(graph, row)
    elif row.done or _is_merged(graph, row):
        unmerge(graph, _merge_id(row), row.head, row.tail)
    return reviews.decide(review_id, "accepted", "open", by)


def decided_facts(
    graph: Graph, reviews: Reviews, *statuses: Status, kind: Kind = "link"
) -> set[Triple]:
    """(head, relation, tail) of the facts that were decided so, between the entities that stand for
    their ends now: what is wrong of one that was merged is wrong of the one it was merged into."""
    stands = merged_ids(graph)
    return {
        (stands.get(head, head), relation, stands.get(tail, tail))
        for head, relation, tail in reviews.ends(kind, statuses)
    }


def missing(graph: Graph, ids: Sequence[str]) -> str:
    """Which of these entities are not in the graph, as a clause; "" when all are."""
    rows = graph.read(Statement(cypher.WHERE_ARE, {"ids": list(ids)}))
    return "; ".join(
        f"{row['id']} was merged into {row['merged_into']}"
        if row["merged_into"]
        else f"{row['id']} is not in the graph any more"
        for row in rows
        if not row["there"]
    )


def _write_fact(graph: Graph, row: ReviewRow) -> str:
    """Write it; returns why that cannot be, "" when it was written."""
    properties = {
        "source": cypher.SOURCE,
        "review": row.id,
        "run": row.run_id,
        "probability": row.probability,
        "accepted_by": row.decided_by,
        **stated_in(row),
    }
    ends = {"head": row.head, "tail": row.tail}
    given = {**ends, "properties": properties, "at": row.decided_at}
    statement = Statement(cypher.write_fact(row.relation), given)
    new = new_ends(row)
    made = [{"id": end, **about} for end, about in new.items()]
    others = [end for end in ends.values() if end not in new]
    where = Statement(cypher.WHERE_ARE, {"ids": list(ends.values())})

    def write(run: Run) -> Rows:
        if made:
            GraphAdoption.refuse(graph.adoption, "no entity is made in it")
            for end in run(where):
                if not end["there"] and (end["id"] not in new or end["merged_into"]):
                    return []
            run(Statement(cypher.MAKE_ENDS, {"rows": made, "review": row.id}))
        return run(statement)

    found = graph.transact(write)
    if not found:
        return missing(graph, others) or missing(graph, list(new))
    if all(each["review"] != row.id for each in found):
        return f"the graph has this fact by now (source {_source(found)})"
    return ""


def _merge(graph: Graph, row: ReviewRow, keep: str | None, force: bool) -> str:
    """Merge the two; returns why that cannot be, "" when it was done."""
    if _is_merged(graph, row):
        return ""
    if problem := missing(graph, (row.head, row.tail)):
        return problem
    kept = keep or kept_of(graph, row.head, row.tail)
    gone = row.tail if kept == row.head else row.head
    about = {"review": row.id, "run": row.run_id, "by": row.decided_by, "score": row.score}
    merge(graph, _merge_id(row), kept, gone, about, force)
    return ""


def _is_merged(graph: Graph, row: ReviewRow) -> bool:
    found = graph.read(Statement(MERGE_OF, {"id": _merge_id(row)}))
    return any({r["merge"]["kept"], r["merge"]["gone"]} == {row.head, row.tail} for r in found)


def _merge_id(row: ReviewRow) -> str:
    return f"review-{row.id}"


def _remove_fact(graph: Graph, row: ReviewRow) -> None:
    stands = merged_ids(graph)  # an end may have been merged since
    ends = {"head": stands.get(row.head, row.head), "tail": stands.get(row.tail, row.tail)}
    found = graph.read(Statement(cypher.facts_between(row.relation), ends))
    if found and all(each["review"] != row.id for each in found):
        raise BadInput(
            f"Review item {row.id} stays accepted: its fact is stated by another source by now "
            f"({_source(found)}), which it would be taken from."
        )
    statement = Statement(cypher.remove_fact(row.relation), {**ends, "review": row.id})
    made = list(new_ends(row))

    def remove(run: Run) -> None:
        run(statement)
        if made:
            run(Statement(cypher.UNMAKE_ENDS, {"ids": made}))

    graph.transact(remove)


def _source(found: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(sorted({str(each["source"] or "unknown") for each in found}))
