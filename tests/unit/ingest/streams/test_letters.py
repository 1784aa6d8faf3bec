"""What a letter about a wrong message holds, whatever its sender wrote."""

from __future__ import annotations

from ingest.streams.feed import DeadLetter, StreamMessage, StreamPart
from ingest.streams.letters import LONGEST, Letter
from kg_platform.records import Rejection

PART = StreamPart("part", "stream", "topic/3")


def letter(value: bytes | None, reason: str = "why", field: str = "field") -> Letter:
    message = StreamMessage(PART, 7, value)
    return Letter.of(DeadLetter(message, Rejection("topic/3", 7, field, reason, "v")), "s", "topic")


def test_the_same_bytes_and_what_is_wrong() -> None:
    found = letter(b"{")
    assert (found.key, found.value) == (b'["topic/3", 7]', b"{")
    assert found.headers == {
        "kg-reason": "why",
        "kg-field": "field",
        "kg-value": "v",
        "kg-source": "s",
        "kg-topic": "topic",
        "kg-partition": "3",
        "kg-offset": "7",
        "kg-taken": "no",
    }
    assert letter(None).value == b""


def test_headers_are_short_and_can_be_sent() -> None:
    found = letter(b"{", reason="r" * 10**6, field="\ud800" * 10**6)
    assert sum(len(text.encode()) for text in found.headers.values()) < 20_000
    assert found.headers["kg-reason"].endswith("r…")


def test_what_a_topic_does_not_take_is_left_out() -> None:
    found = letter(b"x" * (LONGEST + 1))
    assert (found.value, found.headers["kg-left-out"]) == (b"", f"{LONGEST + 1} bytes")
    assert letter(b"x" * LONGEST).value
