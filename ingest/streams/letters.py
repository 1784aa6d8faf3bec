"""A wrong message as it stands in a topic of such messages: key, value and headers. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ingest.streams.feed import DeadLetter
from kg_platform.ledger.rows import excerpt

LONGEST = 900_000  # bytes of a message that its letter holds; brokers take 1 MiB
# Characters of a header: of one message all of them have to stay far below what a broker takes,
# whatever the sender wrote.
SHOWN = 1_000


@dataclass(frozen=True)
class Letter:
    """What is sent."""

    key: bytes
    value: bytes
    headers: dict[str, str]

    @classmethod
    def of(cls, one: DeadLetter, source: str, topic: str) -> Letter:
        """The letter about a message of the topic, with its bytes if they are not too many."""
        value = one.message.value if isinstance(one.message.value, bytes) else b""
        said = {
            "kg-reason": one.rejection.reason,
            "kg-field": one.rejection.field,
            "kg-value": one.rejection.value,
            "kg-source": source,
            "kg-topic": topic,
            "kg-partition": one.message.part.name.rpartition("/")[2],
            "kg-offset": str(one.message.offset),
            "kg-taken": "partly" if one.partly else "no",
        }
        key = json.dumps([one.message.part.name, one.message.offset]).encode()
        whole = cls(key, value, {name: _plain(text) for name, text in said.items()})
        return whole if len(value) <= LONGEST else whole.without_value()

    def without_value(self) -> Letter:
        """For a topic that takes less: the headers say which message it is."""
        left = {**self.headers, "kg-left-out": f"{len(self.value)} bytes"}
        return Letter(self.key, b"", left)


def _plain(text: str) -> str:
    return excerpt(text, SHOWN).encode("utf-8", "backslashreplace").decode()
