"""Ctrl-C and SIGTERM end the suite, also when the code under test would take them for itself.

Both raise KeyboardInterrupt, once. Code under test may catch that, or listen for the signals
itself; the pipe that Python writes each signal's number to knows of it all the same, and no
further test is begun. With xdist each worker does this; the controller passes the signal on and
waits until what the workers started has ended.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import FrameType

import psutil
import pytest

SIGNALS = (signal.SIGINT, signal.SIGTERM)
PATIENCE_SECONDS = 180.0


class Stopping:
    """The plugin of a process that runs tests."""

    def __init__(self) -> None:
        self._heard, self._told = os.pipe()
        for end in (self._heard, self._told):
            os.set_blocking(end, False)
        self._stopped = False
        os.register_at_fork(after_in_child=_as_any_process)

    def listen(self) -> None:
        for each in SIGNALS:
            signal.signal(each, self._stop)
        signal.set_wakeup_fd(self._told, warn_on_full_buffer=False)

    @contextmanager
    def not_listening(self) -> Iterator[None]:
        """For a test that sends this process a signal."""
        self._check()
        _as_any_process()
        try:
            yield
        finally:
            self.listen()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if not self._stopped:  # a second one must not cut off what ends the servers
            self._stopped = True
            raise KeyboardInterrupt

    def _check(self) -> None:
        """Stop when a signal came, whoever took it."""
        try:
            numbers = set(os.read(self._heard, 65_536))
        except BlockingIOError:
            return
        if numbers & set(SIGNALS):
            self._stopped = True
            raise KeyboardInterrupt("told to stop; a test that tells itself takes `own_signals`")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        done = yield
        self._check()
        return done

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        self._check()  # what a fixture swallowed


class PassingOn:
    """The plugin of xdist's controller, which has no tests and no servers of its own."""

    def listen(self) -> None:
        for each in SIGNALS:
            signal.signal(each, self._stop)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        for each in SIGNALS:  # once, as `timeout` sends two
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus != pytest.ExitCode.INTERRUPTED:
            return
        us = psutil.Process()
        workers = us.children()
        started = [each for each in us.children(recursive=True) if each not in workers]
        for worker in workers:
            worker.terminate()
        # Not for the workers: they end when xdist, after this, tells them to.
        end = time.monotonic() + PATIENCE_SECONDS
        while any(map(_runs, started)) and time.monotonic() < end:
            time.sleep(0.1)


def _runs(process: psutil.Process) -> bool:
    """One that has ended counts as ended, also where nobody collects it: some containers' first
    process does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _as_any_process() -> None:
    """Signals do what they do in a Python that nobody has told anything else."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
