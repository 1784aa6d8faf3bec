"""How much memory there is for a block of scores, and what to do when there was less.

Two halves. `cells` looks at what the device has free before anything is computed; on a CPU that is
what keeps a run alive, because Linux hands out memory it does not have and kills the process that
uses it. `Room` takes care of the rest: a step that ran out of memory is done again on half as much.

A chunk is how much is computed at a time. It never changes what is computed: a batch that does not
fit is worked off in several chunks. Only the rounding of sums over chunks may differ; `cells` gives
powers of two, so that a little more or less free memory does not even change that.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

import psutil
import torch

from kg_platform.errors import Unavailable

T = TypeVar("T")
# note(sentence): tells a person what was changed for them.
Note = Callable[[str], None]

SHARE = 0.25  # of what is free: the rest is for weights, optimiser, file cache and other people
# No block is larger than this: 128 MiB of float32 on a CPU, 2 GiB on a GPU.
MOST = {"cpu": 1 << 25, "cuda": 1 << 29}
LEAST = 1 << 16  # 256 KiB: where even this is too much, `Room` says so

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")


def cells(
    device: torch.device, *, copies: int = 1, share: float = SHARE, free: int | None = None
) -> int:
    """How many float32 cells a block of scores may have on a device.

    cells = share * free / (4 * copies), down to a power of two, within [LEAST, MOST].

    Args:
        copies: blocks of that size that exist at the same time (scores, their gradient, ...).
        free: bytes that are free; None asks the device.
    """
    available = free_bytes(device) if free is None else free
    fitting = int(available * share) // (4 * copies)
    fitting = 1 << max(0, fitting.bit_length() - 1)
    return max(LEAST, min(fitting, MOST.get(device.type, MOST["cpu"])))


def rows(
    wanted: int, width: int, device: torch.device, *, copies: int = 1, free: int | None = None
) -> int:
    """How many of `wanted` rows of `width` float32 cells may be computed at a time; at least 1."""
    return max(1, min(wanted, cells(device, copies=copies, free=free) // max(width, 1)))


def free_bytes(device: torch.device) -> int:
    """Bytes that can still be allocated on a device.

    GPU: what the driver has free and what PyTorch keeps without using it. CPU: what the system can
    give without swapping, or what the process's control group (a container's limit) has left, if
    that is less.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(free + kept)
    system = int(psutil.virtual_memory().available)
    return min([system, *cgroup_free(_CGROUPS, _OWN_CGROUP)])


def keep_freed() -> None:
    """Let this process keep the memory it frees, from now on, to use it again.

    Every step of a training allocates the same few tables of several MiB. The C library hands such
    blocks back to the system when they are freed, and the system clears each of their pages when
    they are asked for again: more than a quarter of a step where it was measured. Only glibc
    (Linux) can be told; elsewhere nothing happens. The peak of memory stays what it is.
    """
    try:
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, 1 << 25)  # 32 MiB is the most that glibc takes
        library.mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
    except (OSError, AttributeError, TypeError):  # not glibc; CDLL(None) fails on Windows
        return


def cgroup_free(mounted: Path, own: Path) -> Iterator[int]:
    """Bytes left in the process's control group and in each of the groups around it.

    Args:
        mounted: where control groups are mounted, /sys/fs/cgroup.
        own: the file that names this process's groups, /proc/self/cgroup.

    Groups without a limit are left out. Pages of files that nobody used lately count as free, for
    the kernel drops them first. Both versions of control groups are read.
    """
    for line in _text(own).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            base, names = mounted, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            base = mounted / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        # Inside a container the path may be the host's; then only the mount itself is there.
        group = base / path.strip("/")
        for folder in (group, *group.parents):
            left = _left(folder, *names)
            if left is not None:
                yield left
            if folder == base:
                break


def _left(folder: Path, limit_file: str, usage_file: str, inactive: str) -> int | None:
    limit, usage = _text(folder / limit_file).strip(), _text(folder / usage_file).strip()
    # Version 1 writes "no limit" as a number near 2^63.
    if not limit.isdecimal() or not usage.isdecimal() or int(limit) >= 1 << 60:
        return None
    statistics = dict(line.split(" ", 1) for line in _text(folder / "memory.stat").splitlines())
    return max(0, int(limit) - int(usage) + int(statistics.get(inactive, 0)))


def _text(file: Path) -> str:
    try:
        return file.read_text("ascii")
    except OSError:  # another system, or a group that is not shown to us: there is no limit to see
        return ""


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out: PyTorch's on either device, or Python's."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(
        words in str(error)
        for words in (
            "DefaultCPUAllocator: can't allocate",
            "DefaultCPUAllocator: not enough memory",
            "CUDA error: out of memory",
            "CUBLAS_STATUS_ALLOC_FAILED",
        )
    )


class Room(Generic[T]):
    """Runs a step on chunks that fit: `chunk` rows at a time, halved whenever memory runs out.

    It remembers what fitted, so a run pays for each halving once.
    """

    def __init__(self, chunk: int, what: str, note: Note, least: int = 1) -> None:
        """`what` names the rows in the note ("queries"); `least` is the smallest chunk to try."""
        self.chunk = max(chunk, least)
        self.what = what
        self.note = note
        self.least = least

    def run(self, step: Callable[[int], T]) -> T:
        """`step(chunk)`, again on half the chunk for as long as memory runs out.

        The step must be one that can be done twice: gradients are cleared inside it, and the
        optimiser's step stays outside.

        Raises:
            Unavailable: memory runs out at the smallest chunk, too.
        """
        begun = self.chunk
        while True:
            try:
                result = step(self.chunk)
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                if self.chunk <= self.least:
                    raise Unavailable(
                        f"Memory ran out at {self.chunk:,} {self.what} at a time, which cannot be "
                        "made less; choose a smaller dimension or batch, or free some memory."
                    ) from error
            else:
                if self.chunk < begun:
                    self.note(
                        f"Memory ran out at {begun:,} {self.what} at a time; "
                        f"went on with {self.chunk:,}."
                    )
                return result
            # Here, and not above: the error's traceback held on to the step's tensors.
            self.chunk = max(self.least, self.chunk // 2)
            release()


def release() -> None:
    """Give back what is no longer used, so that the next try finds it free."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
