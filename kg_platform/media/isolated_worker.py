"""What runs in a worker of `isolated.py`: calls of functions one after the other, within limits."""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

from kg_platform.errors import KgError

_SPARE = 1.0  # seconds of computing that are not the call's


def serve(descriptor: int) -> None:
    """Answer requests until nobody is left to make any."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asks
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    _limit_memory(int(sys.argv[3]))
    line: Connection[bytes, bytes] = Connection(descriptor)
    while True:
        try:
            request = line.recv_bytes()
        except (EOFError, OSError):
            return
        answer = _done(request)
        del request
        line.send_bytes(answer)


def _done(request: bytes) -> bytes:
    try:
        module, name, given, seconds = pickle.loads(request)
        _limit_seconds(seconds)
        function: Any = importlib.import_module(module)
        for part in name.split("."):
            function = getattr(function, part)
        return pickle.dumps(("done", function(*given)), protocol=5)
    except KgError as error:
        return pickle.dumps(("error", (type(error).__name__, str(error))))
    except MemoryError:
        return pickle.dumps(("memory", None))
    except Exception as error:  # whatever a decoder makes of bytes it was not written for
        why = " ".join(str(error).split())[:200]
        return pickle.dumps(("failed", f"{type(error).__name__}: {why}" if why else repr(error)))


def _limit_memory(memory: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY:
        memory = min(memory, most)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_seconds(seconds: float) -> None:
    """From now on; the limit of the whole process moves along with each call."""
    try:
        import resource
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(time.process_time() + seconds + _SPARE)
    if most == resource.RLIM_INFINITY or soft <= most:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, most))


def _end_with_parent(parent: int) -> None:
    """While it decodes it does not see that nobody waits for it any more."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
