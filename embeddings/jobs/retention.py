"""Which artifacts are kept: the published one, the one to go back to, and the newest few.

The snapshot that an artifact was made from goes with it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from embeddings.data.snapshot_archive import forget, kept_bytes
from kg_platform.browse.entities import embedding_runs
from kg_platform.errors import BadInput
from kg_platform.platform import Platform

LEFTOVER = re.compile(r"^\.\d{8}-\d{6}-[0-9a-f]+\.([0-9a-f]{8}|old)$")  # of a killed job or prune


@dataclass(frozen=True)
class Stored:
    """An artifact on this machine, and the snapshot of its run if that is kept: `bytes` are both.
    `why` it is kept; None: it may go."""

    run: str
    folder: str
    run_folder: str
    bytes: int
    why: str | None


def stored(platform: Platform, keep: int) -> list[Stored]:
    """Every artifact of this platform, the newest first, and why it is kept.

    Kept are the published one, one whose publish stands half-way, the one that `kg rollback` goes
    back to, and the `keep` newest; what a killed job left of an artifact is not. Folders that are
    no runs of this ledger are left alone.

    Raises:
        BadInput: the published run's artifact is not here: another database's may be.
    """
    folder = platform.settings.artifacts_dir
    there = sorted((each for each in folder.glob("*") if each.is_dir()), reverse=True)
    known = dict.fromkeys(platform.ledger.run_ids("embed"))
    names = {each.name for each in there}
    whole = [run for run in known if run in names]
    runs = embedding_runs(platform.graph)
    current = next((str(run["id"]) for run in runs if run.get("current")), "")
    if not current:
        raise BadInput(
            "No run is published in this database, so which artifacts are still needed cannot be "
            "told; publish one with `kg publish` first."
        )
    if current not in whole:
        raise BadInput(
            f"The published run {current} has no artifact in {folder}, so which ones are still "
            "needed cannot be told; use the KG_HOME and the database that belong together."
        )
    before = run_before(platform, current)
    half_way = {str(run["id"]) for run in runs if run.get("publishing")}

    def why(name: str) -> str | None:
        if name not in known and not LEFTOVER.match(name):
            return "the ledger knows no such run"
        if name == current:
            return "it is published"
        if name in half_way:
            return "its publish stands half-way"
        if name == before:
            return "kg rollback goes back to it"
        return f"one of the {keep} newest" if name in whole[:keep] else None

    def one(each: Path) -> Stored:
        run = platform.settings.runs_dir / each.name
        size = _bytes(each) + kept_bytes(run)
        return Stored(each.name, str(each), str(run), size, why(each.name))

    return [one(each) for each in there]


def run_before(platform: Platform, current: str) -> str | None:
    """What `kg rollback` goes back to: the latest run before `current` that was published once and
    has its artifact here. Going back twice goes back two runs."""
    order = platform.ledger.run_ids("embed")
    earlier = order[order.index(current) + 1 :] if current in order else []
    live, folder = once_live(platform), platform.settings.artifacts_dir
    return next((r for r in earlier if r in live and (folder / r).is_dir()), None)


def once_live(platform: Platform) -> set[str]:
    """The runs that were published once, whether they are current or not."""
    return {str(r["id"]) for r in embedding_runs(platform.graph) if r.get("published_at")}


def delete(artifacts: Iterable[Stored]) -> None:
    """Remove their folders, and the snapshots first: none stays without its artifact. Each folder
    is renamed before: one that is there is whole."""
    for each in artifacts:
        forget(Path(each.run_folder))
        folder = Path(each.folder)
        going = folder if folder.name.startswith(".") else folder.with_name(f".{folder.name}.old")
        if going != folder:
            shutil.rmtree(going, ignore_errors=True)  # left by a prune that was killed
            folder.rename(going)
        shutil.rmtree(going)


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
