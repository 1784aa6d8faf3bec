"""What killed jobs left on disk and no later job can use: it goes when the next job ends.

A run that ended without success may be taken up as long as no later one succeeded; its snapshot and
checkpoints stay until then. Logs and TensorBoard's files stay always.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from embeddings.data import snapshot_archive
from embeddings.jobs.unfinished import unfinished
from kg_platform import atomic
from kg_platform.errors import NotFound
from kg_platform.platform import Platform

_log = logging.getLogger(__name__)

# Within the folder of runs: never of use to anybody but the process that wrote it.
HALVES = ("*/.snapshot.part", "*/training/**/.checkpoint.*")
# Of use to a run that is taken up.
WHOLE = ("*/snapshot", "*/training/**/checkpoint.safetensors")


def sweep(platform: Platform) -> None:
    """Remove them. For whoever holds the lock of embedding jobs."""
    runs = platform.settings.runs_dir
    may_go_on = {row.id for row in unfinished(platform.ledger)}
    for patterns, of_use in ((HALVES, set[str]()), (WHOLE, may_go_on)):
        for path in (found for each in patterns for found in runs.glob(each)):
            name = path.relative_to(runs).parts[0]
            if name not in of_use and _has_ended(platform, name):
                _remove(path)
    atomic.clear(runs, f"*/{snapshot_archive.FILE}")
    for folder in platform.settings.features_dir.glob("*"):
        atomic.clear(folder)


def _has_ended(platform: Platform, run: str) -> bool:
    try:
        return platform.ledger.run(run).status != "running"
    except NotFound:
        return False  # another ledger's


def _remove(path: Path) -> None:
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:  # the job is done; what is left is tried again after the next one
        _log.warning("%s could not be removed: %s", path, error.strerror or error)
