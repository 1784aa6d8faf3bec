"""Who may write what in the graph, of all machines that can reach it: a lock with an end.

It is a node (`kg_platform.cypher.locking`). A thread renews it while its holder works. One that
was killed loses it when it runs out, by the server's clock, and on this machine at once. One that
cannot renew it knows before it runs out, by its own clock, and stops.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

from kg_platform.cypher import locking
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, KgError, Unavailable
from kg_platform.graph.client import Graph, Rows, Run
from kg_platform.process import Process
from kg_platform.progress import Progress

BEAT_SECONDS = 15.0
# Without a beat for the shorter time a holder stops; after the longer one others take over.
SILENCE_SECONDS, EXPIRY_SECONDS = 60.0, 90.0


class GraphLease:
    """The lock of this name, for `work` ("embedding job"), as people are told; taken by `ensure`.

    `graph` opens the graph, when it is first needed.
    """

    def __init__(
        self, graph: Callable[[], Graph], name: str, work: str, beat_seconds: float = BEAT_SECONDS
    ) -> None:
        self._graph, self._name, self._work = graph, name, work
        self._token, self._beat_seconds = uuid4().hex, beat_seconds
        self._heard: float | None = None  # when the last beat was sent that the graph took
        self._ended = threading.Event()
        self._heart: threading.Thread | None = None

    def ensure(self) -> None:
        """Take it, unless we have it.

        Raises:
            BadInput: somebody has it; the sentence says who. Unavailable: Neo4j is away.
        """
        if not self._has():
            self._take()
        if self._heart is None:
            self._heart = threading.Thread(target=self._beat, name="graph-lease", daemon=True)
            self._heart.start()

    def check(self) -> None:
        """Refuse to go on without it.

        Raises:
            Unavailable: Neo4j took no beat for too long, or another has taken it over.
        """
        if not self._has():
            raise Unavailable(
                f"This {self._work} lost its hold on the graph's vectors, because Neo4j did not "
                f"answer for {SILENCE_SECONDS:.0f} s or another one took over; run the same "
                "command again to go on."
            )

    def guarding(self, report: Progress) -> Progress:
        """The same progress, which ends a job that lost the lock, at its next step."""

        def guarded(step: str, done: int, total: int | None) -> None:
            self.check()
            report(step, done, total)

        return guarded

    def release(self) -> None:
        """Give it back. A Neo4j that is away keeps it until it runs out."""
        self._ended.set()
        if self._heart is None:
            return
        self._heart.join(BEAT_SECONDS)
        self._heard = None
        with suppress(KgError):
            self._graph().once(self._statement(locking.RELEASE))

    def _has(self) -> bool:
        heard = self._heard
        return heard is not None and time.monotonic() - heard < SILENCE_SECONDS

    def _take(self) -> None:
        me = Process.this()
        ask = self._statement(
            locking.TAKE,
            host=me.host,
            pid=me.pid,
            process_started=me.started,
            milliseconds=int(EXPIRY_SECONDS * 1000),
        )
        holder = self._statement(locking.HOLDER)

        def take(run: Run) -> Rows:
            run(ask)
            return run(holder)

        while True:
            asked = time.monotonic()
            (found,) = self._graph().transact(take)
            if found["owner"] == self._token:
                self._heard = asked
                return
            other = Process(found["host"], found["pid"], found["process_started"])
            if not other.is_gone():
                since = datetime.fromtimestamp(found["since"] / 1000, UTC)
                raise BadInput(
                    f"Another {self._work} works on this graph: process {other.pid} on "
                    f"{other.host}, since {since:%Y-%m-%d %H:%M} UTC; wait for it, or stop it "
                    f"first (of a killed one the graph is free after {EXPIRY_SECONDS:.0f} s)."
                )
            self._graph().write(self._statement(locking.RELEASE, owner=found["owner"]))

    def _beat(self) -> None:
        renew = self._statement(locking.RENEW, milliseconds=int(EXPIRY_SECONDS * 1000))
        while not self._ended.wait(self._beat_seconds):
            asked = time.monotonic()
            with suppress(KgError):  # it is away; `_heard` says since when
                if self._graph().once(renew):
                    self._heard = asked
                else:
                    self._heard = None

    def _statement(self, text: str, **values: object) -> Statement:
        return Statement(text, {"lock": self._name, "owner": self._token, **values})
