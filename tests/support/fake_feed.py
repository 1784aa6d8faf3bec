"""A stream made of lists, which keeps the promises of the real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingest.streams.feed import DeadLetter, PartEnd, StreamMessage, StreamPart


class FakeFeed:
    """`values` by the name of a part; `at` is how far each is in the graph."""

    stream = "fake"

    def __init__(self, values: Mapping[str, Sequence[bytes]], at: Mapping[str, int]) -> None:
        self._rest: list[StreamMessage] = []
        self._known: dict[StreamPart, PartEnd] = {}
        for name, some in values.items():
            part = StreamPart(f"fake/{name}", self.stream, name)
            self._known[part] = PartEnd(len(some))
            self._rest += [
                StreamMessage(part, number, value)
                for number, value in enumerate(some)
                if number > at.get(part.id, -1)
            ]
        self.letters: list[DeadLetter] = []
        self.committed: list[StreamMessage] = []

    def take(self, most: int, wait: float) -> Sequence[StreamMessage]:
        taken, self._rest = self._rest[:most], self._rest[most:]
        return taken

    def refuse(self, letters: Sequence[DeadLetter]) -> None:
        self.letters += letters

    def done(self, messages: Sequence[StreamMessage]) -> None:
        self.committed += messages

    def ends(self) -> Mapping[StreamPart, PartEnd]:
        return self._known

    def close(self) -> None:
        self._rest = []
