"""Messages as changes, or why not. Pure: bytes in, changes out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ingest.sources.tabular.objects import checked, decoder, reason_of
from ingest.streams.changes import EntityGone, EntityPut, RelationGone, RelationPut, StreamChange
from ingest.streams.envelope import WrongMessage, change_of, entity_id
from ingest.streams.feed import DeadLetter, StreamMessage
from ingest.validate import check_entity, check_relation, shown
from kg_platform.records import Rejection, Relation

MAX_BYTES = 16 * 2**20  # of a message, as of a line
TOO_LONG = "the message is longer than 16 MiB"
_decode = decoder().decode


class MessageReader(Protocol):
    """What messages of a stream say."""

    def changes(self, message: StreamMessage) -> Sequence[StreamChange]:
        """The changes, in order; none if it says nothing.

        Raises:
            WrongMessage: it cannot be understood.
        """


class EnvelopeReader:
    """Messages in the envelope of `envelope.py`. One without a value is a deletion: of the entity
    whose id is its key, or of the relation whose head, type and tail are, as a list in JSON."""

    def changes(self, message: StreamMessage) -> Sequence[StreamChange]:
        row = row_of(message.value)
        if row is None:
            return [_gone(message.key)]
        return [change_of(row, message.part.name, message.offset)]


@dataclass
class ReadMessages:
    """What some messages say: (change, the message it is of) in order, and those that are wrong."""

    changes: list[tuple[StreamChange, StreamMessage]] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)


def read_messages(messages: Sequence[StreamMessage], reader: MessageReader) -> ReadMessages:
    """Messages that are fit to be written, by themselves: what a message says that is refused as a
    whole is a letter; what is refused of it in part comes out when it is written."""
    found = ReadMessages()
    for message in messages:
        try:
            if isinstance(message.value, Rejection):
                raise WrongMessage(message.value.field, message.value.reason, message.value.value)
            for change in reader.changes(message):
                found.changes.append((_fit(change), message))
        except MemoryError:  # may be others' fault
            raise
        except Exception as error:  # what nobody thought of must not hold up the stream
            wrong = error if isinstance(error, WrongMessage) else _unforeseen(error)
            found.changes = [pair for pair in found.changes if pair[1] is not message]
            found.letters.append(DeadLetter(message, _rejection(message, wrong)))
    return found


def row_of(value: bytes | Mapping[str, Any] | Rejection | None) -> dict[str, Any] | None:
    """The JSON object of a message; None: there is none.

    Raises:
        WrongMessage: it is no JSON object.
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Rejection):
        raise WrongMessage(value.field, value.reason, value.value)
    if len(value) > MAX_BYTES:
        raise WrongMessage("message", TOO_LONG)
    try:
        text = value.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise WrongMessage("message", "the message is not valid UTF-8", _begin(value)) from None
    try:
        return checked(_decode(text), text)
    except (ValueError, RecursionError) as error:
        reason = reason_of(error).replace("the row", "the message")
        raise WrongMessage("message", reason, text[:200]) from None


def _fit(change: StreamChange) -> StreamChange:
    """The change, its id as text.

    Raises:
        WrongMessage: nothing of it can be stored.
    """
    if isinstance(change, EntityPut):
        entity, refused = check_entity(change.entity)
        if entity is None:
            raise WrongMessage(refused[0].field, refused[0].reason, refused[0].value)
        if entity.id != change.entity.id:
            return replace(change, entity=replace(change.entity, id=entity.id))
    elif isinstance(change, RelationPut) and (problems := check_relation(change.relation)):
        raise WrongMessage(problems[0].field, problems[0].reason, problems[0].value)
    return change


def _gone(key: bytes | None) -> StreamChange:
    if key is None:
        raise WrongMessage("message", "the message has neither a value nor a key")
    try:
        text = key.decode("utf-8")
    except UnicodeDecodeError:
        raise WrongMessage("key", "the key is not valid UTF-8", _begin(key)) from None
    if text.startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list) and len(found) == 3 and all(isinstance(x, str) for x in found):
            head, kind, tail = found
            if problems := check_relation(Relation(head, kind, tail)):
                raise WrongMessage("key", problems[0].reason, text)
            return RelationGone((head, kind, tail))
    return EntityGone(entity_id(text))


def _unforeseen(error: Exception) -> WrongMessage:
    why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return WrongMessage("message", f"the message cannot be read ({shown(why)})")


def _rejection(message: StreamMessage, error: WrongMessage) -> Rejection:
    value = "" if error.value is None else shown(error.value)
    return Rejection(message.part.name, message.offset, error.field, str(error), value)


def _begin(value: bytes) -> str:
    return value[:200].decode("utf-8", "replace")
