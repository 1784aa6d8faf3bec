"""What killed processes left goes when it is of no use to anybody, and not before."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from embeddings.jobs.leftovers import sweep
from kg_platform import atomic
from kg_platform.platform import Platform
from kg_platform.settings import load

KILLED = """
import os, sys
from pathlib import Path
from kg_platform import atomic as partial
def fill(file):
    file.write(b"half")
    file.flush()
    os._exit(9)
partial.write(Path(sys.argv[1]), fill)
"""


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    file = tmp_path / "a"

    def fails(_: object) -> None:
        raise OSError("no room")

    atomic.write(file, lambda stream: stream.write(b"one"))
    with pytest.raises(OSError, match="no room"):
        atomic.write(file, fails)
    assert file.read_bytes() == b"one"
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


def test_halves_of_dead_processes_go_and_others_stay(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a")], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    alive = tmp_path / f"b~{socket.gethostname()}~{os.getpid()}~1234.part"
    elsewhere = tmp_path / "c~another~1~1234.part"
    mine = tmp_path / "mine.part"
    for file in (alive, elsewhere, mine):
        file.touch()
    atomic.clear(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([alive, elsewhere, mine])


def test_snapshots_stay_for_runs_that_can_be_taken_up() -> None:
    with Platform.open(load()) as platform:
        ledger, runs = platform.ledger, platform.settings.runs_dir

        def run(kind: str, status: str) -> Path:
            name = ledger.start_run(kind, {})
            if status != "running":
                ledger.finish_run(name, status)  # type: ignore[arg-type]
            for each in ("snapshot", ".snapshot.part", "training/member-0"):
                (runs / name / each).mkdir(parents=True)
            (runs / name / "training/member-0/checkpoint.safetensors").touch()
            (runs / name / "training/member-0/.checkpoint.safetensors.77").touch()
            (runs / name / "training/member-0/events.out.tfevents.1").touch()
            return runs / name

        def left(folder: Path) -> set[str]:
            return {each.name for each in folder.rglob("*")} - {"log.txt", "training", "member-0"}

        old = run("embed", "interrupted")
        done = run("embed", "succeeded")
        new, going = run("embed", "failed"), run("embed", "running")
        fit = run("embed-new", "interrupted")
        foreign = runs / "20200101-000000-abcd" / "snapshot"
        foreign.mkdir(parents=True)
        sweep(platform)
        events = "events.out.tfevents.1"
        assert left(old) == left(done) == left(fit) == {events}
        assert left(new) == {"snapshot", "checkpoint.safetensors", events}
        assert left(going) >= {"snapshot", ".snapshot.part", "checkpoint.safetensors", events}
        assert foreign.is_dir()
