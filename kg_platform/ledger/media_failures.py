"""Media that could not be had: of which entity, where they were looked for, why, and how often.

A failure goes when the medium was had, or when a whole load of its source did not meet it again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from kg_platform.ledger.database import Database
from kg_platform.ledger.rows import now
from kg_platform.ledger.tables import MEDIA_FAILURES
from kg_platform.records import MediaRef, MediumRejection

_AT_ONCE = 200  # rows a transaction, so that others can write in between


@dataclass(frozen=True)
class FailureRow:
    """A medium that an entity of a source names. `gone`: there was nothing where it should be.
    `folder` is the one its path leads from."""

    key: str
    source: str
    folder: str
    entity: str
    location: str
    role: str
    rank: int
    caption: str
    start: float | None
    end: float | None
    reason: str
    gone: bool
    tries: int
    first_at: str
    last_at: str

    @property
    def state(self) -> str:
        return "gone" if self.gone else "failed"

    def ref(self) -> MediaRef:
        return MediaRef(self.location, self.role, self.rank, self.caption, self.start, self.end)


class MediaFailures:
    """The failures of a ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(
        self, run_id: str, source: str, folder: str, failed: Sequence[MediumRejection]
    ) -> None:
        """These failed in this run, perhaps again."""
        for start in range(0, len(failed), _AT_ONCE):
            with self._database.write() as connection:
                for one in failed[start : start + _AT_ONCE]:
                    _note(connection, run_id, source, folder, one)

    def rows(
        self, source: str | None = None, *, gone: bool | None = None, limit: int | None = None
    ) -> list[FailureRow]:
        """By source, entity and place."""
        c = MEDIA_FAILURES.c
        query = sa.select(MEDIA_FAILURES).order_by(c.source, c.entity, c.location, c.key)
        if source is not None:
            query = query.where(c.source == source)
        if gone is not None:
            query = query.where(c.gone == gone)
        if limit is not None:
            query = query.limit(limit)
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(query).mappings()]

    def of(self, source: str, entities: Iterable[str]) -> list[FailureRow]:
        """Those of these entities of a source; quickly where it has none."""
        c = MEDIA_FAILURES.c
        wanted = sorted(entities)
        found: list[FailureRow] = []
        with self._database.read() as connection:
            if not connection.scalar(sa.select(sa.exists().where(c.source == source))):
                return []
            for start in range(0, len(wanted), _AT_ONCE):
                some = c.entity.in_(wanted[start : start + _AT_ONCE])
                query = sa.select(MEDIA_FAILURES).where(c.source == source, some)
                found += [_row(row) for row in connection.execute(query).mappings()]
        return found

    def counts(self) -> dict[str, int]:
        """How many there are, by state."""
        c = MEDIA_FAILURES.c
        query = sa.select(c.gone, sa.func.count()).group_by(c.gone)
        found = {"failed": 0, "gone": 0}
        with self._database.read() as connection:
            for gone, count in connection.execute(query):
                found["gone" if gone else "failed"] = int(count)
        return found

    def sources(self) -> dict[str, int]:
        """How many there are, by source."""
        c = MEDIA_FAILURES.c
        query = sa.select(c.source, sa.func.count()).group_by(c.source).order_by(c.source)
        with self._database.read() as connection:
            return {str(source): int(count) for source, count in connection.execute(query)}

    def reasons(self, source: str | None = None, limit: int = 100) -> list[tuple[str, str, int]]:
        """A reason, a folder where it was met, and how often: the most frequent first."""
        c = MEDIA_FAILURES.c
        count = sa.func.count()
        query = sa.select(c.reason, sa.func.min(c.folder), count).group_by(c.reason)
        if source is not None:
            query = query.where(c.source == source)
        query = query.order_by(count.desc(), c.reason).limit(limit)
        with self._database.read() as connection:
            found = connection.execute(query)
            return [(reason, folder, int(number)) for reason, folder, number in found]

    def settle(self, keys: Iterable[str]) -> None:
        """These were had, or nobody names them any more."""
        wanted = list(keys)
        c = MEDIA_FAILURES.c
        for start in range(0, len(wanted), _AT_ONCE):
            with self._database.write() as connection:
                some = wanted[start : start + _AT_ONCE]
                connection.execute(MEDIA_FAILURES.delete().where(c.key.in_(some)))

    def settle_others(self, source: str, run_id: str, folder: str, *, fetched: bool) -> None:
        """A whole load of the source from this folder, this run, met its failures; others there
        are none. Those of a folder that is there under the same name stay, and, unless addresses
        were `fetched`, theirs."""
        c = MEDIA_FAILURES.c
        earlier = sa.and_(c.source == source, c.run_id != run_id)
        if not fetched:
            earlier = sa.and_(earlier, c.location.not_like("%://%"))
        with self._database.read() as connection:
            folders = list(connection.scalars(sa.select(c.folder).where(earlier).distinct()))
        # An archive is unpacked elsewhere each time. A folder's disk may be slow to answer: nobody
        # who writes to the ledger waits for it.
        ours = [one for one in folders if one == folder or not Path(one).is_dir()]
        for start in range(0, len(ours), _AT_ONCE):
            some = c.folder.in_(ours[start : start + _AT_ONCE])
            with self._database.write() as connection:
                connection.execute(MEDIA_FAILURES.delete().where(earlier, some))


def _note(
    connection: sa.Connection, run_id: str, source: str, folder: str, one: MediumRejection
) -> None:
    c, at = MEDIA_FAILURES.c, now()
    ref = one.ref
    key = _key(source, one.entity, ref.role, ref.location)
    values = {
        "folder": folder,
        "about": ref.about(),
        "reason": one.reason,
        "gone": one.gone,
        "last_at": at,
        "run_id": run_id,
    }
    # Tried once more, but not where one load meets it twice.
    tries = sa.case((c.run_id == run_id, c.tries), else_=c.tries + 1)
    done = connection.execute(
        MEDIA_FAILURES.update().where(c.key == key).values(**values, tries=tries)
    )
    if not done.rowcount:
        more = {"key": key, "source": source, "entity": one.entity, "location": ref.location}
        connection.execute(MEDIA_FAILURES.insert().values(**more, **values, first_at=at, tries=1))


def _row(row: sa.RowMapping) -> FailureRow:
    about = row["about"]
    names = ("key", "source", "folder", "entity", "location", "reason", "gone", "tries",
             "first_at", "last_at")  # fmt: skip
    return FailureRow(
        **{name: row[name] for name in names},
        role=about["role"],
        rank=about["rank"],
        caption=about.get("caption", ""),
        start=about.get("start_seconds"),
        end=about.get("end_seconds"),
    )


def _key(*place: str) -> str:
    return hashlib.sha256(json.dumps(place).encode("utf-8", "surrogatepass")).hexdigest()
