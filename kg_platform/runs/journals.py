"""Where runs that change the graph keep what they changed, and which of these journals go."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = "journal"


@dataclass(frozen=True)
class KeptJournal:
    """A run's journal on this machine. `why` it is kept; None: it may go."""

    run: str
    bytes: int
    why: str | None


def kept_journals(runs_dir: Path, runs: Sequence[str], keep: int) -> list[KeptJournal]:
    """Every journal of these runs, which come newest first, and why it is kept: it is one of the
    `keep` newest."""
    sizes = {run: size for run in runs if (size := journal_bytes(runs_dir / run))}
    return [
        KeptJournal(run, size, f"one of the {keep} newest" if number < keep else None)
        for number, (run, size) in enumerate(sizes.items())
    ]


def journal_bytes(run_folder: Path) -> int:
    """Bytes of the run's journal; 0 without one."""
    return sum(file.stat().st_size for file in (run_folder / FOLDER).glob("*.parquet"))


def remove_journal(run_folder: Path) -> None:
    """Remove the run's journal: renamed first, so that one that is there is whole."""
    folder = run_folder / FOLDER
    going = folder.with_name(f".{FOLDER}.old")
    shutil.rmtree(going, ignore_errors=True)
    if folder.is_dir():
        folder.rename(going)
        shutil.rmtree(going)
