"""The scheduler's time, and its patience with a ledger that does not answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from kg_platform.errors import LedgerError
from kg_platform.scheduling.heartbeat import Stop

ASK_AGAIN_SECONDS = 5.0
T = TypeVar("T")


@dataclass(frozen=True)
class Clock:
    """The time, how to let it pass, and whether a person asked to stop; tests bring one that they
    move themselves."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    wait: Callable[[float], None]
    stopped: Callable[[], bool]

    @classmethod
    def real(cls, stop: Stop) -> Clock:
        return cls(lambda: datetime.now(UTC), time.monotonic, stop.wait, lambda: stop.asked)


class Patience:
    """Asks a ledger that is locked or down again and again, and says so once."""

    def __init__(self, clock: Clock, say: Callable[[str], None]) -> None:
        self._clock, self._say = clock, say

    def ask(self, question: Callable[[], T]) -> T:
        """The answer, as soon as there is one.

        Raises:
            LedgerError: there was none yet when a person asked to stop.
        """
        said = ""
        while True:
            try:
                answer = question()
            except LedgerError as error:
                if self._clock.stopped():
                    raise
                if str(error) != said:
                    said = str(error)
                    self._say(f"{said} The scheduler asks again until it answers.")
                self._clock.wait(ASK_AGAIN_SECONDS)
                continue
            if said:
                self._say("The ledger answers again.")
            return answer
