"""Review items in the ledger: what was proposed, and what people said of it.

An item is a candidate: a fact (head, relation, tail), or two entities that may be one. There is one
row a candidate, for ever, so nothing is proposed twice. Its status is open, accepted, rejected, or
superseded (it stands in the graph by now, or cannot any more). `done` says that what an acceptance
does to the graph was done; a process that died before it leaves an accepted item that is not.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from kg_platform.errors import BadInput, NotFound
from kg_platform.ledger.audit import noted
from kg_platform.ledger.database import Database
from kg_platform.ledger.review_rows import (
    Candidate,
    Comment,
    DecidedRow,
    Kind,
    Proposed,
    ReviewRow,
    Sort,
    Status,
    Triple,
    Verdict,
    last_words,
)
from kg_platform.ledger.rows import TEXT_CHARACTERS, excerpt, now
from kg_platform.ledger.tables import REVIEW_COMMENTS, REVIEWS

PROPOSAL_LOCK = 7_461_020_062
AT_ONCE = 200  # candidates a transaction, so that others can write in between
_PAGE = 1_000  # items that are held at once
_LARGEST = 2**63 - 1  # number that a database takes

# What finds again an item of these kinds; `kg review propose` finds the others.
_PROPOSES = {"stated": "kg extract"}


class Reviews:
    """The review items of a ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def propose(self, run_id: str, candidates: Iterable[Candidate]) -> Proposed:
        """Make items of candidates, by an embedding run. An open item takes the new figures, a
        superseded one is open again, a decided one stays as it is."""
        counts = {"new": 0, "updated": 0, "decided": 0}
        given = list(candidates)
        for start in range(0, len(given), AT_ONCE):
            with self._database.write(PROPOSAL_LOCK) as connection:
                for one in given[start : start + AT_ONCE]:
                    counts[_propose(connection, run_id, one)] += 1
        return Proposed(**counts)

    def item(self, review_id: int) -> ReviewRow:
        """Raises: NotFound: there is no such item."""
        _check(review_id)
        found = self._rows(sa.select(REVIEWS).where(REVIEWS.c.id == review_id))
        if not found:
            raise no_item(review_id)
        return found[0]

    def some(self, review_ids: Sequence[int]) -> list[ReviewRow]:
        """These items as they are now, in this order; those that are gone are left out."""
        query = sa.select(REVIEWS).where(REVIEWS.c.id.in_(list(review_ids)))
        found = {row.id: row for row in self._rows(query)}
        return [found[one] for one in review_ids if one in found]

    def items(
        self,
        status: str | None = "open",
        kind: str | None = None,
        relation: str | None = None,
        entity: str | None = None,
        limit: int = 50,
        offset: int = 0,
        sort: Sort = "likeliest",
        chances: tuple[float, float] | None = None,
    ) -> list[ReviewRow]:
        """Items; None means any. `entity` is at either end; `chances` are the least and the most
        that an item is likely. What somebody put off comes last."""
        order = (REVIEWS.c.later_at.is_not(None), REVIEWS.c.later_at, *_order(sort))
        query = sa.select(REVIEWS).where(_where(status, kind, relation, entity, chances))
        return self._rows(query.order_by(*order).limit(limit).offset(offset))

    def open_pages(self, kind: Kind) -> Iterator[list[ReviewRow]]:
        """Open items of a kind, some at a time, by number. They may be decided in between."""
        c, after = REVIEWS.c, 0
        query = sa.select(REVIEWS).where(c.kind == kind, c.status == "open").order_by(c.id)
        while rows := self._rows(query.where(c.id > after).limit(_PAGE)):
            yield rows
            after = rows[-1].id

    def count(
        self,
        status: str | None = "open",
        kind: str | None = None,
        relation: str | None = None,
        entity: str | None = None,
        chances: tuple[float, float] | None = None,
    ) -> int:
        query = sa.select(sa.func.count())
        query = query.where(_where(status, kind, relation, entity, chances))
        with self._database.read() as connection:
            return int(connection.execute(query.select_from(REVIEWS)).scalar_one())

    def between(
        self, entities: Sequence[str], status: Status = "open", limit: int = 500
    ) -> list[ReviewRow]:
        """Items both of whose ends are among these entities, the likeliest first."""
        c, among = REVIEWS.c, set(entities)
        ends = sa.select(c.id, c.tail, c.probability, c.score).where(c.status == status)
        found: list[tuple[bool, float, float, int]] = []
        with self._database.read() as connection:
            for start in range(0, len(entities), AT_ONCE):
                some = ends.where(c.head.in_(entities[start : start + AT_ONCE]))
                found += [
                    (row.probability is None, -(row.probability or 0), -row.score, row.id)
                    for row in connection.execute(some)
                    if row.tail in among
                ]
        # What is shown of an item is much longer than its ends: it is read of those that are kept.
        return self.some([one[-1] for one in sorted(found)[:limit]])

    def touching(self, entities: Sequence[str], each: int) -> list[ReviewRow]:
        """Open items with one of these entities at an end, of each entity the likeliest."""
        parts = [
            sa.select(REVIEWS.c.id)
            .where(_where("open", None, None, one))
            .order_by(*_order("likeliest"))
            .limit(each)
            .subquery()
            for one in dict.fromkeys(entities)
        ]
        if not parts:
            return []
        chosen = sa.union(*(sa.select(part.c.id) for part in parts))
        query = sa.select(REVIEWS).where(REVIEWS.c.id.in_(chosen))
        return self._rows(query.order_by(*_order("likeliest")))

    def latest(self, entity: str, limit: int) -> list[ReviewRow]:
        """Items of any status with this entity at an end, what was changed last first."""
        c = REVIEWS.c
        query = sa.select(REVIEWS).where(_where(None, None, None, entity))
        return self._rows(query.order_by(c.updated_at.desc(), c.id.desc()).limit(limit))

    def relations(self) -> list[str]:
        """Every relation that some item proposes."""
        c = REVIEWS.c
        query = sa.select(c.relation).where(c.kind != "duplicate").distinct().order_by(c.relation)
        with self._database.read() as connection:
            return [row.relation for row in connection.execute(query)]

    def later(self, review_id: int, by: str) -> ReviewRow:
        """Put an open item behind the others, for everybody.

        Raises:
            NotFound: there is no such item. BadInput: it is decided by now.
        """
        with self._database.write() as connection:
            row = self._locked(connection, review_id, "open")
            at = now()
            step = {"at": at, "by": by, "what": "later", "note": ""}
            put_off = {"later_at": at, "history": [*row["history"], step], "updated_at": at}
            connection.execute(REVIEWS.update().where(REVIEWS.c.id == review_id).values(**put_off))
        return self.item(review_id)

    def comment(self, review_id: int, by: str, text: str, verdict: Verdict = "") -> Comment:
        """Say something of an item; with a verdict it is a second opinion.

        Raises:
            NotFound: there is no such item. BadInput: nothing is said.
        """
        said = excerpt(text.strip(), TEXT_CHARACTERS)
        if not said and not verdict:
            raise BadInput("A comment needs words, or a verdict.")
        self.item(review_id)
        values = {"review_id": review_id, "at": now(), "by": by, "text": said, "verdict": verdict}
        with self._database.write() as connection:
            connection.execute(REVIEW_COMMENTS.insert().values(**values))
        return self.comments([review_id])[review_id][-1]

    def comments(self, review_ids: Sequence[int]) -> dict[int, list[Comment]]:
        """What was said of these items, first to last, by their numbers."""
        c = REVIEW_COMMENTS.c
        found: dict[int, list[Comment]] = {one: [] for one in review_ids}
        query = sa.select(REVIEW_COMMENTS).where(c.review_id.in_(list(review_ids))).order_by(c.id)
        with self._database.read() as connection:
            for row in connection.execute(query).mappings():
                found[row["review_id"]].append(Comment(**row))
        return found

    def verdicts(self) -> list[DecidedRow]:
        """Every item that somebody accepted or rejected, or would, with the last word of each."""
        c, said = REVIEWS.c, REVIEW_COMMENTS.c
        names = (c.id, c.kind, c.relation, c.status, c.probability, c.lower_bound, c.history)
        opinions = sa.select(said.review_id, said.at, said.by, said.verdict)
        opinions = opinions.where(said.verdict != "").order_by(said.id)
        second = sa.select(said.review_id).where(said.verdict != "")
        decided = c.status.in_(("accepted", "rejected")) | c.id.in_(second)
        spoken: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
        with self._database.read() as connection:
            for row in connection.execute(opinions):
                spoken[row.review_id].append((row.at, row.by, row.verdict))
            rows = list(connection.execute(sa.select(*names).where(decided)).mappings())
        return [
            DecidedRow(
                **{name.name: row[name.name] for name in names[:-1]},
                verdicts=last_words(row["history"], spoken[row["id"]]),
            )
            for row in rows
        ]

    def bounds(self) -> list[tuple[int, str, float, float]]:
        """(id, relation, lower bound, probability) of every open item that has a lower bound, by
        number."""
        c = REVIEWS.c
        query = sa.select(c.id, c.relation, c.lower_bound, c.probability).order_by(c.id)
        query = query.where(c.status == "open", c.lower_bound.is_not(None))
        with self._database.read() as connection:
            found = connection.execute(query)
            return [(row.id, row.relation, row.lower_bound, row.probability) for row in found]

    def correct(self, corrected: Iterable[tuple[int, float, float]]) -> None:
        """Give open items (id, lower bound, probability) these probabilities. Those that are
        decided in this moment, or proposed anew with another lower bound, keep theirs."""
        c = REVIEWS.c
        mine = sa.and_(c.id == sa.bindparam("item"), c.lower_bound == sa.bindparam("bound"))
        change = REVIEWS.update().where(mine, c.status == "open")
        change = change.values(probability=sa.bindparam("chance"))
        given = [{"item": i, "bound": b, "chance": p} for i, b, p in corrected]
        for start in range(0, len(given), AT_ONCE):
            # Of two that change many items at once, each would wait for what the other holds.
            with self._database.write(PROPOSAL_LOCK) as connection:
                connection.execute(change, given[start : start + AT_ONCE])

    def ends(self, kind: Kind, statuses: Sequence[Status]) -> set[Triple]:
        """(head, relation, tail) of all items of a kind that have one of these statuses."""
        c = REVIEWS.c
        query = sa.select(c.head, c.relation, c.tail)
        query = query.where(c.kind == kind, c.status.in_(statuses))
        with self._database.read() as connection:
            return {(row.head, row.relation, row.tail) for row in connection.execute(query)}

    def among(self, candidates: Sequence[Candidate]) -> dict[Triple, ReviewRow]:
        """The items that there are of these candidates, all of one kind, by their ends."""
        found: dict[Triple, ReviewRow] = {}
        keys = [_key(one) for one in candidates]
        for start in range(0, len(keys), AT_ONCE):
            some = REVIEWS.c.key.in_(keys[start : start + AT_ONCE])
            found |= {row.ends: row for row in self._rows(sa.select(REVIEWS).where(some))}
        return found

    def decide(
        self,
        review_id: int,
        before: Status,
        after: Status,
        by: str,
        note: str = "",
        done: bool = True,
    ) -> ReviewRow:
        """Change the status of an item, if it still is `before`; one of two people succeeds.

        What is accepted is not done yet: see `finish`. Not `done`: only if it is not.

        Raises:
            NotFound: there is no such item. BadInput: its status is another one by now.
        """
        with self._database.write() as connection:
            row = self._locked(connection, review_id, before)
            if row["done"] and not done:
                raise BadInput(decided(_row(row)))
            at = now()
            said = excerpt(note, TEXT_CHARACTERS)
            step = {"at": at, "by": by, "what": after, "note": said}
            connection.execute(
                REVIEWS.update()
                .where(REVIEWS.c.id == review_id)
                .values(
                    status=after,
                    done=after != "accepted",
                    decided_by=None if after == "open" else by,
                    decided_at=None if after == "open" else at,
                    note=said,
                    later_at=None,
                    history=[*row["history"], step],
                    updated_at=at,
                )
            )
            ends = " ".join(filter(None, (row["head"], row["relation"], row["tail"])))
            noted(connection, by, "review", f"{row['kind']} {review_id}: {after}", ends)
        return self.item(review_id)

    def finish(self, review_id: int) -> None:
        """What an acceptance does to the graph was done."""
        c = REVIEWS.c
        accepted = REVIEWS.update().where(c.id == review_id, c.status == "accepted")
        with self._database.write() as connection:
            connection.execute(accepted.values(done=True))

    def _locked(self, connection: sa.Connection, review_id: int, status: Status) -> sa.RowMapping:
        """An item that is still so, held until the transaction ends."""
        _check(review_id)
        one = sa.select(REVIEWS).where(REVIEWS.c.id == review_id).with_for_update()
        row = connection.execute(one).mappings().one_or_none()
        if row is None:
            raise no_item(review_id)
        if row["status"] != status:
            raise BadInput(decided(_row(row)))
        return row

    def _rows(self, query: sa.Select[Any]) -> list[ReviewRow]:
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(query).mappings()]


def decided(row: ReviewRow) -> str:
    """What to say to somebody who decides on an item that is decided."""
    name = f"Review item {row.id}"
    if row.status == "open":
        return f"{name} is open: there is nothing to undo."
    if row.status == "superseded":
        again = _PROPOSES.get(row.kind, "kg review propose")
        return f"{name} is superseded ({row.note}); `{again}` opens it if it can be true."
    when = (row.decided_at or "")[:16].replace("T", " ")
    return (
        f"{name} was {row.status} by {row.decided_by} at {when}; "
        f"`kg review undo {row.id}` takes that back."
    )


def no_item(review_id: int) -> NotFound:
    return NotFound(f"There is no review item {review_id}; `kg review list` lists them.")


def _check(review_id: int) -> None:
    if not 0 < review_id <= _LARGEST:
        raise no_item(review_id)


def _propose(connection: sa.Connection, run_id: str, one: Candidate) -> str:
    key, at = _key(one), now()
    figures: dict[str, Any] = {
        "probability": one.probability,
        "score": one.score,
        "lower_bound": one.lower_bound,
        "run_id": run_id,
        "explanation": dict(one.explanation),
        "updated_at": at,
    }
    row = connection.execute(sa.select(REVIEWS).where(REVIEWS.c.key == key)).mappings()
    found = row.one_or_none()
    if found is None:
        connection.execute(
            REVIEWS.insert().values(
                key=key,
                kind=one.kind,
                head=one.head,
                relation=one.relation,
                tail=one.tail,
                status="open",
                done=True,
                proposed_at=at,
                note="",
                history=[],
                **figures,
            )
        )
        return "new"
    mine = REVIEWS.c.key == key
    if found["status"] == "superseded":
        again = {"status": "open", "note": "", "decided_by": None, "decided_at": None}
        connection.execute(REVIEWS.update().where(mine).values(**figures, **again))
        return "updated"
    changed = connection.execute(
        REVIEWS.update().where(mine, REVIEWS.c.status == "open").values(**figures)
    )
    return "updated" if changed.rowcount else "decided"


def _key(one: Candidate) -> str:
    # An id may be longer than an index takes.
    text = json.dumps([one.kind, one.head, one.relation, one.tail])
    return hashlib.sha256(text.encode()).hexdigest()


def _order(sort: Sort) -> tuple[sa.ColumnElement[Any], ...]:
    c = REVIEWS.c
    if sort == "newest":
        return c.proposed_at.desc(), c.id.desc()
    if sort == "teaches":
        likely = _likely()
        return likely.is_(None), sa.func.abs(likely - 0.5), c.id
    return c.probability.is_(None), c.probability.desc(), c.score.desc(), c.id


def _likely() -> sa.ColumnElement[float]:
    """How likely an item is. Of what has no probability a score in 0..1 is the next best; a model's
    own has no middle."""
    c = REVIEWS.c
    return sa.func.coalesce(c.probability, sa.case((c.kind != "link", c.score)))


def _where(
    status: str | None,
    kind: str | None,
    relation: str | None,
    entity: str | None,
    chances: tuple[float, float] | None = None,
) -> sa.ColumnElement[bool]:
    c = REVIEWS.c
    wanted = ((c.status, status), (c.kind, kind), (c.relation, relation))
    parts = [column == value for column, value in wanted if value is not None]
    if entity is not None:
        parts.append((c.head == entity) | (c.tail == entity))
    if chances is not None:
        parts.append(sa.func.coalesce(_likely(), 0.0).between(*chances))
    return sa.and_(sa.true(), *parts)


def _row(row: sa.RowMapping) -> ReviewRow:
    return ReviewRow(**{name: row[name] for name in ReviewRow.__dataclass_fields__})
