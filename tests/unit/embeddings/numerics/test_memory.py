"""What fits is computed; what did not fit is computed again on less, and said."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings.numerics.memory import (
    LEAST,
    MOST,
    Room,
    cells,
    cgroup_free,
    free_bytes,
    out_of_memory,
    rows,
)
from kg_platform.errors import Unavailable
from kg_platform.runs.memory import held_bytes, peak_bytes

CPU, GPU = torch.device("cpu"), torch.device("cuda")
GIB = 1 << 30
CPU_MESSAGE = (
    "[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory: "
    "you tried to allocate 4398046511104 bytes. Error code 12 (Cannot allocate memory)"
)


def test_a_quarter_of_what_is_free_is_shared_by_the_copies() -> None:
    free = 64 << 20
    assert cells(CPU, free=free) == free // 4 // 4
    assert cells(CPU, free=free, copies=4) == free // 4 // 16
    assert cells(CPU, free=free, share=0.5) == free // 2 // 4


def test_a_little_more_or_less_free_memory_changes_nothing() -> None:
    assert {cells(CPU, free=free << 20) for free in (65, 96, 127)} == {cells(CPU, free=64 << 20)}
    assert cells(CPU, free=63 << 20) == cells(CPU, free=64 << 20) // 2


def test_blocks_are_neither_endless_nor_nothing() -> None:
    assert cells(CPU, free=1 << 50) == MOST["cpu"]
    assert cells(GPU, free=1 << 50) == MOST["cuda"]
    assert cells(CPU, free=0) == LEAST


def test_rows_are_as_many_as_fit_at_least_one_and_at_most_those_wanted() -> None:
    free = 64 << 20
    assert rows(10_000, 1_000, CPU, free=free) == free // 16 // 1_000
    assert rows(7, 1_000, CPU, free=free) == 7
    assert rows(7, 1 << 40, CPU, free=free) == 1


def test_the_machine_has_some_memory_free() -> None:
    assert 10 << 20 < free_bytes(CPU) < 1 << 50


def test_the_peak_stays_when_what_was_held_is_gone() -> None:
    before = held_bytes()
    block = np.ones(100 << 17)  # 100 MiB
    peak = peak_bytes()
    del block
    assert peak >= before + (90 << 20)
    assert peak_bytes() >= peak - (1 << 20)  # the kernel counts pages by the batch
    assert held_bytes() < peak


def test_a_containers_limit_counts_in_both_versions(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("3:cpuset:/\n0::/outer/inner\n", "ascii")
    _group(tmp_path / "outer" / "inner", "memory.max", "max", "memory.current", 5)
    _group(tmp_path / "outer", "memory.max", 4 * GIB, "memory.current", 3 * GIB)
    (tmp_path / "outer" / "memory.stat").write_text(f"anon 1\ninactive_file {GIB // 2}\n", "ascii")
    assert list(cgroup_free(tmp_path, own)) == [GIB + GIB // 2]

    own.write_text("4:cpu,memory:/gone/on/the/host\n", "ascii")
    v1 = ("memory.limit_in_bytes", "memory.usage_in_bytes")
    _group(tmp_path / "memory", v1[0], 2 * GIB, v1[1], 3 * GIB)
    assert list(cgroup_free(tmp_path, own)) == [0]
    _group(tmp_path / "memory", v1[0], 9223372036854771712, v1[1], 3 * GIB)
    assert list(cgroup_free(tmp_path, own)) == []


def test_without_control_groups_there_is_no_limit_to_see(tmp_path: Path) -> None:
    assert list(cgroup_free(tmp_path, tmp_path / "missing")) == []


def _group(folder: Path, limit: str, most: object, usage: str, used: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / limit).write_text(f"{most}\n", "ascii")
    (folder / usage).write_text(f"{used}\n", "ascii")


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
        RuntimeError(CPU_MESSAGE),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        MemoryError(),
    ],
)
def test_every_way_to_run_out_of_memory_is_known(error: Exception) -> None:
    assert out_of_memory(error)
    notes: list[str] = []
    room: Room[int] = Room(1_024, "queries", notes.append)
    assert room.run(_fits(300, error)) == 256
    assert room.chunk == 256
    assert notes == ["Memory ran out at 1,024 queries at a time; went on with 256."]
    # What fitted is remembered: no second failure, no second note.
    assert room.run(_fits(300, error)) == 256
    assert len(notes) == 1


def test_a_real_refusal_of_pytorch_and_of_numpy_is_known() -> None:
    for allocate in (lambda: torch.empty(1 << 60), lambda: np.empty(1 << 45)):
        with pytest.raises((RuntimeError, MemoryError)) as raised:
            allocate()
        assert out_of_memory(raised.value)


def test_another_error_is_not_tried_again() -> None:
    asked: list[int] = []

    def wrong(chunk: int) -> None:
        asked.append(chunk)
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        Room[None](8, "queries", print).run(wrong)
    assert asked == [8]


def test_where_nothing_is_left_to_halve_the_run_ends_with_a_sentence() -> None:
    room: Room[int] = Room(12, "queries", print, least=5)
    with pytest.raises(Unavailable, match="5 queries at a time") as raised:
        room.run(_fits(1, RuntimeError(CPU_MESSAGE)))
    assert isinstance(raised.value.__cause__, RuntimeError)


def test_the_failed_try_lets_go_of_its_tensors_before_the_next_one() -> None:
    import weakref

    held: list[weakref.ref[torch.Tensor]] = []

    def step(chunk: int) -> bool:
        if not held:
            block = torch.zeros(chunk)
            held.append(weakref.ref(block))
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return held[0]() is None

    assert Room[bool](4, "queries", print).run(step)


@pytest.mark.skipif(sys.platform != "linux", reason="an address-space limit that holds is Linux's")
def test_a_process_that_really_runs_out_of_memory_goes_on() -> None:
    """PyTorch's own error, in a child whose address space is limited to 768 MiB more."""
    script = """
        import resource, psutil, torch
        from embeddings.numerics.memory import Room
        used = psutil.Process().memory_info().vms
        resource.setrlimit(resource.RLIMIT_AS, (used + (768 << 20), -1))
        room = Room(1024, "queries", print)
        print(room.run(lambda chunk: torch.zeros(chunk, 1 << 20)).shape[0] == room.chunk)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    note, same = done.stdout.splitlines()
    assert note.startswith("Memory ran out at 1,024 queries at a time; went on with ")
    assert int(note.rpartition(" ")[2].rstrip(".")) == 128
    assert same == "True"


def _fits(most: int, error: Exception) -> Callable[[int], int]:
    """A step that runs out of memory, as `error` says, beyond `most` rows."""

    def step(chunk: int) -> int:
        if chunk > most:
            raise error
        return chunk

    return step
