"""`kg follow`: a stream into the graph for as long as it comes.

taken -> read -> checked -> written with how far the stream is -> given back

One batch is written at a time, and the next one is taken and checked meanwhile and no more, so a
stream that is quicker than the graph waits where it comes from. A store that is away is waited for
with the batch in hand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any

from ingest.streams.feed import DeadLetter, Feed
from ingest.streams.media_states import MediaStates
from ingest.streams.reading import MessageReader
from ingest.streams.section import StreamSections
from ingest.streams.taking import TakenBatch, TakingAhead
from ingest.streams.writer import BatchCounts, StreamTarget, StreamWriter, added
from kg_platform.collector import rarely_collecting
from kg_platform.cypher import streaming
from kg_platform.cypher.statement import Statement
from kg_platform.errors import Unavailable
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.records import MediumRejection, Rejection
from kg_platform.turns import short_turns

WAIT = 0.2  # seconds that a stream is asked for messages before we look whether to end
PAUSE = 2.0  # seconds until what is away is tried again
LOOK = 10.0  # seconds between two notes of how long a quiet stream is


@dataclass(frozen=True)
class FollowOptions:
    """`batch` messages a transaction at most. It ends when nothing has come for `until_idle`
    seconds, or after `seconds`; None: never."""

    batch: int = 500
    until_idle: float | None = None
    seconds: float | None = None


@dataclass
class Followed:
    """What a stream brought. `refused` messages are wrong, or a part of them is."""

    source: str
    stream: str
    counts: BatchCounts = field(default_factory=BatchCounts)
    refused: int = 0
    runs: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        own = asdict(self)
        return {**own.pop("counts"), **own}


class Follower:
    """Follows one stream. `tell` gets sentences for a person."""

    def __init__(
        self,
        target: StreamTarget,
        feed: Feed,
        reader: MessageReader,
        options: FollowOptions,
        tell: Callable[[str], None],
    ) -> None:
        self._target, self._feed, self._options, self._tell = target, feed, options, tell
        given = {"stream": feed.stream, "fetch_media": target.web is not None}
        self._sections = StreamSections(target.platform, target.source, given)
        self._reader = reader
        self._done = Followed(target.source, feed.stream)
        self._looked = 0.0

    def follow(self, stop: Callable[[], bool]) -> Followed:
        """Follow until `stop()` is true, which is asked between two batches, or the options end it.

        Raises:
            BadInput: the graph was adopted. Unavailable: it cannot be opened at the start.
        """
        graph = self._target.platform.graph
        GraphAdoption.refuse(graph.adoption, "`kg follow` does not write to it")
        writer = StreamWriter(self._target, self._reader, self._refuse, self._keep)
        most = self._options.batch
        taking = TakingAhead(self._feed, self._reader, most, WAIT, writer.ahead)
        begun = time.monotonic()
        try:
            with closing(taking), rarely_collecting(), short_turns():
                self._loop(writer, taking, stop, begun)
        except KeyboardInterrupt:
            self._sections.close("interrupted", "stopped by Ctrl-C")
        except BaseException as error:
            self._sections.close_after(error)
            raise
        else:
            self._sections.close("succeeded")
        self._done.runs = self._sections.runs
        self._done.seconds = round(time.monotonic() - begun, 3)
        return self._done

    def _loop(
        self,
        writer: StreamWriter,
        taking: TakingAhead,
        stop: Callable[[], bool],
        begun: float,
    ) -> None:
        held: TakenBatch | None = None
        last = time.monotonic()
        away = False
        while not stop():
            now = time.monotonic()
            if self._options.seconds is not None and now - begun >= self._options.seconds:
                return
            try:
                held = held or taking.take()
                if held.messages:
                    self._count(writer.write(held, self._sections.journal()))
                    writer.settle()
                    self._feed.done(held.messages)
                    last = time.monotonic()
                else:
                    self._look(held)
                held = None
            except Unavailable as error:
                if not away:
                    self._tell(f"{error} Waiting for it.")
                away, last = True, time.monotonic()
                self._pause(stop)
                continue
            if away:
                self._tell("It is there again; going on.")
            away = False
            idle = self._options.until_idle
            if idle is not None and time.monotonic() - last >= idle:
                return

    def _pause(self, stop: Callable[[], bool]) -> None:
        end = time.monotonic() + PAUSE
        while not stop() and time.monotonic() < end:
            time.sleep(WAIT)

    def _count(self, counts: BatchCounts) -> None:
        self._sections.count(counts)
        self._done.counts = added(self._done.counts, counts)

    def _refuse(self, letters: Sequence[DeadLetter]) -> None:
        # A message is right whose medium its server does not give; that is in the media's states.
        self._feed.refuse([one for one in letters if not _is_of_web(one.rejection)])
        self._sections.refuse(letters)
        self._done.refused += len({(x.message.part.id, x.message.offset) for x in letters})

    def _keep(self, media: MediaStates) -> None:
        target = self._target
        self._sections.keep(media, target.folder, fetched=target.web is not None)

    def _look(self, batch: TakenBatch) -> None:
        """Note that we look, and how long a stream is in which nothing comes, for `kg status`."""
        if time.monotonic() - self._looked < LOOK:
            return
        self._looked = time.monotonic()
        rows = [
            {"id": part.id, "end": known.end}
            for part, known in batch.ends.items()
            if known.end is not None
        ]
        rows.sort(key=lambda row: str(row["id"]))
        given = {"source": self._target.source, "stream": self._feed.stream}
        said = Statement(streaming.SEEN, {"rows": rows})
        self._target.platform.graph.write(said if rows else Statement(streaming.LOOKED, given))


def _is_of_web(rejection: Rejection) -> bool:
    return isinstance(rejection, MediumRejection) and rejection.ref.is_address
