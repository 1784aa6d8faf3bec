"""Which artifacts are kept: the published one, the one to go back to, and the newest few."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kg_platform.browse import embedding_runs
from kg_platform.platform import Platform


@dataclass(frozen=True)
class Stored:
    """An artifact on this machine. `why` it is kept; None: it may go."""

    run: str
    folder: str
    bytes: int
    why: str | None


def stored(platform: Platform, keep: int) -> list[Stored]:
    """Every artifact of this platform, the newest first, and why it is kept.

    Kept are the published one, one whose publish stands half-way, the one that `kg rollback` goes
    back to, and the `keep` newest. What a killed job left of an artifact is not.
    """
    folder = platform.settings.artifacts_dir
    there = sorted((each for each in folder.glob("*") if each.is_dir()), reverse=True)
    whole = [each.name for each in there if not each.name.startswith(".")]
    runs = embedding_runs(platform.graph)
    current = next((str(run["id"]) for run in runs if run.get("current")), "")
    published = {str(run["id"]) for run in runs if run.get("published_at")}
    before = next((name for name in whole if name < current and name in published), "")
    half_way = {str(run["id"]) for run in runs if run.get("publishing")}

    def why(name: str) -> str | None:
        if name == current:
            return "it is published"
        if name in half_way:
            return "its publish stands half-way"
        if name == before:
            return "kg rollback goes back to it"
        return f"one of the {keep} newest" if name in whole[:keep] else None

    return [Stored(each.name, str(each), _bytes(each), why(each.name)) for each in there]


def delete(artifacts: Iterable[Stored]) -> None:
    """Remove their folders. Each is renamed first: a folder that is there is whole."""
    for each in artifacts:
        folder = Path(each.folder)
        going = folder if folder.name.startswith(".") else folder.with_name(f".{folder.name}.old")
        folder.rename(going)
        shutil.rmtree(going)


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
