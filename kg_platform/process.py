"""Who holds a lock, a lease or a run: a process, by host, number and start."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import cache

# Start times of one process, read twice, may differ by the clock's corrections in between.
START_TOLERANCE_SECONDS = 5.0


@dataclass(frozen=True)
class Process:
    """A process, told apart from a later one with the same number by when it started."""

    host: str
    pid: int
    started: float

    @classmethod
    def this(cls) -> Process:
        return _this_process(os.getpid())

    def is_gone(self) -> bool:
        """True when it certainly ended; of another machine's processes nothing is known."""
        if self.host != socket.gethostname():
            return False
        import psutil  # late: most commands never ask

        try:
            started = float(psutil.Process(self.pid).create_time())
        except psutil.NoSuchProcess:
            return True
        except psutil.AccessDenied:
            return False
        return abs(started - self.started) > START_TOLERANCE_SECONDS


@cache
def _this_process(pid: int) -> Process:
    import psutil

    return Process(socket.gethostname(), pid, psutil.Process(pid).create_time())
