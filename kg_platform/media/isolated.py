"""Decoders in processes of their own: what a stranger's bytes make of one costs that medium alone.

A worker serves many calls, with a limit on its address space and, for each call, on seconds. One
that dies or never answers is replaced; whoever called is told by an error. A worker finds no
environment variables, hence no secrets, and what it sends back is data alone: no class or function
is looked up for it but arrays, errors of ours and records of the function's own module.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import Any, TypeVar

from kg_platform import errors
from kg_platform.errors import DecoderFailed, KgError, Unavailable

T = TypeVar("T")

MEMORY = 2 * 2**30  # bytes of address space; PyAV and NumPy take 240 MB of it, 8K frames 700
SECONDS = 60.0  # of computing, for one call
PATIENCE = 4.0  # times as long by the clock: the machine may be busy
_END_SECONDS = 2.0
_KILLED = "-9"
_STOPPED = "Decoding of media was stopped."
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from kg_platform.media.isolated_worker import serve; serve(int(sys.argv[1]))"
)
# What makes an array again: `numpy.ndarray.__reduce__`.
_ARRAYS = {
    "numpy": {"ndarray", "dtype"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.numeric": {"_frombuffer"},
    "numpy.core.multiarray": {"_reconstruct", "scalar"},
    "numpy.core.numeric": {"_frombuffer"},
}


class Isolated:
    """A pool of such workers, each started when it is first needed. Safe to use from several
    threads: as many calls run at once as there are workers, the others wait.

    Usable as a context manager; without `close`, the workers end with this process.
    """

    def __init__(
        self, workers: int | None = None, *, memory: int = MEMORY, seconds: float = SECONDS
    ) -> None:
        """`workers`: one a core unless given. `memory` in bytes; `seconds` of computing a call."""
        self._memory, self._seconds = memory, seconds
        self._free = threading.BoundedSemaphore(workers or cores())
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._closed = False
        self._finalizer = weakref.finalize(self, _end, self._all)

    def run(self, function: Callable[..., T], *given: Any) -> T:
        """What `function(*given)` returns in a worker. It is a function of a module, which the
        worker imports; what it is given and returns can be pickled.

        Raises:
            KgError: what the function raised on purpose.
            DecoderFailed: it raised something else, took too much memory or time, or died.
            Unavailable: no worker can be started, or the pool was closed meanwhile.
        """
        name = function.__module__, function.__qualname__
        request = pickle.dumps((*name, given, self._seconds), protocol=5)
        with self._free:
            said = self._asked(request, name[0])
        if isinstance(said, KgError):
            raise said
        return said  # type: ignore[no-any-return]

    def _asked(self, request: bytes, module: str) -> Any:
        while True:
            worker = self._take()
            kept = False
            try:
                answer = worker.ask(request, self._seconds * PATIENCE)
                if answer is not None:
                    said = _read(answer, module)
                    kept = not isinstance(said, DecoderFailed)  # lack of memory may come again
                    return said
            finally:
                if kept:
                    with self._lock:
                        self._idle.append(worker)
                else:
                    self._lose(worker)
            if self._closed:
                raise Unavailable(_STOPPED)
            if worker.ended != _KILLED or worker.is_new:
                return DecoderFailed(_died(worker.ended, self._seconds, self._memory))
            # Somebody killed it, perhaps before it was asked: a new one will know.

    def close(self) -> None:
        """End the workers, also those that are at work: whoever waits for one is told."""
        self._closed = True
        self._finalizer()

    def __enter__(self) -> Isolated:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self) -> _Worker:
        while True:
            with self._lock:
                if self._closed:
                    raise Unavailable(_STOPPED)
                worker = self._idle.pop() if self._idle else None
            if worker is None:
                worker = _Worker(self._memory)
                with self._lock:
                    self._all.add(worker)
                if self._closed:  # while it was started
                    self._lose(worker)
                    continue
            elif not worker.alive:  # somebody ended it while it was idle
                self._lose(worker)
                continue
            return worker

    def _lose(self, worker: _Worker) -> None:
        with self._lock:
            self._all.discard(worker)
        worker.close()


class _Worker:
    def __init__(self, memory: int) -> None:
        ours, theirs = Pipe()
        paths = json.dumps([place or os.getcwd() for place in sys.path])
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _BOOT, str(theirs.fileno()), paths, str(memory)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={},
            )
        except OSError as error:
            ours.close()
            raise Unavailable(
                f"No process can be started that decodes media ({error.strerror or error})."
            ) from error
        finally:
            theirs.close()
        self._line: Connection[bytes, bytes] = ours
        self._ending = threading.Lock()
        self.ended = ""  # how, where it did not answer
        self._asked = 0

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def is_new(self) -> bool:
        """Whether it was asked once at most."""
        return self._asked < 2

    def ask(self, request: bytes, seconds: float) -> bytes | None:
        """Its answer; None where there is none, and `ended` says how."""
        self._asked += 1
        try:
            self._line.send_bytes(request)
            if not self._line.poll(seconds):
                self.ended = "late"
                return None
            return self._line.recv_bytes()
        except (EOFError, OSError):
            self._process.wait(_END_SECONDS)
            self.ended = str(self._process.returncode)
            return None

    def kill(self) -> None:
        with self._ending:
            with contextlib.suppress(OSError):
                self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """For the one that may ask it: a line is not closed under somebody who listens."""
        self.kill()
        self._line.close()


def _end(workers: set[_Worker]) -> None:
    while workers:
        with contextlib.suppress(KeyError):
            workers.pop().kill()


class _OfWorker(pickle.Unpickler):
    """An answer of a worker that may not be what it was: data, and no calls but for arrays."""

    def __init__(self, data: bytes, module: str) -> None:
        super().__init__(io.BytesIO(data))
        self._module = module

    def find_class(self, module: str, name: str) -> Any:
        if name in _ARRAYS.get(module, ()):
            return super().find_class(module, name)
        if module.startswith("kg_platform.media.") or module == self._module:
            found = super().find_class(module, name)
            if isinstance(found, type) and issubclass(found, tuple):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is not what a decoder gives")


def _read(answer: bytes, module: str) -> Any:
    """What was returned, or an error that is to be raised."""
    try:
        said, what = _OfWorker(answer, module).load()
        name, text = what if said == "error" else ("", what)
    except Exception:
        return DecoderFailed("its decoder gave an answer that cannot be read")
    if said == "done":
        return what
    if said == "memory":
        return DecoderFailed("decoding it takes more memory than a medium may have")
    if said == "failed":
        return DecoderFailed(f"it cannot be decoded ({text})")
    kind = getattr(errors, str(name), None)
    if isinstance(kind, type) and issubclass(kind, KgError):
        return kind(str(text))
    return DecoderFailed(str(text))


def _died(how: str, seconds: float, memory: int) -> str:
    if how in ("late", "-24"):  # SIGXCPU
        return f"decoding it takes longer than the {seconds:g} seconds that a medium may have"
    return (
        f"its decoder died (exit {how}), with a limit of {memory / 2**30:,.1f} GiB of memory; "
        "whatever the file is, it is left out"
    )


def cores() -> int:
    """How many processes can compute at once here."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
