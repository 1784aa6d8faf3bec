"""A read-only query that runs beside its caller, and can be stopped.

It has a thread of its own, so that a page goes on being drawn. Stopping ends it on the server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Any
from uuid import uuid4

from kg_platform.browse.read_only import GRACE_SECONDS, Answer, answer
from kg_platform.errors import KgError, QueryFailed
from kg_platform.graph.client import Graph
from kg_platform.settings import Settings

STOPPED = "The query was stopped."
STILL = (
    "The query was told to stop, but Neo4j looks up between rows only and goes on with this one; "
    "it ends with it, and `kg db stop` ends it at once."
)
# A transaction that is stopped before it has begun is looked for again; a server that does not
# answer is asked again.
AGAIN_SECONDS = 0.2


class RunningQuery:
    """A query from its start on. `on_end` is called once, when it has an answer or an error, in a
    thread of the query's."""

    def __init__(
        self,
        graph: Graph,
        text: str,
        settings: Settings,
        parameters: Mapping[str, Any] | None = None,
        on_end: Callable[[RunningQuery], None] | None = None,
    ) -> None:
        self.text = text
        self.parameters = dict(parameters or {})
        self._graph, self._settings = graph, settings
        self._mark = uuid4().hex
        self._answer: Future[Answer] = Future()
        self._stopped = Event()
        self._closing = Lock()
        self._on_end = on_end
        self._started = time.perf_counter()
        self._seconds: float | None = None
        # Daemons, which a process does not wait for when it ends.
        Thread(target=self._run, name="query", daemon=True).start()

    @property
    def seconds(self) -> float:
        """How long it ran, or has run until now."""
        return self._seconds or time.perf_counter() - self._started

    @property
    def was_stopped(self) -> bool:
        """Whether it ended because it was told to."""
        return self._answer.done() and str(self._answer.exception()) == STOPPED

    @property
    def is_stopping(self) -> bool:
        return self._stopped.is_set() and not self._answer.done()

    def is_done(self, seconds: float = 0.0) -> bool:
        """Whether it has ended, or does within so many seconds."""
        return bool(wait([self._answer], seconds).done)

    def stop(self) -> None:
        """End it on the server; nothing for one that has ended. Does not wait for it."""
        if not self._stopped.is_set() and not self._answer.done():
            self._stopped.set()
            Thread(target=self._end, name="query stop", daemon=True).start()

    def result(self) -> Answer:
        """Its answer; waits for it.

        Raises:
            QueryRefused, QueryFailed, Unavailable: what ended it.
        """
        return self._answer.result()

    def error(self) -> str | None:
        """The sentence of what ended it, if anything did; waits for its end."""
        error = self._answer.exception()
        return None if error is None else str(error)

    def _run(self) -> None:
        try:
            found = answer(self._graph, self.text, self._settings, self.parameters, mark=self._mark)
        except BaseException as error:  # handed to whoever asks for the answer
            # What ends a statement midway has several names; whoever stopped it knows why.
            self._close(QueryFailed(STOPPED) if self._stopped.is_set() else error)
        else:
            self._close(found)

    def _close(self, ended: Answer | BaseException) -> None:
        with self._closing:
            if self._answer.done():
                return  # nobody waits for it any more
            self._seconds = time.perf_counter() - self._started
            if isinstance(ended, Answer):
                self._answer.set_result(ended)
            else:
                self._answer.set_exception(ended)
        if self._on_end is not None:
            self._on_end(self)

    def _end(self) -> None:
        last = time.perf_counter() + GRACE_SECONDS
        while not self._answer.done():
            # One that cannot be asked has lost the query too, which says so.
            with suppress(KgError):
                self._graph.stop(self._mark)
            if not self.is_done(AGAIN_SECONDS) and time.perf_counter() > last:
                self._close(QueryFailed(STILL))
