"""What the page of maps reads, kept for a moment: maps, ids, colours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from embeddings.answers.maps import shown, stored
from embeddings.answers.maps.shown import Colouring
from embeddings.answers.maps.stored import StoredMap
from kg_platform.browse.columns import EntityColumns
from kg_platform.browse.entities import current_run
from ui import resources
from ui.components.vector_map import Name
from ui.language import say

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
    """A map with what is asked of it again and again, each once."""

    def __init__(self, found: StoredMap) -> None:
        self.map = found

    @cached_property
    def coordinates(self) -> NDArray[np.uint16]:
        return shown.coordinates(self.map.points, self.map.frame)

    @property
    def ids(self) -> list[str]:
        """The ids of the run's entities, by the rows of its artifact."""
        return ids(self.map.run)

    @cached_property
    def point_of(self) -> dict[str, int]:
        """Id -> its point."""
        names = self.ids
        return {names[row]: point for point, row in enumerate(self.map.rows.tolist())}

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
    """The map of a run's vectors; one that was made anew is read anew.

    Raises: NotFound, ArtifactError.
    """
    return _reading(run, vectors, _made(run, vectors))


def _made(run: str, vectors: str) -> int:
    file = artifacts() / run / stored.FOLDER / vectors / stored.MANIFEST
    return file.stat().st_mtime_ns if file.is_file() else 0


@st.cache_resource(max_entries=8, show_spinner=False)
def _reading(run: str, vectors: str, made: int) -> MapReading:
    return MapReading(stored.open_map(artifacts(), run, vectors))


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


def colouring(run: str, vectors: str, kind: str, lang: str) -> Colouring:
    """What the points are coloured by; `lang`, as legends are words."""
    return _colouring(run, vectors, kind, lang, _made(run, vectors))


@st.cache_resource(max_entries=16, ttl=resources.COUNTS, show_spinner=False)
def _colouring(run: str, vectors: str, kind: str, lang: str, made: int) -> Colouring:
    found = reading(run, vectors).map
    none = say("Not known")
    if kind in found.measures:
        return shown.by_measure(found.measures[kind], none)
    if kind in stored.MEASURES:
        nothing = np.full(found.count, np.nan, np.float16)
        return shown.by_measure(nothing, none)
    if kind == "provisional":
        place = reading(run, vectors).point_of
        states = [_points(place, some) for some in (stale(), provisional())]
        codes = shown.by_state(found.count, *states)
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


def elsewhere(run: str, other: str, vectors: str) -> NDArray[np.uint16]:
    """Where another run's map has the points of this run's."""
    return _elsewhere(run, other, vectors, _made(run, vectors), _made(other, vectors))


@st.cache_resource(max_entries=6, show_spinner=False)
def _elsewhere(
    run: str, other: str, vectors: str, made: int, other_made: int
) -> NDArray[np.uint16]:
    here, there = reading(run, vectors), reading(other, vectors)
    return shown.elsewhere(here.map, here.ids, there.map, there.point_of)


@st.cache_data(ttl=resources.FRESH, max_entries=50, show_spinner=False)
def lit(run: str, vectors: str, text: str) -> tuple[list[int], int]:
    """The points that a search finds, and how many entities it found."""
    found = resources.find(text, None, FOUND)
    place = reading(run, vectors).point_of
    return [place[row.id] for row in found if row.id in place], len(found)


def named(run: str, vectors: str, points: Sequence[int], pictures: bool) -> dict[int, Name]:
    """What points are called, and with `pictures` how they look; one whose entity is gone is its
    id."""
    found, names = reading(run, vectors).map, ids(run)
    asked = {p: names[found.rows[p]] for p in points[:200] if 0 <= p < found.count}
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
