"""What a stream is to whoever follows it: parts with numbered messages, taken and given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kg_platform.records import Rejection


@dataclass(frozen=True, slots=True)
class StreamPart:
    """A partition of a topic, or a file. `id` is its key in the graph: of a topic that was made
    anew it is another one. `stream` and `name` are how people call the stream and this of it."""

    id: str
    stream: str
    name: str


@dataclass(frozen=True, slots=True)
class StreamMessage:
    """One message. `offset` grows in its part by at least one. `value` is its bytes, a row whose
    fields were read already, why it could not be read, or None: the key has gone."""

    part: StreamPart
    offset: int
    value: bytes | Mapping[str, Any] | Rejection | None
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that is wrong, or in part, and why; `partly`: the rest of it was taken."""

    message: StreamMessage
    rejection: Rejection
    partly: bool = False


@dataclass(frozen=True, slots=True)
class PartEnd:
    """What is known of a part beside its messages: the offset after the last one that is there, and
    a note to be kept with how far it is in the graph."""

    end: int | None = None
    note: str | None = None


class Feed(Protocol):
    """A stream. Whoever takes messages gives them back by `done`, or they come again."""

    @property
    def stream(self) -> str:
        """How people call it: `kafka://broker/topic`, or the folder."""

    def take(self, most: int, wait: float) -> Sequence[StreamMessage]:
        """At most so many next messages, those of a part in order; none if none came in `wait`
        seconds.

        Raises:
            Unavailable: what brings them does not answer.
        """

    def refuse(self, letters: Sequence[DeadLetter]) -> None:
        """Keep wrong messages where a person finds them; done twice, they may be there twice."""

    def done(self, messages: Sequence[StreamMessage]) -> None:
        """These, the last ones that were taken, are in the graph."""

    def ends(self) -> Mapping[StreamPart, PartEnd]:
        """What is known of its parts."""

    def close(self) -> None: ...
