"""How a command that goes on and on is ended: by Ctrl-C or SIGTERM, after what is under way."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def ended_by_signals() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM came: the batch that is under way is finished. The second one does
    not wait for it. (An exception in the middle of the driver's work would leave it in disorder.)
    """
    came: list[int] = []

    def note(number: int, frame: Any) -> None:
        came.append(number)
        if len(came) > 1:
            raise KeyboardInterrupt

    before = {one: signal.signal(one, note) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(came)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
