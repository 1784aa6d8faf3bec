"""What keeps a schedule's lease while its job runs, and what stops the job in time."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Literal

from kg_platform.ledger.schedules import Lease
from kg_platform.process import Process

BEAT_SECONDS = 15.0
# Without a beat in the ledger for this long a job stops itself; after the longer time, others take
# the lease. The difference is what a job has for stopping.
SILENCE_SECONDS, LEASE_SECONDS = 90.0, 180.0


class Heart:
    """Beats in a thread of its own. `lost` says why the lease cannot be counted on any more; then
    `interrupt` is called.

    Times are the monotonic clock's: a wall clock that jumps neither ends a lease nor prolongs it.
    """

    def __init__(
        self,
        beat: Callable[[], bool],
        interrupt: Callable[[], None],
        seconds: float = BEAT_SECONDS,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        self._beat, self._interrupt = beat, interrupt
        self._seconds, self._silence = seconds, silence
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="schedule-heart", daemon=True)
        self.lost = ""

    def __enter__(self) -> Heart:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        heard = time.monotonic()
        while not self._ended.wait(self._seconds):
            try:
                if self._beat():
                    heard = time.monotonic()
                else:
                    self.lost = "another scheduler has taken it over"
            except Exception as error:  # whatever it is: without beats another takes over
                if time.monotonic() - heard > self._silence:
                    self.lost = f"the ledger took no beat for {self._silence:.0f} s ({error})"
            if self.lost:
                if not self._ended.is_set():
                    self._interrupt()
                return


class Watch:
    """Whether the owner of a lease is alive, by what a watcher can know.

    A process of this machine is looked up. Another machine's is watched: it is gone when its beat
    has not changed for `LEASE_SECONDS` of the watcher's own monotonic clock, so that neither a
    clock that jumps nor two machines' clocks that differ matter.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._token, self._beat, self._since = "", -1, 0.0

    def state(self, lease: Lease) -> Literal["alive", "gone", "unknown"]:
        if lease.owner.is_gone():
            return "gone"
        if lease.owner.host == Process.this().host:
            return "alive"
        if (lease.token, lease.beat) != (self._token, self._beat):
            moved = lease.token == self._token
            self._token, self._beat, self._since = lease.token, lease.beat, self._monotonic()
            return "alive" if moved else "unknown"
        return "gone" if self._monotonic() - self._since >= LEASE_SECONDS else "unknown"


class Stop:
    """SIGINT and SIGTERM: they end a wait at once, and interrupt a job; nothing else.

    So what is between, such as giving a lease back, is never cut off half-way.
    """

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._in_job = self._by_ourselves = False

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float) -> None:
        """Wait, or less when a person asks to stop."""
        self._asked.wait(seconds)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """In the main thread: both signals come here, until the end of the block."""
        before = {each: signal.signal(each, self._heard) for each in _SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """A job, which a signal ends with a KeyboardInterrupt."""
        self._in_job = True
        try:
            if self.asked:
                raise KeyboardInterrupt
            yield
        finally:
            self._in_job = False

    def interrupt_job(self) -> None:
        """From another thread: end the job, and nothing but the job."""
        self._by_ourselves = True
        # A real signal: it also ends a wait that the job is in.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._by_ourselves:
            self._by_ourselves = False
        else:
            self._asked.set()
        if self._in_job:
            raise KeyboardInterrupt


_SIGNALS = (signal.SIGINT, signal.SIGTERM)
