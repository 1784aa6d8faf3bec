"""What the page of maps reads, kept for a moment: maps as they are now, ids, colours."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from embeddings.answers.maps import shown, since, stored
from embeddings.answers.maps.shown import Colouring
from embeddings.answers.maps.stored import StoredMap
from kg_platform.browse.columns import EntityColumns
from kg_platform.browse.entities import current_run
from ui import resources
from ui.components.vector_map import Name
from ui.language import say

Column = NDArray[np.uint8] | NDArray[np.uint16]

FOUND = 200  # entities that a search lights up


def artifacts() -> Path:
    return resources.settings().artifacts_dir


@st.cache_data(ttl=resources.FRESH, show_spinner=False)
def kept_maps() -> dict[str, list[str]]:
    return stored.kept_maps(artifacts())


@st.cache_data(ttl=resources.FRESH, show_spinner=False)
def live() -> str | None:
    run = current_run(resources.graph())
    return None if run is None else str(run["id"])


class MapReading:
    """A map as it is now, with what is asked of it again and again, each once.

    `known` is how many entities its run has; points of higher rows came later, and are behind the
    others. `gone` were on it, `waiting` are not on it yet. `base` is the name of the points of the
    run, `name` of all: the browser keeps what it has by names, so another name means other points.
    """

    def __init__(
        self,
        found: StoredMap,
        ids: Sequence[str],
        known: int,
        gone: int = 0,
        waiting: int = 0,
        came: str = "",
    ) -> None:
        self.map, self.ids, self.known, self.gone, self.waiting = found, ids, known, gone, waiting
        self.trained = int((found.rows < known).sum())
        self.base = f"{found.run}/{found.vectors}" + (f"-{gone}" if gone else "")
        self.name = f"{self.base}@{came}" if came else self.base

    @property
    def arrived(self) -> int:
        return self.map.count - self.trained

    def column(self, kind: str) -> str:
        return f"{self.name}/{kind}"

    def parts(self, kind: str, values: Column) -> dict[str, Column]:
        """A column as it is sent: what the run had by a name that stays, who came by another."""
        if not self.arrived:
            return {self.column(kind): values}
        return {
            f"{self.base}/{kind}": values[: self.trained],
            f"{self.column(kind)}+": values[self.trained :],
        }

    @cached_property
    def coordinates(self) -> NDArray[np.uint16]:
        return shown.coordinates(self.map.points, self.map.frame)

    @cached_property
    def point_of(self) -> dict[str, int]:
        """Id -> its point."""
        return {self.ids[row]: point for point, row in enumerate(self.map.rows.tolist())}

    @cached_property
    def cluster_names(self) -> list[dict[str, Any]]:
        """Names and where they stand, in shares of the frame, the largest cluster first."""
        sizes = np.bincount(self.map.codes["cluster"] + 1)[1:]
        named = []
        for number in np.argsort(-sizes).tolist():
            if sizes[number] and self.map.names["cluster"][number]:
                x, y = shown.places(self.map, number)
                named.append({"label": self.map.names["cluster"][number], "x": x, "y": y})
        return named


def reading(run: str, vectors: str) -> MapReading:
    """The map of a run's vectors; one that was made anew is read anew. That of the live run is
    without who went since, and with who came.

    Raises: NotFound, ArtifactError.
    """
    made = _made(run, vectors)
    if run != live():
        return _reading(run, vectors, made)
    return _of_now(run, vectors, made, _stand(run), _places(run, vectors, made).looked_at)


def _made(run: str, vectors: str) -> int:
    file = artifacts() / run / stored.FOLDER / vectors / stored.MANIFEST
    return file.stat().st_mtime_ns if file.is_file() else 0


@st.cache_resource(max_entries=8, show_spinner=False)
def _reading(run: str, vectors: str, made: int) -> MapReading:
    found, names = stored.open_map(artifacts(), run, vectors), ids(run)
    return MapReading(found, names, len(names))


# While some wait to be placed `looked_at` grows with each look, so that the next one is another.
@st.cache_resource(max_entries=8, show_spinner=False)
def _of_now(run: str, vectors: str, made: int, stand: since.Stand, looked_at: int) -> MapReading:
    as_made, names = _reading(run, vectors, made), ids(run)
    fitted = _fitted(run, stand)
    came, waiting = _places(run, vectors, made).now(resources.graph(), fitted)
    later = len(fitted.keys() - set(names)) if fitted else 0
    went = _gone(run, stand.there - later) if stand.there - later < len(names) else None
    if not came and went is None and not waiting:
        return as_made
    found = since.as_of_now(as_made.map, went, came, len(names))
    told = [(one.id, one.point) for one in came]
    return MapReading(
        found,
        [*names, *(one.id for one in came)],
        len(names),
        as_made.map.count + len(came) - found.count,
        waiting,
        hashlib.sha256(json.dumps(told).encode()).hexdigest()[:8] if came else "",
    )


@st.cache_data(ttl=resources.COUNTS, show_spinner=False)
def _stand(run: str) -> since.Stand:
    return since.stand(resources.graph(), run)


@st.cache_resource(max_entries=2, show_spinner=False)
def _fitted(run: str, stand: since.Stand) -> dict[str, str]:
    return since.fitted(resources.graph(), run)


@st.cache_resource(max_entries=2, show_spinner=False)
def _gone(run: str, trained_there: int) -> NDArray[np.bool_]:
    return since.gone(resources.graph(), run, ids(run))


@st.cache_resource(max_entries=8, show_spinner=False)
def _places(run: str, vectors: str, made: int) -> since.ArrivalPlaces:
    from embeddings.data.artifact import open_artifact

    found = _reading(run, vectors, made)
    artifact = open_artifact(artifacts() / run, verify=False)
    return since.ArrivalPlaces(found.map, artifact, found.point_of)


@st.cache_resource(max_entries=3, show_spinner=False)
def ids(run: str) -> list[str]:
    """The ids of a run's entities, by the rows of its artifact."""
    from embeddings.data.artifact import open_artifact

    return open_artifact(artifacts() / run, verify=False).entity_ids()


@st.cache_data(ttl=resources.FRESH, show_spinner=False)
def colours(vectors: str) -> list[str]:
    """What the maps of these vectors can be coloured by, in any run."""
    found = {
        colour
        for run, kinds in kept_maps().items()
        if vectors in kinds
        for colour in stored.colours(artifacts(), run, vectors)
    }
    named = [kind for kind in ("type", "cluster", "source") if kind in found]
    measured = [kind for kind in stored.MEASURES if kind in found]
    return [*(named or ["type"]), *measured, "provisional"]


def colouring(on: MapReading, kind: str, lang: str) -> Colouring:
    """What the points are coloured by; `lang`, as legends are words."""
    return _colouring(on, on.name, _made(on.map.run, on.map.vectors), kind, lang)


@st.cache_resource(max_entries=16, ttl=resources.COUNTS, show_spinner=False)
def _colouring(_on: MapReading, name: str, made: int, kind: str, lang: str) -> Colouring:
    found = _on.map
    none = say("Not known")
    if kind in found.measures:
        return shown.by_measure(found.measures[kind], none)
    if kind in stored.MEASURES:
        nothing = np.full(found.count, np.nan, np.float16)
        return shown.by_measure(nothing, none)
    if kind == "provisional":
        changed, later = (_points(_on.point_of, some) for some in (stale(), provisional()))
        later = np.append(later, np.arange(_on.trained, found.count))
        codes = shown.by_state(found.count, changed, later)
        names = [say("As trained"), say("Changed since"), say("Fitted later")]
        return shown.by_code(codes, names, "", none)
    names = found.names[kind]
    if kind == "cluster":
        names = [name or say("Cluster {number}", number=i + 1) for i, name in enumerate(names)]
        none = say("In no cluster")
    return shown.by_code(found.codes[kind], names, say("Others"), none)


@st.cache_data(ttl=resources.COUNTS, show_spinner=False)
def stale() -> set[str]:
    return EntityColumns(resources.graph()).stale()


@st.cache_data(ttl=resources.COUNTS, show_spinner=False)
def provisional() -> set[str]:
    return EntityColumns(resources.graph()).provisional()


def _points(place: dict[str, int], entities: set[str]) -> NDArray[np.int64]:
    return np.array([place[each] for each in entities if each in place], np.int64)


def elsewhere(on: MapReading, other: str) -> NDArray[np.uint16]:
    """Where another run's map has the points of this one."""
    there = reading(other, on.map.vectors)
    made = _made(on.map.run, on.map.vectors), _made(other, on.map.vectors)
    return _elsewhere(on, there, on.name, there.name, made)


@st.cache_resource(max_entries=6, show_spinner=False)
def _elsewhere(
    _on: MapReading, _there: MapReading, name: str, other: str, made: tuple[int, int]
) -> NDArray[np.uint16]:
    return shown.elsewhere(_on.map, _on.ids, _there.map, _there.point_of)


def lit(on: MapReading, words: str) -> tuple[list[int], int]:
    """The points that a search finds, and how many entities it found."""
    found = resources.find(words, None, FOUND)
    return [on.point_of[row.id] for row in found if row.id in on.point_of], len(found)


def named(on: MapReading, points: Sequence[int], pictures: bool) -> dict[int, Name]:
    """What points are called, and with `pictures` how they look; one whose entity is gone is its
    id."""
    asked = {p: on.ids[on.map.rows[p]] for p in points[:200] if 0 <= p < on.map.count}
    rows = resources.rows(tuple(asked.values()))
    said: dict[int, Name] = {}
    for point, id in asked.items():
        row = rows.get(id)
        if row is None:
            said[point] = (id[:200], "", "", "" if pictures else None)
            continue
        picture = resources.thumbnail(row.picture, resources.SMALL) if pictures else None
        said[point] = (
            row.label[:200],
            row.type or "",
            row.id,
            picture or ("" if pictures else None),
        )
    return said
