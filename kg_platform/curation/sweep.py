"""What nothing refers to any more, and taking it away.

Nothing that is referred to is touched: each deletion asks again, in its own transaction. Media
that an ingest puts down right now are not referred to yet; so what is younger than `GRACE` stays.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kg_platform.browse.entities import embedding_runs
from kg_platform.browse.status import count
from kg_platform.cypher import status as cypher
from kg_platform.cypher import sweeping, vectors
from kg_platform.cypher.statement import Statement
from kg_platform.errors import Unavailable
from kg_platform.platform import Platform

GRACE = 3600.0  # seconds
RUN = re.compile(r"\d{8}-\d{6}-[0-9a-f]+")
# Of a run, a snapshot or an artifact that was being written, or of a content scan.
LEFTOVER = re.compile(
    r"\.?\d{8}-\d{6}-[0-9a-f]+\.(part|old|[0-9a-f]{8})|\.?scan-[0-9a-f]{8}(\.part)?"
)
MEDIA_AT_ONCE = 500  # nodes a transaction; their files are looked at right before it


@dataclass(frozen=True)
class Orphans:
    """What nothing refers to: media nodes, media files (and their bytes), those included that a
    killed process left half written, vectors staged by a publish that is not half-way, vectors of
    runs that the graph does not know, runs that were never published, tombstones of entities that
    are there again, what sources said of entities that somebody has deleted; folders of runs and
    artifacts that neither ledger nor graph knows."""

    media_nodes: int = 0
    media_files: int = 0
    media_bytes: int = 0
    staged: int = 0
    of_no_run: int = 0
    bare_runs: int = 0
    tombstones: int = 0
    records: int = 0
    folders: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """By what it is, as people read it."""
        return {
            "media nodes": self.media_nodes,
            "media files": self.media_files,
            "vectors put aside": self.staged,
            "vectors of no run": self.of_no_run,
            "runs never published": self.bare_runs,
            "tombstones of entities that are back": self.tombstones,
            "what sources said of entities that are gone": self.records,
            "folders of unknown runs": len(self.folders),
        }

    @property
    def any(self) -> bool:
        return any(self.counts().values())


def find(platform: Platform, grace: float = GRACE) -> Orphans:
    """Look everywhere; nothing is removed. `grace` in seconds."""
    graph = platform.graph
    half_way = bool(graph.read(Statement(cypher.HALF_WAY)))
    loose = [size for _, size in _loose_files(platform)]
    loose += [size for _, size in platform.media.leftovers(time.time() - grace)]
    return Orphans(
        media_nodes=count(graph, cypher.LONE_MEDIA),
        media_files=len(loose),
        media_bytes=sum(loose),
        staged=0 if half_way else count(graph, cypher.STAGED_VECTORS),
        of_no_run=0 if half_way else count(graph, cypher.OF_NO_RUN),
        bare_runs=0 if half_way else count(graph, cypher.BARE_RUNS),
        tombstones=count(graph, cypher.BACK_AGAIN),
        records=count(graph, cypher.LONE_RECORDS),
        folders=[str(folder) for folder in _folders(platform, grace)],
    )


def sweep(platform: Platform, grace: float = GRACE) -> Orphans:
    """Remove what nothing refers to and is older than `grace` seconds; what was removed.

    For whoever holds the lock of embedding jobs.

    Raises:
        Unavailable: a store or folder cannot be read or written; what was removed until then stays
            removed.
    """
    graph, before = platform.graph, time.time() - grace
    nodes = _sweep_nodes(platform, before)
    files, freed = platform.media.clear_leftovers(before)
    for digest, size in _loose_files(platform):
        if platform.media.discard(digest, before):
            files, freed = files + 1, freed + size
    staged = of_no_run = bare = 0
    if not graph.read(Statement(cypher.HALF_WAY)):
        staged, of_no_run = count(graph, cypher.STAGED_VECTORS), count(graph, cypher.OF_NO_RUN)
        for name in vectors.STAGED.values():  # indexes first, so that they need not follow
            graph.run_schema(vectors.drop_index(name))
        graph.run_schema(sweeping.DROP_ASIDE)
        graph.run_schema(sweeping.DROP_OF_NO_RUN)
        staged -= count(graph, cypher.STAGED_VECTORS)
        of_no_run -= count(graph, cypher.OF_NO_RUN)
        bare = graph.write(Statement(sweeping.DROP_BARE_RUNS)).nodes_deleted
    folders = _folders(platform, grace)
    for folder in folders:
        _remove(folder)
    return Orphans(
        media_nodes=nodes,
        media_files=files,
        media_bytes=freed,
        staged=staged,
        of_no_run=of_no_run,
        bare_runs=bare,
        tombstones=graph.write(Statement(sweeping.DROP_TOMBSTONES)).nodes_deleted,
        records=graph.write(Statement(sweeping.DROP_LONE_RECORDS)).nodes_deleted,
        folders=[str(folder) for folder in folders],
    )


def _sweep_nodes(platform: Platform, before: float) -> int:
    """Media nodes nobody refers to, whose bytes nobody has asked for since `before`."""
    gone, graph = 0, platform.graph
    alone = [str(row["id"]) for row in graph.stream(Statement(sweeping.LONE_MEDIA_IDS))]
    for start in range(0, len(alone), MEDIA_AT_ONCE):
        part = alone[start : start + MEDIA_AT_ONCE]
        old = [digest for digest in part if platform.media.is_older(digest, before)]
        if old:
            gone += graph.write(Statement(sweeping.DROP_MEDIA, {"ids": old})).nodes_deleted
    return gone


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass  # whoever it belonged to was quicker
    except OSError as error:
        raise Unavailable(
            f"{folder} cannot be removed ({error.strerror}); remove it yourself, then run "
            "`kg sweep` again."
        ) from error


def _loose_files(platform: Platform) -> Iterator[tuple[str, int]]:
    """(SHA-256, bytes) of media in the store that the graph does not know."""
    known = {row["id"] for row in platform.graph.stream(Statement(sweeping.MEDIA_IDS))}
    for kept in platform.media.kept():
        if kept.digest not in known:
            yield kept.digest, kept.size


def _folders(platform: Platform, grace: float) -> list[Path]:
    """Folders of runs and artifacts that neither the ledger nor the graph knows, and leftovers."""
    known = set(platform.ledger.run_ids())
    known |= {str(run["id"]) for run in embedding_runs(platform.graph)}
    settings, found = platform.settings, []
    for place in (settings.runs_dir, settings.artifacts_dir):
        for folder in sorted(place.glob("*")) + sorted(place.glob(".*")):
            name = folder.name
            ours = (RUN.fullmatch(name) and name not in known) or LEFTOVER.fullmatch(name)
            if ours and folder.is_dir() and folder.stat().st_mtime < time.time() - grace:
                found.append(folder)
    return found
