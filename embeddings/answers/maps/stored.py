"""Maps on disk: a folder a kind of vectors, in the artifact of the run, whole or not there.

::

    artifacts/RUN/maps/VECTORS/
        manifest.json   method, frame, what codes mean, the map it was laid over
        points.npy      (n, 2) float32
        rows.npy        (n,) int32, the row of each point in the artifact
        cluster.npy, type.npy, source.npy    (n,) int16, -1 for none
        drift.npy, error.npy                 (n,) float16, NaN for none; may not be there

They go with the artifact: `kg runs prune` removes both.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from kg_platform import atomic
from kg_platform.errors import ArtifactError, NotFound

FORMAT = 1
FOLDER = "maps"
MANIFEST = "manifest.json"
CODES = ("cluster", "type", "source")  # what a point is, by number
MEASURES = ("drift", "error")
TRIES, PAUSE = 4, 0.05  # seconds: a map is put in another's place in a moment


@dataclass(frozen=True)
class Frame:
    """The square of the plane that is shown: its middle and half its side. Maps that were laid over
    each other share it where they fit."""

    x: float
    y: float
    half: float

    def holds(self, points: NDArray[np.float32]) -> bool:
        middle = np.array([self.x, self.y], np.float32)
        return bool((np.abs(points - middle) <= self.half * 1.0001).all())


def frame_of(points: NDArray[np.float32]) -> Frame:
    """A square around the points, with a little air."""
    low, high = points.min(0), points.max(0)
    middle = (low + high) / 2
    return Frame(float(middle[0]), float(middle[1]), float((high - low).max()) / 2 * 1.04 or 1.0)


@dataclass(frozen=True)
class StoredMap:
    """One map, in memory: n points. `codes` and `measures` are by the names above; `names` what the
    codes mean, by the same names."""

    run: str
    vectors: str
    points: NDArray[np.float32]
    rows: NDArray[np.int32]
    codes: Mapping[str, NDArray[np.int16]]
    measures: Mapping[str, NDArray[np.float16]]
    names: Mapping[str, list[str]]
    frame: Frame
    about: Mapping[str, Any]

    @property
    def method(self) -> str:
        return str(self.about["method"])

    @property
    def count(self) -> int:
        return len(self.points)


def save(artifact: Path, made: StoredMap) -> Path:
    """Keep a map in the artifact's folder, in place of an earlier one of the same vectors.

    Raises:
        ArtifactError: there is no room.
    """
    place = artifact / FOLDER / made.vectors
    about = {
        **made.about,
        "format": FORMAT,
        "run": made.run,
        "frame": [made.frame.x, made.frame.y, made.frame.half],
        "names": dict(made.names),
        "points": made.count,
        "stamp": uuid4().hex,  # by which a reader knows that it read one map
    }
    try:
        with atomic.folder(place) as folder:
            np.save(folder / "points.npy", made.points.astype(np.float32))
            np.save(folder / "rows.npy", made.rows.astype(np.int32))
            for name, values in {**made.codes, **made.measures}.items():
                np.save(folder / f"{name}.npy", values)
            text = json.dumps(about, ensure_ascii=False, indent=1)
            (folder / MANIFEST).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ArtifactError(
            f"The map cannot be written to {place}: {error.strerror or error}; make room or set "
            "KG_HOME to another disk."
        ) from error
    return place


def kept_maps(artifacts: Path) -> dict[str, list[str]]:
    """Run -> the vectors that there are maps of, the newest run first."""
    found: dict[str, list[str]] = {}
    for file in sorted(artifacts.glob(f"*/{FOLDER}/*/{MANIFEST}"), reverse=True):
        run, vectors = file.parents[2].name, file.parent.name
        if not run.startswith(".") and not vectors.startswith("."):
            found.setdefault(run, []).insert(0, vectors)
    return found


def colours(artifacts: Path, run: str, vectors: str) -> list[str]:
    """What a map can be coloured by, as its manifest and the names of its files tell: a map of
    millions is not read for it. Of one that is damaged, nothing; opening it says so."""
    folder = artifacts / run / FOLDER / vectors
    try:
        names = json.loads((folder / MANIFEST).read_text("utf-8"))["names"]
        found = [kind for kind in CODES if names[kind]]
    except (OSError, ValueError, KeyError, TypeError):
        found = []
    return found + [name for name in MEASURES if (folder / f"{name}.npy").is_file()]


def open_map(artifacts: Path, run: str, vectors: str) -> StoredMap:
    """The map of a run's vectors.

    Raises:
        NotFound: there is none. ArtifactError: it is damaged, or of a newer version.
    """
    folder = artifacts / run / FOLDER / vectors
    if "/" in run or "/" in vectors or not (folder / MANIFEST).is_file():
        raise NotFound(f"Run {run} has no map of {vectors!r} here; `kg map {run}` makes its maps.")
    for _ in range(TRIES):
        before = _manifest(folder)
        made = _read(folder, run, vectors, before)
        if before is not None and _manifest(folder) == before:
            break
        time.sleep(PAUSE)  # `kg map --again` put another in its place meanwhile
    else:
        made = None
    if made is None:
        raise ArtifactError(
            f"The map of {vectors!r} of run {run} is damaged; `kg map {run} --again` makes it anew."
        )
    return made


def _manifest(folder: Path) -> bytes | None:
    try:
        return (folder / MANIFEST).read_bytes()
    except OSError:
        return None


def _read(folder: Path, run: str, vectors: str, manifest: bytes | None) -> StoredMap | None:
    """The map that a manifest is of; None: it is damaged.

    Raises:
        ArtifactError: it is of a newer version.
    """

    def column(name: str) -> NDArray[Any]:
        return np.asarray(np.load(folder / f"{name}.npy", allow_pickle=False))

    try:
        about = json.loads(manifest or b"")
        if about["format"] > FORMAT:
            raise ArtifactError(
                f"The map of run {run} is of a newer kg-platform; upgrade to see it."
            )
        there = {name for name in MEASURES if (folder / f"{name}.npy").is_file()}
        made = StoredMap(
            run,
            vectors,
            column("points"),
            column("rows"),
            {name: column(name) for name in CODES},
            {name: column(name) for name in MEASURES if name in there},
            about["names"],
            Frame(*about["frame"]),
            about,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    lengths = {len(made.rows)}
    lengths |= {len(each) for each in made.codes.values()}
    lengths |= {len(each) for each in made.measures.values()}
    return made if lengths == {made.count} else None
