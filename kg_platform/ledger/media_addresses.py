"""What web addresses of media gave: which bytes, in which version by their server's marks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa

from kg_platform.ledger.database import Database
from kg_platform.ledger.rows import now
from kg_platform.ledger.tables import MEDIA_ADDRESSES


@dataclass(frozen=True)
class AddressRow:
    """An address, the SHA-256 of what it gave, and the server's marks of that version."""

    address: str
    digest: str
    etag: str
    modified: str
    fetched_at: str = ""


class MediaAddresses:
    """Addresses of media, by themselves. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, address: str) -> AddressRow | None:
        """What it gave when it was fetched last."""
        c = MEDIA_ADDRESSES.c
        query = sa.select(MEDIA_ADDRESSES).where(c.key == _key(address))
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            return None
        names = ("address", "digest", "etag", "modified", "fetched_at")
        return AddressRow(**{name: row[name] for name in names})

    def remember(self, row: AddressRow) -> None:
        """What an address gave now."""
        key = _key(row.address)
        values = {
            "address": row.address,
            "digest": row.digest,
            "etag": row.etag,
            "modified": row.modified,
            "fetched_at": now(),
        }
        with self._database.write() as connection:
            done = connection.execute(
                MEDIA_ADDRESSES.update().where(MEDIA_ADDRESSES.c.key == key).values(**values)
            )
            if not done.rowcount:
                connection.execute(MEDIA_ADDRESSES.insert().values(key=key, **values))


def _key(address: str) -> str:
    # An address may be longer than an index takes.
    return hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()
