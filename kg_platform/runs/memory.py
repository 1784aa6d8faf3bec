"""How much memory this process holds, and the most it has held."""

from __future__ import annotations

from pathlib import Path

import psutil

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


def held_bytes() -> int:
    """What this process holds now, in bytes of RAM."""
    return int(psutil.Process().memory_info().rss)


def peak_bytes() -> int:
    """The most this process has held since it began, or since `forget_peak`, in bytes of RAM.

    `getrusage` will not do on Linux: a new process begins with its parent's peak there.
    """
    try:
        for line in _STATUS.read_text("ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:  # not Linux
        pass
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts bytes


def forget_peak() -> None:
    """Begin a new peak, where the system can (Linux): of a run in a process that did others."""
    try:
        _CLEAR.write_text("5", "ascii")
    except OSError:
        return  # then the peak is the whole process's
