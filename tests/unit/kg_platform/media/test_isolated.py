"""Decoders in processes of their own: one that dies, hangs or lies costs its own call."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from kg_platform.errors import BadMedium, BadPicture, DecoderFailed, Unavailable
from kg_platform.media.isolated import Isolated
from kg_platform.media.pictures import PictureInfo
from tests.support.places import ROOT


def double(value: int) -> int:
    return 2 * value


def own_process() -> int:
    return os.getpid()


def environment() -> dict[str, str]:
    return dict(os.environ)


def refuse(why: str) -> None:
    raise BadPicture(why)


def break_down() -> None:
    raise ValueError("of no\nuse")


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave() -> None:
    os._exit(3)


def compute_for_ever() -> None:
    while True:
        pass


def wait_for_ever() -> None:
    threading.Event().wait()


def take(size: int) -> int:
    return len(bytearray(size))


def arrays() -> tuple[PictureInfo, np.ndarray]:
    return PictureInfo("image/png", 4, 3), np.arange(6, dtype=np.int16).reshape(2, 3)


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("evil",)


def lie() -> Evil:
    return Evil()


def children() -> set[int]:
    return {one.pid for one in psutil.Process().children(recursive=True)}


def test_calls_share_a_worker_and_nothing_is_left() -> None:
    before = children()
    with Isolated(1) as pool:
        assert children() == before, "none is started before it is needed"
        assert [pool.run(double, n) for n in range(5)] == [0, 2, 4, 6, 8]
        assert {pool.run(own_process) for _ in range(3)} == children() - before
        assert pool.run(environment).keys() <= {"LC_CTYPE"}, "no secrets"
        info, array = pool.run(arrays)
        assert info == PictureInfo("image/png", 4, 3)
        assert array.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert children() == before
    with pytest.raises(Unavailable):
        pool.run(double, 1)


def test_each_failure_costs_its_own_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Isolated(1, seconds=1, memory=2**30) as pool:
        with pytest.raises(BadPicture, match=r"^it is torn$"):
            pool.run(refuse, "it is torn")
        for function, given, why in (
            (break_down, (), "cannot be decoded .ValueError: of no use"),
            (crash, (), "its decoder died .exit -11"),
            (leave, (), "its decoder died .exit 3"),
            (compute_for_ever, (), "longer than the 1 seconds"),
            (take, (2**31,), "more memory"),
            (lie, (), "cannot be read"),
        ):
            with pytest.raises(DecoderFailed, match=why) as caught:
                pool.run(function, *given)
            assert isinstance(caught.value, BadMedium)
            assert pool.run(double, 4) == 8, function.__name__
    assert list(tmp_path.iterdir()) == [], "what a worker sends is not run"


def test_one_that_waits_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with Isolated(1, seconds=20) as pool:
        with monkeypatch.context() as hurried:
            hurried.setattr("kg_platform.media.isolated.PATIENCE", 0.05)
            with pytest.raises(DecoderFailed, match="longer than"):
                pool.run(wait_for_ever)
        assert pool.run(double, 4) == 8


def test_one_that_was_ended_while_idle_is_replaced() -> None:
    with Isolated(1) as pool:
        first = pool.run(own_process)
        process = psutil.Process(first)
        process.kill()
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert pool.run(own_process) != first


def test_many_threads_use_as_many_processes_as_there_are() -> None:
    with Isolated(2) as pool, ThreadPoolExecutor(6) as threads:
        assert list(threads.map(lambda n: pool.run(double, n), range(60))) == [
            2 * n for n in range(60)
        ]
        assert len(set(threads.map(lambda _: pool.run(own_process), range(60)))) <= 2


def test_closing_ends_what_is_at_work() -> None:
    before = children()
    pool = Isolated(1)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(pool.run, wait_for_ever)
        while children() == before:
            time.sleep(0.01)
        pool.close()
        with pytest.raises(Unavailable):
            waiting.result()
    assert children() == before


def test_workers_end_with_who_asks_them() -> None:
    program = (
        "import sys, threading; from kg_platform.media.isolated import Isolated\n"
        "from tests.unit.kg_platform.media.test_isolated import own_process, wait_for_ever\n"
        "pool = Isolated(1); print(pool.run(own_process), flush=True); pool.run(wait_for_ever)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as asker:
        assert asker.stdout is not None
        worker = psutil.Process(int(asker.stdout.readline()))
        asker.kill()
    psutil.wait_procs([worker], timeout=60)
    assert not worker.is_running()
