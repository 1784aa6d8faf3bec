"""`kill -9` of the job, of the server, or of both, at random points of a full cycle.

A cycle is: changed files are ingested, a run is trained and published over the last one, and then
either rolled back, or new entities come and are given vectors. A clean cycle of each kind says at
which events one can be killed. Then, in a platform that lives on, every cycle is killed once, at an
event drawn with the seed, and the command that was killed is run ONCE more, and those after it.
What is there then is looked at (`faults_verdict.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.cycle import Cycle, load_libraries
from bench.faults_verdict import wrong
from bench.stage import fresh_platform
from kg_platform.platform import Platform
from kg_platform.server.local import LocalServer
from kg_platform.settings import Settings, load
from tests.support.worlds import write_world

COUNTRIES = 150
NEW = 15
CLEAN = 4  # cycles that nobody kills, the last two of which say what can happen in one
VICTIMS = ("server", "both", "job")
PAUSE = 0.05  # at most so many seconds between an event and the kill


@dataclass(frozen=True)
class Point:
    """Where a cycle is killed: at the n-th time that it says `event`, and `pause` seconds later."""

    event: str
    nth: int
    pause: float
    victim: str


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    with fresh_platform() as platform, tempfile.TemporaryDirectory(prefix="kg-bench-") as worlds:
        yield from faults(platform.settings, Path(worlds), options.faults, options.seeds[0])


def faults(settings: Settings, worlds: Path, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Kill `count` cycles on the platform of KG_HOME; a line for each, and one for all of them."""
    load_libraries()
    draw, right = np.random.default_rng(seed), 0
    wanted, events = Wanted(), dict[int, list[str]]()
    for number in range(CLEAN):  # the first publish of a platform has no switch
        cycle = Cycle(_steps(number, worlds, wanted))
        events[number % 2] = list(cycle.lines())
        if cycle.wait():
            raise RuntimeError(f"Cycle {number}, which nobody killed, failed.")
    for number in range(CLEAN, CLEAN + count):
        point = _drawn(draw, events[number % 2], VICTIMS[number % 3])
        steps, begun = _steps(number, worlds, wanted), time.monotonic()
        stood = _killed(steps, point, settings)
        again = None if stood is None else Cycle(steps, stood)
        failed = again is not None and again.wait() != 0
        with Platform.open(load()) as platform:  # which starts the server, if nobody has
            found = wrong(platform, wanted.counts())
        if again is not None and failed:
            found.insert(0, f"the second run {again.last}")
        right += not found
        yield {
            "what": f"kill -9 of {point.victim}",
            "at": f"{point.event}, {point.nth + 1}",
            "command": None if stood is None else steps[stood].partition("=")[0],
            "seconds": round(time.monotonic() - begun, 1),
            "wrong": found,
        }
    yield {"what": "right after one more run", "right": right, "of": count, "seed": seed}


class Wanted:
    """What the graph must hold: everything that was ever ingested, since nothing is taken away."""

    def __init__(self) -> None:
        self._entities: set[str] = set()
        self._facts: set[str] = set()

    def add(self, folder: Path) -> Path:
        for line in (folder / "entities.jsonl").read_text("utf-8").splitlines():
            self._entities.add(json.loads(line)["id"])
        self._facts.update((folder / "triples.tsv").read_text("utf-8").splitlines())
        return folder

    def counts(self) -> dict[str, int]:
        return {"entities": len(self._entities), "facts": len(self._facts)}


def _steps(number: int, worlds: Path, wanted: Wanted) -> list[str]:
    """The commands of a cycle: each has more countries than the one before, and other texts."""
    count = COUNTRIES + NEW * number
    folder = wanted.add(write_world(worlds / str(number), count, seed=number))
    steps = [f"ingest={folder}", f"embed={number}"]
    if number % 2:
        return [*steps, "rollback"]
    more = wanted.add(write_world(worlds / f"{number}-new", count + NEW, seed=number))
    return [*steps, f"ingest={more}", "embed-new"]


def _drawn(draw: np.random.Generator, events: list[str], victim: str) -> Point:
    """Every kind of event is as likely as another one, and so is each of its times."""
    kinds = sorted(set(events))
    event = kinds[int(draw.integers(len(kinds)))]
    return Point(event, int(draw.integers(events.count(event))), PAUSE * draw.random(), victim)


def _killed(steps: list[str], point: Point, settings: Settings) -> int | None:
    """Run a cycle up to the point and kill; which command was under way. None if it was through."""
    cycle = Cycle(steps)
    seen = 0
    for line in cycle.lines():
        seen += line == point.event
        if seen > point.nth:
            break
    time.sleep(point.pause)
    _kill(cycle, point.victim, settings)
    return int(cycle.last.split()[0]) if cycle.wait() else None


def _kill(cycle: Cycle, victim: str, settings: Settings) -> None:
    if victim in ("server", "both"):
        pid = LocalServer(settings).status().pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
    if victim in ("job", "both"):
        cycle.kill()
